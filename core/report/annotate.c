// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/report/cells.h"
#include "core/report/header.h"
#include "core/report/span_rows.h"
#include "core/report/tables.h"

/* Which files an ambiguous name could mean; more are not listed. */
#define FILES_LISTED_MAX 5

/* The lines of a function. */
struct range {
	int32_t first, last;
};

/* What is annotated. */
struct annotation {
	const struct pyprof_report_view *view;
	uint32_t file;
	enum pyprof_source_status status;
	const char *const *source;
	size_t source_count;
	/** The summary's rows of the file, by line. */
	PYPROF_VEC(const struct pyprof_line_row *) rows;
	/** Functions to show; all lines when there is no filter. */
	PYPROF_VEC(struct range) ranges;
	bool has_filter;
};

static void annotation_deinit(struct annotation *annotation)
{
	pyprof_vec_deinit(&annotation->rows);
	pyprof_vec_deinit(&annotation->ranges);
}

/* Whether `path` is `name`, or ends in it behind a slash. */
static bool matches(const char *path, const char *name)
{
	size_t length = strlen(path), size = strlen(name);
	if (size > length || strcmp(path + length - size, name) != 0)
		return false;
	return size == length || (size && path[length - size - 1] == '/');
}

static struct pyprof_error *find_file(const struct pyprof_report_view *view,
				      const char *name, uint32_t *ret)
{
	const struct pyprof_summary *summary = view->summary;
	_cleanup_buf_ struct pyprof_buf list = PYPROF_BUF_INIT;
	uint32_t found = 0;
	size_t count = 0;
	for (size_t i = 0; i < summary->file_count; i++) {
		uint32_t file = summary->files[i].file;
		const char *path = pyprof_profile_string(view->profile, file);
		if (strcmp(path, name) == 0) {
			*ret = file;
			return NULL;
		}
		if (!matches(path, name))
			continue;
		if (count++ < FILES_LISTED_MAX)
			pyprof_buf_printf(&list, "%s%s", count > 1 ? ", " : "",
					  path);
		found = file;
	}
	if (count > 1)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE, "%s could be %s%s", name, list.data,
			count > FILES_LISTED_MAX ? ", and others" : "");
	if (!count)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"no sample is in %s; \"pyprof report files\" lists "
			"the files that have some",
			name);
	*ret = found;
	return NULL;
}

static int by_line(const void *a, const void *b)
{
	const struct pyprof_line_row *const *x = a, *const *y = b;
	return (*x)->line < (*y)->line ? -1 : (*x)->line > (*y)->line;
}

static struct pyprof_error *find_rows(struct annotation *annotation)
{
	const struct pyprof_summary *summary = annotation->view->summary;
	for (size_t i = 0; i < summary->line_count; i++) {
		if (summary->lines[i].file == annotation->file &&
		    !pyprof_vec_push(&annotation->rows, &summary->lines[i]))
			return pyprof_error_oom();
	}
	if (annotation->rows.count)
		qsort(annotation->rows.items, annotation->rows.count,
		      sizeof(*annotation->rows.items), by_line);
	return NULL;
}

static size_t indentation(const char *line)
{
	return strspn(line, " \t\f");
}

static bool is_def(const char *text)
{
	return strncmp(text, "def ", 4) == 0 ||
	       strncmp(text, "async def ", 10) == 0 ||
	       strncmp(text, "class ", 6) == 0;
}

/*
 * The last line of what begins at line `first`, by its indentation. Decorators
 * come before the definition; brackets may close at its indentation.
 */
static int32_t find_end(const struct annotation *annotation, int32_t first)
{
	const char *const *source = annotation->source;
	if (first < 1 || (size_t)first > annotation->source_count)
		return first;
	size_t indent = indentation(source[first - 1]);
	const char *text = source[first - 1] + indent;
	bool has_def = *text != '@';
	size_t last = (size_t)first;
	for (size_t i = last; i < annotation->source_count; i++) {
		text = source[i] + indentation(source[i]);
		if (!*text || *text == '#')
			continue;
		bool is_inside = indentation(source[i]) > indent ||
				 strchr(")]}", *text) || !has_def;
		has_def = has_def || is_def(text);
		if (!is_inside)
			break;
		last = i + 1;
	}
	return (int32_t)last;
}

