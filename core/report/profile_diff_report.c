// SPDX-License-Identifier: Apache-2.0
#include "core/report/profile_diff_report.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/report/cells.h"
#include "core/report/header.h"

#define OLD PYPROF_PROFILE_OLD
#define NEW PYPROF_PROFILE_NEW

/* Shares, then times; one of the two is shown. */
static const struct pyprof_column time_columns[] = {
	{PYPROF_COLUMN_PERCENT, "old_self_percent", "Self% old"},
	{PYPROF_COLUMN_PERCENT, "new_self_percent", "new"},
	{PYPROF_COLUMN_CHANGE, "self_change_percent", "+/-"},
	{PYPROF_COLUMN_PERCENT, "old_total_percent", "Total% old"},
	{PYPROF_COLUMN_PERCENT, "new_total_percent", "new"},
	{PYPROF_COLUMN_CHANGE, "total_change_percent", "+/-"},
	{PYPROF_COLUMN_SECONDS, "old_self_ns", "Self s old"},
	{PYPROF_COLUMN_SECONDS, "new_self_ns", "new"},
	{PYPROF_COLUMN_SECONDS, "self_change_ns", "+/-"},
	{PYPROF_COLUMN_SECONDS, "old_total_ns", "Total s old"},
	{PYPROF_COLUMN_SECONDS, "new_total_ns", "new"},
	{PYPROF_COLUMN_SECONDS, "total_change_ns", "+/-"},
};
#define SHARES 6

static const struct pyprof_column function_columns[] = {
	{PYPROF_COLUMN_NAME, "in", NULL},
	{PYPROF_COLUMN_NAME, NULL, ""},
	{PYPROF_COLUMN_MARK, "may_be_chance", NULL},
	{PYPROF_COLUMN_NAME, "function", "Function"},
	{PYPROF_COLUMN_PATH, NULL, "Location"},
	{PYPROF_COLUMN_PATH, "file", NULL},
	{PYPROF_COLUMN_COUNT, "old_line", NULL},
	{PYPROF_COLUMN_COUNT, "new_line", NULL},
};

static const struct pyprof_column line_columns[] = {
	{PYPROF_COLUMN_NAME, "in", NULL},
	{PYPROF_COLUMN_NAME, NULL, ""},
	{PYPROF_COLUMN_MARK, "may_be_chance", NULL},
	{PYPROF_COLUMN_NAME, "function", NULL},
	{PYPROF_COLUMN_PATH, NULL, "Location"},
	{PYPROF_COLUMN_PATH, "file", NULL},
	{PYPROF_COLUMN_COUNT, "old_line", NULL},
	{PYPROF_COLUMN_COUNT, "new_line", NULL},
	{PYPROF_COLUMN_TEXT, "source", "Source"},
};

/* Whether chance explains a change: it is of less than two standard errors, if
 * samples are independent of each other. */
static bool is_chance(const struct pyprof_profile_diff *diff,
		      const uint64_t ns[PYPROF_PROFILE_SIDES],
		      const uint64_t samples[PYPROF_PROFILE_SIDES])
{
	double change = pyprof_profile_diff_change(diff, ns[OLD], ns[NEW]);
	double was = pyprof_profile_diff_change(diff, ns[OLD], 0);
	double is = pyprof_profile_diff_change(diff, 0, ns[NEW]);
	double variance = 0;
	if (samples[OLD])
		variance += was * was / (double)samples[OLD];
	if (samples[NEW])
		variance += is * is / (double)samples[NEW];
	return change * change <= 4 * variance;
}

static bool may_be_chance(const struct pyprof_profile_diff *diff,
			  const struct pyprof_profile_diff_row *row)
{
	const struct pyprof_times *was = &row->times[OLD];
	const struct pyprof_times *is = &row->times[NEW];
	return is_chance(diff, (uint64_t[]){was->self_ns, is->self_ns},
			 (uint64_t[]){was->self_samples, is->self_samples}) &&
	       is_chance(diff, (uint64_t[]){was->total_ns, is->total_ns},
			 (uint64_t[]){was->total_samples, is->total_samples});
}

