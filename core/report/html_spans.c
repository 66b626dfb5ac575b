// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_spans.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/base/vec.h"

/* A part of a line that is in the page. */
struct part {
	int32_t line;
	size_t from, to;
	uint64_t ns[PYPROF_GROUP_COUNT];
};

struct parts {
	PYPROF_VEC(struct part) list;
};

static void parts_deinit(struct parts *parts)
{
	pyprof_vec_deinit(&parts->list);
}

/* How many units of UTF-16 so many bytes of UTF-8 are. */
static size_t utf16_units(const char *text, size_t length)
{
	size_t units = 0;
	for (size_t at = 0; at < length; units++) {
		uint32_t character;
		at += pyprof_utf8_decode(text + at, length - at, &character);
		units += character > 0xffff;
	}
	return units;
}

/* Where a part is in the text of its line; false when it is not. */
static bool place(const struct pyprof_html_text *text, int32_t line,
		  const struct pyprof_columns *columns, struct part *part)
{
	const char *shown = text->lines[line - 1];
	size_t length = strnlen(shown, text->line_max);
	size_t from = (size_t)columns->column;
	size_t to = (size_t)columns->end_column;
	if (columns->end_line > line)
		for (to = length; to && shown[to - 1] == ' ';)
			to--;
	if (to > length || from >= to)
		return false;
	part->from = utf16_units(shown, from);
	part->to = part->from + utf16_units(shown + from, to - from);
	return true;
}

static bool put_part(struct parts *parts, struct part part,
		     const struct pyprof_times *times)
{
	memcpy(part.ns, times->self_group_ns, sizeof(part.ns));
	return pyprof_vec_push(&parts->list, part);
}

static bool put_line(const struct pyprof_summary *summary,
		     const struct pyprof_line_row *row,
		     const struct pyprof_html_text *text, struct parts *parts)
{
	const struct pyprof_span_row *spans;
	size_t count = pyprof_summary_line_spans(summary, row->file, row->line,
						 &spans);
	struct pyprof_times unknown = row->times;
	for (size_t i = 0; i < count; i++) {
		struct part part = {.line = row->line};
		if (!place(text, row->line, &spans[i].columns, &part))
			continue;
		pyprof_times_take_self(&unknown, &spans[i].times);
		if (!put_part(parts, part, &spans[i].times))
			return false;
	}
	const struct part none = {.line = row->line};
	return !count || !unknown.self_samples ||
	       put_part(parts, none, &unknown);
}

/* A column of all parts. */
#define COLUMN(json, key, parts, member)                                   \
	do {                                                               \
		pyprof_json_key(json, key);                                \
		pyprof_json_begin_array(json);                             \
		for (size_t i_ = 0; i_ < (parts)->list.count; i_++)        \
			pyprof_json_uint(                                  \
				json,                                      \
				(uint64_t)(parts)->list.items[i_].member); \
		pyprof_json_end_array(json);                               \
	} while (0)

static void write_parts(const struct parts *parts, struct pyprof_json *json)
{
	if (!parts->list.count)
		return;
	pyprof_json_key(json, "spans");
	pyprof_json_begin_object(json);
	COLUMN(json, "line", parts, line);
	COLUMN(json, "from", parts, from);
	COLUMN(json, "to", parts, to);
	COLUMN(json, "python", parts, ns[PYPROF_GROUP_PYTHON]);
	COLUMN(json, "native", parts, ns[PYPROF_GROUP_NATIVE]);
	COLUMN(json, "wait", parts, ns[PYPROF_GROUP_WAIT]);
	pyprof_json_end_object(json);
}

struct pyprof_error *pyprof_html_spans(const struct pyprof_summary *summary,
				       uint32_t file,
				       const struct pyprof_html_text *text,
				       struct pyprof_json *json)
{
	_cleanup_(parts_deinit) struct parts parts = {};
	for (size_t i = 0; summary->span_count && i < summary->line_count;
	     i++) {
		const struct pyprof_line_row *row = &summary->lines[i];
		if (row->file != file || row->line < 1 ||
		    (size_t)row->line > text->line_count ||
		    !text->wanted[row->line - 1])
			continue;
		if (!put_line(summary, row, text, &parts))
			return pyprof_error_oom();
	}
	write_parts(&parts, json);
	return NULL;
}