/* A function has at least the lines that it was seen in. */
static void widen(const struct annotation *annotation, uint32_t function,
		  struct range *range)
{
	const struct pyprof_location *locations;
	size_t count =
		pyprof_profile_locations(annotation->view->profile, &locations);
	for (size_t i = 0; i < count; i++) {
		if (locations[i].function == function &&
		    locations[i].line > range->last)
			range->last = locations[i].line;
	}
}

static struct pyprof_error *find_ranges(struct annotation *annotation,
					const char *name)
{
	const struct pyprof_profile *profile = annotation->view->profile;
	const struct pyprof_function *functions;
	size_t count = pyprof_profile_functions(profile, &functions);
	annotation->has_filter = true;
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_function *function = &functions[i];
		if (function->file != annotation->file ||
		    (strcmp(pyprof_profile_string(profile, function->name),
			    name) != 0 &&
		     strcmp(pyprof_profile_string(profile, function->qualname),
			    name) != 0))
			continue;
		struct range range = {function->first_line, 0};
		range.last = find_end(annotation, range.first);
		widen(annotation, (uint32_t)i, &range);
		if (!pyprof_vec_push(&annotation->ranges, range))
			return pyprof_error_oom();
	}
	if (!annotation->ranges.count)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"no sample is in a function %s of %s", name,
			pyprof_profile_string(profile, annotation->file));
	return NULL;
}

static struct pyprof_error *
annotation_init(struct annotation *annotation,
		const struct pyprof_report_view *view, const char *file,
		const char *function)
{
	*annotation = (struct annotation){
		.view = view,
		.status = PYPROF_SOURCE_MISSING,
	};
	struct pyprof_error *err = find_file(view, file, &annotation->file);
	if (err)
		return err;
	if (view->source)
		annotation->status = pyprof_source_lines(
			view->source,
			pyprof_profile_string(view->profile, annotation->file),
			&annotation->source, &annotation->source_count);
	err = find_rows(annotation);
	if (!err && function)
		err = find_ranges(annotation, function);
	return err;
}

static bool is_shown(const struct annotation *annotation, int32_t line)
{
	for (size_t i = 0; i < annotation->ranges.count; i++) {
		if (line >= annotation->ranges.items[i].first &&
		    line <= annotation->ranges.items[i].last)
			return true;
	}
	return !annotation->has_filter;
}

/* A row of a part of the line above. */
static void put_span(struct pyprof_table *table,
		     const struct pyprof_summary *summary,
		     const struct pyprof_times *times, const char *text)
{
	pyprof_table_row(table);
	pyprof_table_part(table, times->self_ns, summary->ns);
	for (unsigned i = 0; i < 5; i++)
		pyprof_table_skip(table);
	pyprof_table_uint(table, times->self_ns);
	pyprof_table_skip(table);
	pyprof_table_skip(table);
	pyprof_table_text(table, text);
}

static void put_spans(const struct pyprof_summary *summary,
		      const struct pyprof_line_row *row, const char *text,
		      struct pyprof_table *table)
{
	const struct pyprof_span_line line = {
		.file = row->file,
		.line = row->line,
		.times = &row->times,
		.text = text ? text : "",
	};
	pyprof_report_span_rows(summary, &line, put_span, table);
}

static void put_line(const struct annotation *annotation, int32_t line,
		     const struct pyprof_line_row *row,
		     struct pyprof_table *table)
{
	static const struct pyprof_times nothing;
	const char *text = NULL;
	const struct pyprof_summary *summary = annotation->view->summary;
	if (!is_shown(annotation, line))
		return;
	pyprof_table_row(table);
	pyprof_cells_times(table, summary, row ? &row->times : &nothing);
	if (row)
		pyprof_table_uint(table, row->times.self_ns);
	else
		pyprof_table_skip(table);
	pyprof_table_int(table, line);
	if (line >= 1 && (size_t)line <= annotation->source_count)
		text = annotation->source[line - 1];
	pyprof_report_span_cell(summary, annotation->file, line, table);
	if (text)
		pyprof_table_text(table, text);
	if (row && annotation->view->columns)
		put_spans(summary, row, text, table);
}

/* All lines of the source, and lines with time that it does not have. */
static void put_lines(const struct annotation *annotation,
		      struct pyprof_table *table)
{
	size_t next = 0;
	const struct pyprof_line_row *const *rows = annotation->rows.items;
	for (size_t i = 0; i < annotation->source_count; i++) {
		int32_t line = (int32_t)i + 1;
		for (; next < annotation->rows.count && rows[next]->line < line;
		     next++)
			put_line(annotation, rows[next]->line, rows[next],
				 table);
		bool has_time = next < annotation->rows.count &&
				rows[next]->line == line;
		put_line(annotation, line, has_time ? rows[next] : NULL, table);
		next += has_time;
	}
	for (; next < annotation->rows.count; next++)
		put_line(annotation, rows[next]->line, rows[next], table);
}