static bool is_unchanged(const struct pyprof_profile_diff *diff,
			 const struct pyprof_profile_diff_row *row)
{
	const struct pyprof_times *times = row->times;
	return pyprof_profile_diff_change(diff, times[OLD].self_ns,
					  times[NEW].self_ns) == 0 &&
	       pyprof_profile_diff_change(diff, times[OLD].total_ns,
					  times[NEW].total_ns) == 0;
}

/* Rows that changed: they come first. */
static size_t changed(const struct pyprof_profile_diff *diff,
		      const struct pyprof_profile_diff_rows *rows)
{
	size_t count = 0;
	for (size_t i = 0; i < rows->count; i++)
		count += !is_unchanged(diff, &rows->items[i]);
	return count;
}

static void put_shares(struct pyprof_table *table,
		       const struct pyprof_profile_diff *diff, uint64_t old_ns,
		       uint64_t new_ns)
{
	double before = (double)old_ns / (double)diff->sampled_ns[OLD];
	double after = (double)new_ns / (double)diff->sampled_ns[NEW];
	pyprof_table_part(table, old_ns, diff->sampled_ns[OLD]);
	pyprof_table_part(table, new_ns, diff->sampled_ns[NEW]);
	pyprof_table_change(table, 100 * (after - before));
}

static void put_times(struct pyprof_table *table, uint64_t old_ns,
		      uint64_t new_ns)
{
	pyprof_table_uint(table, old_ns);
	pyprof_table_uint(table, new_ns);
	pyprof_table_int(table, (int64_t)(new_ns - old_ns));
}

static void put_line(struct pyprof_table *table,
		     const struct pyprof_profile_diff_row *row, unsigned side)
{
	if (row->has[side])
		pyprof_table_int(table, row->line[side]);
	else
		pyprof_table_skip(table);
}

/* Where it is; the name and file are the new ones, where there are. */
static void put_place(struct pyprof_table *table,
		      const struct pyprof_profile_diff_view *view,
		      const struct pyprof_profile_diff_row *row, bool is_line)
{
	unsigned side = row->has[NEW] ? NEW : OLD;
	const struct pyprof_profile *profile = view->diff->profiles[side];
	const struct pyprof_function *functions;
	pyprof_profile_functions(profile, &functions);
	const struct pyprof_function *function =
		&functions[row->function[side]];
	uint32_t title = pyprof_function_title(function);
	const char *file = pyprof_profile_string(profile, function->file);
	bool is_both = row->has[OLD] && row->has[NEW];
	const char *only = row->has[NEW] ? "new" : "gone";
	pyprof_table_text(table, is_both ? "both" : only);
	bool is_small = may_be_chance(view->diff, row);
	pyprof_table_printf(table, "%s%s%s", is_both ? "" : only,
			    is_small && !is_both ? " " : "",
			    is_small ? "~" : "");
	pyprof_table_mark(table, is_small);
	pyprof_table_bytes(table, pyprof_profile_string(profile, title),
			   pyprof_profile_string_length(profile, title));
	if (row->line[side] > 0)
		pyprof_table_printf(table, "%s:%d", file, row->line[side]);
	else
		pyprof_table_text(table, file);
	pyprof_table_bytes(
		table, file,
		pyprof_profile_string_length(profile, function->file));
	put_line(table, row, OLD);
	put_line(table, row, NEW);
	if (!is_line || !view->source || !row->has[NEW])
		return;
	const char *text =
		pyprof_source_line(view->source, file, row->line[NEW]);
	pyprof_table_text(table, text + strspn(text, " \t\f"));
}

