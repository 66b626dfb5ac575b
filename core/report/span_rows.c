// SPDX-License-Identifier: Apache-2.0
#include "core/report/span_rows.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/show.h"
#include "core/base/utf8.h"
#include "core/report/header.h"

/* Parts of a line that have a row; the rest share one. */
#define PARTS_MAX 4
/* Nobody looks for a mark farther to the right. */
#define BYTES_MAX 1000

/* How many columns text takes as it is shown. */
static size_t shown_columns(const char *text, size_t length)
{
	_cleanup_buf_ struct pyprof_buf shown = PYPROF_BUF_INIT;
	pyprof_utf8_put_visible(&shown, text, length);
	return pyprof_utf8_columns(shown.data, shown.length);
}

/* Up to where the line begins. */
static void put_indent(const struct pyprof_span_line *line,
		       struct pyprof_buf *out)
{
	const char *text = line->text + line->cut;
	pyprof_buf_fill(out, ' ',
			line->indent +
				shown_columns(text, strspn(text, " \t\f")));
}

/* Underline a part; false where the text does not have it. */
static bool put_marks(const struct pyprof_span_line *line,
		      const struct pyprof_columns *columns,
		      struct pyprof_buf *out)
{
	size_t length = strnlen(line->text, BYTES_MAX + 1);
	size_t from = (size_t)columns->column;
	size_t end = (size_t)columns->end_column;
	if (columns->end_line > line->line)
		for (end = length; end && line->text[end - 1] == ' ';)
			end--;
	if (from < line->cut)
		from = line->cut;
	if (end > length || end > BYTES_MAX || from >= end)
		return false;
	size_t width = shown_columns(line->text + from, end - from);
	pyprof_buf_fill(out, ' ',
			line->indent + shown_columns(line->text + line->cut,
						     from - line->cut));
	pyprof_buf_fill(out, '^', width ? width : 1);
	return true;
}

static void put_part(const struct pyprof_span_line *line,
		     const struct pyprof_columns *columns,
		     struct pyprof_buf *out)
{
	if (put_marks(line, columns, out))
		return;
	put_indent(line, out);
	pyprof_buf_printf(out, "(from byte %" PRId32, columns->column + 1);
	if (columns->end_line == line->line)
		pyprof_buf_printf(out, " to %" PRId32, columns->end_column);
	pyprof_buf_putc(out, ')');
}

/* The rows of one line. */
struct rows {
	const struct pyprof_summary *summary;
	const struct pyprof_span_line *line;
	pyprof_span_put *put;
	struct pyprof_table *table;
	/* The share of each is told: there are several. */
	bool has_shares;
};

static void put_row(const struct rows *rows, const struct pyprof_times *times,
		    struct pyprof_buf *text)
{
	if (rows->has_shares) {
		pyprof_buf_putc(text, ' ');
		pyprof_show_percent(text, times->self_ns,
				    rows->line->times->self_ns);
	}
	if (!text->failed)
		rows->put(rows->table, rows->summary, times, text->data);
	pyprof_buf_clear(text);
}

void pyprof_report_span_rows(const struct pyprof_summary *summary,
			     const struct pyprof_span_line *line,
			     pyprof_span_put *put, struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	const struct pyprof_span_row *spans;
	size_t count = pyprof_summary_line_spans(summary, line->file,
						 line->line, &spans);
	if (!count)
		return;
	struct pyprof_times unknown = *line->times, others = {};
	for (size_t i = 0; i < count; i++)
		pyprof_times_take_self(&unknown, &spans[i].times);
	struct rows rows = {summary, line, put, table,
			    count > 1 || unknown.self_samples};
	size_t shown = count > PARTS_MAX + 1 ? PARTS_MAX : count;
	for (size_t i = 0; i < shown; i++) {
		put_part(line, &spans[i].columns, &text);
		put_row(&rows, &spans[i].times, &text);
	}
	for (size_t i = shown; i < count; i++)
		pyprof_times_add_self(&others, &spans[i].times);
	if (shown < count) {
		put_indent(line, &text);
		pyprof_buf_printf(&text, "(%zu other parts)", count - shown);
		put_row(&rows, &others, &text);
	}
	if (unknown.self_samples) {
		put_indent(line, &text);
		pyprof_buf_puts(&text, "(part not known)");
		put_row(&rows, &unknown, &text);
	}
}

void pyprof_report_span_notes(const struct pyprof_profile *profile,
			      const struct pyprof_summary *summary,
			      unsigned width, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	uint64_t lost = pyprof_profile_meta_const(profile)->spans_lost;
	if (summary->samples && !summary->span_count)
		pyprof_report_prose(out, width,
				    "no part of a line is known: CPython has "
				    "columns from 3.11 on, and not with "
				    "-X no_debug_ranges");
	if (!lost)
		return;
	pyprof_buf_puts(&text, "the part of the line is missing of ");
	pyprof_show_count(&text, lost, "sample");
	pyprof_buf_puts(&text, ": there were too many parts, or the file is "
			       "cut off or damaged");
	pyprof_report_prose(out, width, text.data);
	out->failed |= text.failed;
}

void pyprof_report_span_cell(const struct pyprof_summary *summary,
			     uint32_t file, int32_t line,
			     struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_json json = PYPROF_JSON_INIT(&text);
	const struct pyprof_span_row *spans;
	size_t count = pyprof_summary_line_spans(summary, file, line, &spans);
	pyprof_json_begin_array(&json);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_columns *columns = &spans[i].columns;
		pyprof_json_begin_object(&json);
		pyprof_json_key(&json, "column");
		pyprof_json_int(&json, columns->column);
		pyprof_json_key(&json, "end_line");
		pyprof_json_int(&json, columns->end_line);
		pyprof_json_key(&json, "end_column");
		pyprof_json_int(&json, columns->end_column);
		pyprof_json_key(&json, "self_ns");
		pyprof_json_uint(&json, spans[i].times.self_ns);
		pyprof_json_key(&json, "self_samples");
		pyprof_json_uint(&json, spans[i].times.self_samples);
		pyprof_json_end_object(&json);
	}
	pyprof_json_end_array(&json);
	pyprof_table_bytes(table, text.data, text.length);
}
