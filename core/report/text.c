// SPDX-License-Identifier: Apache-2.0
//
// The plain text report: what any terminal, pager and grep can read.
#include <config.h>

#include "core/report/formats.h"
#include "core/report/header.h"
#include "core/report/tables.h"

/* A page for reading, not a screen: wide, and not without end. */
#define WIDTH 120
#define ROWS 50
/* Calls with less of the time, percent, are left out. */
#define LEAST_CALLS 0.5

static struct pyprof_error *put_tables(const struct pyprof_report_view *view,
				       struct pyprof_buf *out)
{
	static const struct {
		enum pyprof_report_kind kind;
		const char *title;
	} tables[] = {
		{PYPROF_REPORT_LINES, "Lines"},
		{PYPROF_REPORT_FUNCTIONS, "Functions"},
		{PYPROF_REPORT_TREE, "Calls"},
		{PYPROF_REPORT_FILES, "Files"},
		{PYPROF_REPORT_THREADS, "Threads"},
	};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct pyprof_report_view of = *view;
		if (tables[i].kind == PYPROF_REPORT_TREE)
			of.min_percent = LEAST_CALLS;
		pyprof_buf_putc(out, '\n');
		pyprof_report_prose(out, 0, tables[i].title);
		struct pyprof_error *err = pyprof_report_put_table(
			&of, tables[i].kind, WIDTH, out);
		if (err)
			return err;
	}
	return pyprof_buf_error(out);
}

static struct pyprof_error *
write_text(const struct pyprof_profile *profile,
	   const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &options->filter, PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	struct pyprof_report_view view = {
		.profile = profile,
		.summary = summary,
		.filter = options->filter,
		.limit = ROWS,
		.source = options->source,
	};
	pyprof_report_prose(out, WIDTH,
			    "pyprof " PACKAGE_VERSION ": profile of a Python "
			    "program");
	pyprof_report_header(profile, summary, &options->filter, WIDTH, out);
	return put_tables(&view, out);
}

const struct pyprof_report_format pyprof_report_text = {
	.name = "txt",
	.extension = ".txt",
	.summary = "plain text: lines, functions, calls, files and threads",
	.write = write_text,
};
