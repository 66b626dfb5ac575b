// SPDX-License-Identifier: Apache-2.0
#include "core/report/tables.h"

#include <string.h>

#include "core/report/cells.h"
#include "core/report/header.h"
#include "core/report/span_rows.h"

const char *const pyprof_report_kind_names[] = {"lines",   "functions", "tree",
						"threads", "files",	NULL};

void pyprof_cells_times(struct pyprof_table *table,
			const struct pyprof_summary *summary,
			const struct pyprof_times *times)
{
	pyprof_table_part(table, times->self_ns, summary->ns);
	pyprof_table_part(table, times->total_ns, summary->ns);
	pyprof_table_uint(table, times->self_ns);
	pyprof_table_uint(table, times->total_ns);
	pyprof_table_uint(table, times->self_samples);
	pyprof_table_uint(table, times->total_samples);
}

void pyprof_cells_groups(struct pyprof_table *table,
			 const struct pyprof_times *times)
{
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		pyprof_table_part(table, times->self_group_ns[i],
				  times->self_ns);
}

void pyprof_cell_string(struct pyprof_table *table,
			const struct pyprof_report_view *view, uint32_t string)
{
	pyprof_table_bytes(table, pyprof_profile_string(view->profile, string),
			   pyprof_profile_string_length(view->profile, string));
}

/* Whether a file's lines may not be those that ran. */
static bool has_changed(const struct pyprof_report_view *view, uint32_t file)
{
	const char *const *lines;
	size_t count;
	return view->source &&
	       pyprof_source_lines(view->source,
				   pyprof_profile_string(view->profile, file),
				   &lines, &count) == PYPROF_SOURCE_CHANGED;
}

static void put_source(struct pyprof_table *table,
		       const struct pyprof_span_line *line)
{
	pyprof_table_printf(table, "%s%s", line->indent ? "~ " : "",
			    line->text + line->cut);
}

/* A row of a part of the line above. */
static void put_span(struct pyprof_table *table,
		     const struct pyprof_summary *summary,
		     const struct pyprof_times *times, const char *text)
{
	pyprof_table_row(table);
	pyprof_table_part(table, times->self_ns, summary->ns);
	pyprof_table_skip(table);
	pyprof_table_uint(table, times->self_ns);
	for (unsigned i = 0; i < 3; i++)
		pyprof_table_skip(table);
	pyprof_cells_groups(table, times);
	for (unsigned i = 0; i < 5; i++)
		pyprof_table_skip(table);
	pyprof_table_text(table, text);
}

/* A line without its indentation. */
static struct pyprof_span_line line_of(const struct pyprof_report_view *view,
				       const struct pyprof_line_row *row)
{
	const char *text = "";
	if (view->source)
		text = pyprof_source_line(
			view->source,
			pyprof_profile_string(view->profile, row->file),
			row->line);
	size_t cut = strspn(text, " \t\f");
	bool mark = text[cut] && has_changed(view, row->file);
	return (struct pyprof_span_line){
		.file = row->file,
		.line = row->line,
		.times = &row->times,
		.text = text,
		.cut = cut,
		.indent = mark ? strlen("~ ") : 0,
	};
}

static size_t rows_of(const struct pyprof_summary *summary,
		      enum pyprof_report_kind kind)
{
	switch (kind) {
	case PYPROF_REPORT_LINES:
		return summary->line_count;
	case PYPROF_REPORT_FUNCTIONS:
		return summary->function_count;
	case PYPROF_REPORT_TREE:
		return summary->tree_count;
	case PYPROF_REPORT_THREADS:
		return summary->thread_count;
	case PYPROF_REPORT_FILES:
		return summary->file_count;
	case PYPROF_REPORT_KINDS:
		break;
	}
	return 0;
}

/* The times of row `i` of a table that is sorted by them; NULL for others. */
static const struct pyprof_times *times_of(const struct pyprof_summary *summary,
					   enum pyprof_report_kind kind,
					   size_t i)
{
	switch (kind) {
	case PYPROF_REPORT_LINES:
		return &summary->lines[i].times;
	case PYPROF_REPORT_FUNCTIONS:
		return &summary->functions[i].times;
	case PYPROF_REPORT_FILES:
		return &summary->files[i].times;
	case PYPROF_REPORT_TREE:
	case PYPROF_REPORT_THREADS:
	case PYPROF_REPORT_KINDS:
		break;
	}
	return NULL;
}

static bool is_too_little(const struct pyprof_report_view *view,
			  const struct pyprof_times *times)
{
	uint64_t ns = view->sort == PYPROF_SORT_TOTAL ? times->total_ns
						      : times->self_ns;
	return 100.0 * (double)ns <
	       view->min_percent * (double)view->summary->ns;
}

