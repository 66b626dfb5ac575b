// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The tables of a profile that `pyprof report` and `pyprof annotate` print,
 * and that reports are written from.
 */
#ifndef PYPROF_REPORT_TABLES_H
#define PYPROF_REPORT_TABLES_H

#include "core/base/table.h"
#include "core/profile/summary.h"
#include "core/report/source.h"

enum pyprof_report_kind {
	PYPROF_REPORT_LINES,
	PYPROF_REPORT_FUNCTIONS,
	PYPROF_REPORT_TREE,
	PYPROF_REPORT_THREADS,
	PYPROF_REPORT_FILES,
	PYPROF_REPORT_KINDS
};

/** "lines", "functions", …; ends at a NULL. */
extern const char *const pyprof_report_kind_names[];

/** What is looked at, and how. All pointers are borrowed. */
struct pyprof_report_view {
	const struct pyprof_profile *profile;
	/** Made of `profile` with `filter`. */
	const struct pyprof_summary *summary;
	struct pyprof_filter filter;
	/** At most so many rows; 0 for all. */
	size_t limit;
	/** How the rows of `summary` are sorted. */
	enum pyprof_sort sort;
	/** Rows with less of the time, percent, are left out: of the time that
	 * they are sorted by; calls of the tree, of their total time. */
	double min_percent;
	/** Names of columns with commas between, in the order wanted: what JSON
	 * calls them; NULL for those that fit. */
	const char *fields;
	/** Where source text comes from; NULL for none. */
	struct pyprof_source *source;
	/** Text underlines the parts of lines that the time went to. */
	bool columns;
};

/** One table. */
struct pyprof_error *pyprof_report_table(const struct pyprof_report_view *view,
					 enum pyprof_report_kind kind,
					 struct pyprof_table **ret)
	PYPROF_MUST_CHECK;

/** One table as text, and how many rows were left out of it. */
struct pyprof_error *
pyprof_report_put_table(const struct pyprof_report_view *view,
			enum pyprof_report_kind kind, unsigned width,
			struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** The header, then one table. `width` as for tables. */
struct pyprof_error *
pyprof_report_write_text(const struct pyprof_report_view *view,
			 enum pyprof_report_kind kind, unsigned width,
			 struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** The same facts as one JSON object, schema "pyprof/report/1". */
struct pyprof_error *
pyprof_report_write_json(const struct pyprof_report_view *view,
			 enum pyprof_report_kind kind, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/**
 * A file's source, with the time of each line beside it.
 *
 * @param file Its path, or the end of it behind a "/". NOT_FOUND when no
 * sample is in such a file, USAGE when there are several.
 * @param function Show functions of this name or qualified name alone; NULL
 * for the whole file.
 */
struct pyprof_error *
pyprof_report_annotate_text(const struct pyprof_report_view *view,
			    const char *file, const char *function,
			    unsigned width, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;
/** The same as one JSON object, schema "pyprof/annotate/1". */
struct pyprof_error *
pyprof_report_annotate_json(const struct pyprof_report_view *view,
			    const char *file, const char *function,
			    struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_TABLES_H */