static struct pyprof_error *
make_table(const struct pyprof_profile_diff_view *view, bool of_lines,
	   struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	const struct pyprof_profile_diff *diff = view->diff;
	const struct pyprof_profile_diff_rows *rows =
		of_lines ? &diff->lines : &diff->functions;
	struct pyprof_column columns[PYPROF_COUNT_OF(time_columns) +
				     PYPROF_COUNT_OF(line_columns)];
	size_t times = PYPROF_COUNT_OF(time_columns);
	size_t rest = of_lines ? PYPROF_COUNT_OF(line_columns)
			       : PYPROF_COUNT_OF(function_columns);
	memcpy(columns, time_columns, sizeof(time_columns));
	memcpy(columns + times, of_lines ? line_columns : function_columns,
	       rest * sizeof(*columns));
	for (size_t i = 0; i < times; i++)
		if ((i < SHARES) != (diff->by == PYPROF_DIFF_BY_SHARE))
			columns[i].header = NULL;
	struct pyprof_error *err =
		pyprof_table_create(columns, times + rest, &table);
	if (err)
		return err;
	size_t count = changed(diff, rows);
	if (view->limit && view->limit < count)
		count = view->limit;
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_profile_diff_row *row = &rows->items[i];
		const struct pyprof_times *was = &row->times[OLD];
		const struct pyprof_times *is = &row->times[NEW];
		pyprof_table_row(table);
		put_shares(table, diff, was->self_ns, is->self_ns);
		put_shares(table, diff, was->total_ns, is->total_ns);
		put_times(table, was->self_ns, is->self_ns);
		put_times(table, was->total_ns, is->total_ns);
		put_place(table, view, row, of_lines);
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

/*
 * Text.
 */

static void put_prose(struct pyprof_buf *text, unsigned width,
		      struct pyprof_buf *out)
{
	pyprof_report_prose(out, width, text->data);
	if (text->failed)
		out->failed = true;
	pyprof_buf_clear(text);
}

static void put_all(const struct pyprof_profile_diff *diff,
		    struct pyprof_buf *out)
{
	static const char *const states[] = {"running", "waiting",
					     "in any state"};
	pyprof_buf_printf(out, "threads were %s for ",
			  states[diff->filter.states]);
	for (unsigned side = 0; side < PYPROF_PROFILE_SIDES; side++) {
		pyprof_show_duration(out, diff->ns[side]);
		pyprof_buf_puts(out, " of ");
		pyprof_show_duration(out, diff->sampled_ns[side]);
		pyprof_buf_puts(out, ", ");
		pyprof_show_percent(out, diff->ns[side],
				    diff->sampled_ns[side]);
		pyprof_buf_puts(out, side == OLD ? ", then for " : "");
	}
	pyprof_buf_puts(out, diff->by == PYPROF_DIFF_BY_SHARE
				     ? "; shares are of the time sampled"
				     : "");
}

static void put_header(const struct pyprof_profile_diff_view *view,
		       unsigned width, struct pyprof_buf *out)
{
	static const char *const sides[] = {"old", "new"};
	const struct pyprof_profile_diff *diff = view->diff;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	for (unsigned side = 0; side < PYPROF_PROFILE_SIDES; side++) {
		const struct pyprof_profile *profile = diff->profiles[side];
		pyprof_buf_printf(&text, "%s: %s: ", sides[side],
				  view->names[side]);
		pyprof_report_put_run(profile, &text);
		if (pyprof_profile_meta_const(profile)->lost) {
			pyprof_buf_puts(&text, "; ");
			pyprof_report_put_lost(profile, &text);
		}
		put_prose(&text, width, out);
	}
	pyprof_buf_puts(&text, "they are hard to compare: ");
	if (pyprof_profile_unlike(diff->profiles[OLD], diff->profiles[NEW],
				  &text))
		put_prose(&text, width, out);
	pyprof_buf_clear(&text);
	put_all(diff, &text);
	put_prose(&text, width, out);
}

static struct pyprof_error *
put_table(const struct pyprof_profile_diff_view *view, bool of_lines,
	  unsigned width, struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	const struct pyprof_profile_diff *diff = view->diff;
	const struct pyprof_profile_diff_rows *rows =
		of_lines ? &diff->lines : &diff->functions;
	struct pyprof_error *err = make_table(view, of_lines, &table);
	if (err)
		return err;
	pyprof_buf_printf(out, "\nby %s:\n", of_lines ? "line" : "function");
	err = pyprof_table_write_text(table, width, out);
	size_t shown = pyprof_table_rows(table), count = changed(diff, rows);
	if (!err && shown < count) {
		pyprof_buf_printf(&text, "%zu of %zu %s that changed shown",
				  shown, count,
				  of_lines ? "lines" : "functions");
		put_prose(&text, width, out);
	}
	for (size_t i = 0; !err && i < shown; i++) {
		if (!may_be_chance(diff, &rows->items[i]))
			continue;
		pyprof_report_prose(out, width,
				    "~ chance alone would explain as small a "
				    "change of so few samples");
		break;
	}
	return err;
}

struct pyprof_error *
pyprof_profile_diff_text(const struct pyprof_profile_diff_view *view,
			 unsigned width, struct pyprof_buf *out)
{
	put_header(view, width, out);
	struct pyprof_error *err = put_table(view, false, width, out);
	if (!err)
		err = put_table(view, true, width, out);
	return err ? err : pyprof_buf_error(out);
}

/*
 * JSON.
 */

static void put_side(const struct pyprof_profile_diff_view *view, unsigned side,
		     struct pyprof_json *json)
{
	const struct pyprof_profile *profile = view->diff->profiles[side];
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_json_key(json, side == OLD ? "old" : "new");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "name");
	pyprof_json_string(json, view->names[side]);
	pyprof_report_string_member(profile, "command_line", meta->command_line,
				    json);
	pyprof_report_string_member(profile, "python_version",
				    meta->python_version, json);
	pyprof_report_string_member(profile, "python_build", meta->python_build,
				    json);
	pyprof_report_string_member(profile, "mode", meta->mode, json);
	pyprof_report_uint_member("samples", pyprof_profile_samples(profile),
				  json);
	pyprof_report_uint_member("lost", meta->lost, json);
	pyprof_report_uint_member("sampled_ns", meta->sampled_ns, json);
	pyprof_report_uint_member("ns", view->diff->ns[side], json);
	pyprof_json_end_object(json);
}