/* How many rows of a table that is sorted by time are shown: the first. */
static size_t shown(const struct pyprof_report_view *view,
		    enum pyprof_report_kind kind)
{
	size_t count = rows_of(view->summary, kind), i = 0;
	if (view->limit && view->limit < count)
		count = view->limit;
	while (i < count &&
	       !is_too_little(view, times_of(view->summary, kind, i)))
		i++;
	return i;
}

/* What stands for code that is gone has no lines. */
static void put_place(struct pyprof_table *table,
		      const struct pyprof_report_view *view, uint32_t file,
		      int32_t line)
{
	const char *name = pyprof_profile_string(view->profile, file);
	if (line > 0)
		pyprof_table_printf(table, "%s:%d", name, (int)line);
	else
		pyprof_table_printf(table, "%s", name);
}

static struct pyprof_error *lines(const struct pyprof_report_view *view,
				  struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		PYPROF_TIME_COLUMNS(NULL),
		PYPROF_GROUP_COLUMNS,
		{PYPROF_COLUMN_PATH, NULL, "Location"},
		{PYPROF_COLUMN_PATH, "file", NULL},
		{PYPROF_COLUMN_COUNT, "line", NULL},
		{PYPROF_COLUMN_NAME, "function", NULL},
		{PYPROF_COLUMN_JSON, "spans", NULL},
		{PYPROF_COLUMN_TEXT, "source", "Source"},
	};
	const struct pyprof_summary *summary = view->summary;
	const struct pyprof_function *functions;
	pyprof_profile_functions(view->profile, &functions);
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), ret);
	if (err)
		return err;
	size_t count = shown(view, PYPROF_REPORT_LINES);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_line_row *row = &summary->lines[i];
		pyprof_table_row(*ret);
		pyprof_cells_times(*ret, summary, &row->times);
		pyprof_cells_groups(*ret, &row->times);
		put_place(*ret, view, row->file, row->line);
		pyprof_cell_string(*ret, view, row->file);
		pyprof_table_int(*ret, row->line);
		pyprof_cell_string(
			*ret, view,
			pyprof_function_title(&functions[row->function]));
		struct pyprof_span_line line = line_of(view, row);
		pyprof_report_span_cell(summary, row->file, row->line, *ret);
		if (view->source)
			put_source(*ret, &line);
		if (view->columns)
			pyprof_report_span_rows(summary, &line, put_span, *ret);
	}
	return NULL;
}

static struct pyprof_error *functions(const struct pyprof_report_view *view,
				      struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		PYPROF_TIME_COLUMNS(NULL),
		PYPROF_GROUP_COLUMNS,
		{PYPROF_COLUMN_NAME, "function", "Function"},
		{PYPROF_COLUMN_PATH, NULL, "Location"},
		{PYPROF_COLUMN_PATH, "file", NULL},
		{PYPROF_COLUMN_COUNT, "first_line", NULL},
	};
	const struct pyprof_summary *summary = view->summary;
	const struct pyprof_function *all;
	pyprof_profile_functions(view->profile, &all);
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), ret);
	if (err)
		return err;
	size_t count = shown(view, PYPROF_REPORT_FUNCTIONS);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_function_row *row = &summary->functions[i];
		const struct pyprof_function *function = &all[row->function];
		pyprof_table_row(*ret);
		pyprof_cells_times(*ret, summary, &row->times);
		pyprof_cells_groups(*ret, &row->times);
		pyprof_cell_string(*ret, view, pyprof_function_title(function));
		put_place(*ret, view, function->file, function->first_line);
		pyprof_cell_string(*ret, view, function->file);
		pyprof_table_int(*ret, function->first_line);
	}
	return NULL;
}

static struct pyprof_error *files(const struct pyprof_report_view *view,
				  struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		PYPROF_TIME_COLUMNS("Total s"),
		PYPROF_GROUP_COLUMNS,
		{PYPROF_COLUMN_PATH, "file", "File"},
	};
	const struct pyprof_summary *summary = view->summary;
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), ret);
	if (err)
		return err;
	size_t count = shown(view, PYPROF_REPORT_FILES);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_file_row *row = &summary->files[i];
		pyprof_table_row(*ret);
		pyprof_cells_times(*ret, summary, &row->times);
		pyprof_cells_groups(*ret, &row->times);
		pyprof_cell_string(*ret, view, row->file);
	}
	return NULL;
}

struct pyprof_error *pyprof_report_table(const struct pyprof_report_view *view,
					 enum pyprof_report_kind kind,
					 struct pyprof_table **ret)
{
	switch (kind) {
	case PYPROF_REPORT_LINES:
		return lines(view, ret);
	case PYPROF_REPORT_FUNCTIONS:
		return functions(view, ret);
	case PYPROF_REPORT_TREE:
		return pyprof_report_tree_table(view, ret);
	case PYPROF_REPORT_THREADS:
		return pyprof_report_thread_table(view, ret);
	case PYPROF_REPORT_FILES:
		return files(view, ret);
	case PYPROF_REPORT_KINDS:
		break;
	}
	return pyprof_error_create(PYPROF_ERROR_USAGE, "no such report");
}