static struct pyprof_error *make_table(const struct annotation *annotation,
				       struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		{PYPROF_COLUMN_PERCENT, "self_percent", "Self%"},
		{PYPROF_COLUMN_PERCENT, "total_percent", "Total%"},
		{PYPROF_COLUMN_SECONDS, "self_ns", NULL},
		{PYPROF_COLUMN_SECONDS, "total_ns", NULL},
		{PYPROF_COLUMN_COUNT, "self_samples", NULL},
		{PYPROF_COLUMN_COUNT, "total_samples", NULL},
		{PYPROF_COLUMN_SECONDS, NULL, "Self s"},
		{PYPROF_COLUMN_COUNT, "line", "Line"},
		{PYPROF_COLUMN_JSON, "spans", NULL},
		{PYPROF_COLUMN_TEXT, "source", "Source"},
	};
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), ret);
	if (!err)
		put_lines(annotation, *ret);
	return err;
}

static void put_title(const struct annotation *annotation, unsigned width,
		      struct pyprof_buf *out)
{
	static const char *const notes[] = {
		[PYPROF_SOURCE_OK] = "",
		[PYPROF_SOURCE_CHANGED] = "changed after the program started: "
					  "lines may not match",
		[PYPROF_SOURCE_MISSING] = "its source cannot be read: only "
					  "lines with samples are shown",
		[PYPROF_SOURCE_NONE] = "not the name of a file: only lines "
				       "with samples are shown",
	};
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_buf_printf(&text, "%s",
			  pyprof_profile_string(annotation->view->profile,
						annotation->file));
	if (*notes[annotation->status])
		pyprof_buf_printf(&text, " (%s)", notes[annotation->status]);
	pyprof_report_prose(out, width, text.data);
}

static struct pyprof_error *write_text(const struct annotation *annotation,
				       unsigned width, struct pyprof_buf *out)
{
	const struct pyprof_report_view *view = annotation->view;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = make_table(annotation, &table);
	if (err)
		return err;
	pyprof_report_header(view->profile, view->summary, &view->filter, width,
			     out);
	put_title(annotation, width, out);
	if (view->columns)
		pyprof_report_span_notes(view->profile, view->summary, width,
					 out);
	pyprof_buf_putc(out, '\n');
	return pyprof_table_write_text(table, width, out);
}

static struct pyprof_error *write_json(const struct annotation *annotation,
				       struct pyprof_buf *out)
{
	static const char *const statuses[] = {
		[PYPROF_SOURCE_OK] = "ok",
		[PYPROF_SOURCE_CHANGED] = "changed",
		[PYPROF_SOURCE_MISSING] = "missing",
		[PYPROF_SOURCE_NONE] = "none",
	};
	const struct pyprof_report_view *view = annotation->view;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = make_table(annotation, &table);
	if (err)
		return err;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/annotate/1");
	pyprof_report_header_json(view->profile, view->summary, &view->filter,
				  &json);
	pyprof_json_key(&json, "file");
	pyprof_json_string(
		&json, pyprof_profile_string(view->profile, annotation->file));
	pyprof_json_key(&json, "source");
	pyprof_json_string(&json, statuses[annotation->status]);
	pyprof_json_key(&json, "lines");
	err = pyprof_table_write_json(table, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}

struct pyprof_error *
pyprof_report_annotate_text(const struct pyprof_report_view *view,
			    const char *file, const char *function,
			    unsigned width, struct pyprof_buf *out)
{
	_cleanup_(annotation_deinit) struct annotation annotation;
	struct pyprof_error *err =
		annotation_init(&annotation, view, file, function);
	return err ? err : write_text(&annotation, width, out);
}

struct pyprof_error *
pyprof_report_annotate_json(const struct pyprof_report_view *view,
			    const char *file, const char *function,
			    struct pyprof_buf *out)
{
	_cleanup_(annotation_deinit) struct annotation annotation;
	struct pyprof_error *err =
		annotation_init(&annotation, view, file, function);
	return err ? err : write_json(&annotation, out);
}