static struct pyprof_error *
json_table(const struct pyprof_profile_diff_view *view, bool of_lines,
	   struct pyprof_json *json)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = make_table(view, of_lines, &table);
	if (err)
		return err;
	pyprof_json_key(json, of_lines ? "lines" : "functions");
	return pyprof_table_write_json(table, json);
}

struct pyprof_error *
pyprof_profile_diff_json(const struct pyprof_profile_diff_view *view,
			 struct pyprof_buf *out)
{
	const struct pyprof_profile_diff *diff = view->diff;
	_cleanup_buf_ struct pyprof_buf unlike = PYPROF_BUF_INIT;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_profile_unlike(diff->profiles[OLD], diff->profiles[NEW],
			      &unlike);
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/diff/1");
	put_side(view, OLD, &json);
	put_side(view, NEW, &json);
	pyprof_json_key(&json, "states");
	pyprof_json_string(&json,
			   pyprof_filter_state_names[diff->filter.states]);
	pyprof_json_key(&json, "unlike");
	if (unlike.length)
		pyprof_json_text(&json, unlike.data, unlike.length);
	else
		pyprof_json_null(&json);
	pyprof_report_uint_member("functions_changed",
				  changed(diff, &diff->functions), &json);
	pyprof_report_uint_member("lines_changed", changed(diff, &diff->lines),
				  &json);
	struct pyprof_error *err = json_table(view, false, &json);
	if (!err)
		err = json_table(view, true, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}