/* What a table shows, besides the rows. */
struct extent {
	size_t shown, all;
	uint64_t left_out_ns, whole_ns;
};

/* Lines can have rows below them that are parts of theirs. */
static struct extent extent_of(const struct pyprof_report_view *view,
			       enum pyprof_report_kind kind,
			       const struct pyprof_table *table)
{
	const struct pyprof_summary *summary = view->summary;
	struct extent extent = {
		.shown = pyprof_table_rows(table),
		.all = rows_of(summary, kind),
		.whole_ns = summary->ns,
	};
	if (kind == PYPROF_REPORT_THREADS) {
		extent.whole_ns = summary->all_ns;
		extent.left_out_ns =
			summary->all_ns - pyprof_table_sum(table, "ns");
	} else if (kind == PYPROF_REPORT_TREE) {
		extent.left_out_ns = summary->ns - summary->frameless_ns -
				     pyprof_table_sum(table, "self_ns");
	} else {
		extent.shown = shown(view, kind);
		for (size_t i = extent.shown; i < extent.all; i++)
			extent.left_out_ns +=
				times_of(summary, kind, i)->self_ns;
	}
	return extent;
}

/* Make a table as it is asked for. */
static struct pyprof_error *make(const struct pyprof_report_view *view,
				 enum pyprof_report_kind kind,
				 struct extent *extent,
				 struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_report_table(view, kind, &table);
	if (err)
		return err;
	*extent = extent_of(view, kind, table);
	err = pyprof_cells_choose(view, table);
	if (!err)
		*ret = no_cleanup_ptr(table);
	return err;
}

static void put_extent(const struct extent *extent, const char *what,
		       struct pyprof_buf *out)
{
	double percent = 100.0 * (double)extent->left_out_ns /
			 (double)(extent->whole_ns ? extent->whole_ns : 1);
	pyprof_buf_printf(out, "%zu of %zu %s shown; ", extent->shown,
			  extent->all, what);
	if (!extent->left_out_ns)
		pyprof_buf_puts(out, "the others have no time of their own");
	else if (percent < 0.1)
		pyprof_buf_puts(out, "less than 0.1 % of the time is in the "
				     "others");
	else
		pyprof_buf_printf(out, "%.1f %% of the time is in the others",
				  percent);
}

/* What the table does not show, for people. */
static void put_footer(const struct pyprof_report_view *view,
		       enum pyprof_report_kind kind,
		       const struct extent *extent, unsigned width,
		       struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (extent->shown < extent->all) {
		put_extent(extent,
			   kind == PYPROF_REPORT_TREE
				   ? "calls"
				   : pyprof_report_kind_names[kind],
			   &text);
		pyprof_report_prose(out, width, text.data);
	}
	for (size_t i = 0; kind == PYPROF_REPORT_LINES && i < extent->shown;
	     i++) {
		if (!has_changed(view, view->summary->lines[i].file))
			continue;
		pyprof_report_prose(out, width,
				    "~ the file changed after the program "
				    "started: the line may be another one");
		break;
	}
	if (kind == PYPROF_REPORT_LINES && view->columns)
		pyprof_report_span_notes(view->profile, view->summary, width,
					 out);
	if (!extent->all && view->summary->all_samples)
		pyprof_report_prose(out, width,
				    "no time passes the filter; --state all "
				    "shows all there is");
}

struct pyprof_error *
pyprof_report_put_table(const struct pyprof_report_view *view,
			enum pyprof_report_kind kind, unsigned width,
			struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct extent extent;
	struct pyprof_error *err = make(view, kind, &extent, &table);
	if (!err)
		err = pyprof_table_write_text(table, width, out);
	if (err)
		return err;
	put_footer(view, kind, &extent, width, out);
	return pyprof_buf_error(out);
}

struct pyprof_error *
pyprof_report_write_text(const struct pyprof_report_view *view,
			 enum pyprof_report_kind kind, unsigned width,
			 struct pyprof_buf *out)
{
	pyprof_report_header(view->profile, view->summary, &view->filter, width,
			     out);
	pyprof_buf_putc(out, '\n');
	return pyprof_report_put_table(view, kind, width, out);
}

struct pyprof_error *
pyprof_report_write_json(const struct pyprof_report_view *view,
			 enum pyprof_report_kind kind, struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct extent extent;
	struct pyprof_error *err = make(view, kind, &extent, &table);
	if (err)
		return err;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/report/1");
	pyprof_report_header_json(view->profile, view->summary, &view->filter,
				  &json);
	pyprof_json_key(&json, "rows");
	pyprof_json_uint(&json, extent.all);
	pyprof_json_key(&json, "left_out_ns");
	pyprof_json_uint(&json, extent.left_out_ns);
	pyprof_json_key(&json, pyprof_report_kind_names[kind]);
	err = pyprof_table_write_json(table, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}
