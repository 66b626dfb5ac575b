// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/profile/summary.h"
#include "core/report/html_spans.h"

static const char *const status_words[] = {
	[PYPROF_SOURCE_OK] = "ok",
	[PYPROF_SOURCE_CHANGED] = "changed",
	[PYPROF_SOURCE_MISSING] = "missing",
	[PYPROF_SOURCE_NONE] = "none",
	[PYPROF_SOURCE_PRIVATE] = "private",
};

/* One file, while it is written. */
struct file {
	const char *const *lines;
	size_t line_count;
	/* Whether a line is written, by its index. */
	bool *wanted;
};

static void put_line(struct pyprof_json *json, const char *line)
{
	size_t length = strnlen(line, PYPROF_HTML_LINE_MAX + 1);
	if (length <= PYPROF_HTML_LINE_MAX) {
		pyprof_json_text(json, line, length);
		return;
	}
	/* Not in the middle of a character. */
	size_t end = PYPROF_HTML_LINE_MAX;
	while (end && ((unsigned char)line[end] & 0xc0) == 0x80)
		end--;
	char cut[PYPROF_HTML_LINE_MAX + sizeof(" \xe2\x80\xa6")];
	int size =
		snprintf(cut, sizeof(cut), "%.*s \xe2\x80\xa6", (int)end, line);
	pyprof_json_text(json, cut, (size_t)size);
}

/* The index behind the last line of the window that starts at `from`. */
static size_t window_end(const struct file *file, size_t from)
{
	while (from < file->line_count && file->wanted[from])
		from++;
	return from;
}

static void write_windows(const struct file *file, struct pyprof_json *json)
{
	pyprof_json_key(json, "windows");
	pyprof_json_begin_array(json);
	for (size_t at = 0; at < file->line_count; at++) {
		if (!file->wanted[at])
			continue;
		size_t end = window_end(file, at);
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "start");
		pyprof_json_uint(json, at + 1);
		pyprof_json_key(json, "lines");
		pyprof_json_begin_array(json);
		for (; at < end; at++)
			put_line(json, file->lines[at]);
		pyprof_json_end_array(json);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

/* The lines around one, which need not be there. */
static void want_around(struct file *file, int32_t line, size_t around)
{
	if (line < 1 || (size_t)line > file->line_count)
		return;
	size_t at = (size_t)line - 1;
	size_t from = at > around ? at - around : 0;
	size_t end = at + around + 1;
	if (end > file->line_count)
		end = file->line_count;
	memset(file->wanted + from, true, end - from);
}

/* All lines of a file that is not long, else those around lines with time. */
static void want_lines(struct file *file, const struct pyprof_summary *summary,
		       uint32_t id)
{
	if (file->line_count <= PYPROF_HTML_WHOLE_FILE) {
		memset(file->wanted, true, file->line_count);
		return;
	}
	for (size_t i = 0; i < summary->line_count; i++) {
		const struct pyprof_line_row *row = &summary->lines[i];
		if (row->file == id)
			want_around(file, row->line, PYPROF_HTML_AROUND);
	}
}

static struct pyprof_error *write_text(struct file *file,
				       const struct pyprof_summary *summary,
				       uint32_t id, struct pyprof_json *json)
{
	_cleanup_free_ bool *wanted =
		calloc(file->line_count + 1, sizeof(*wanted));
	if (!wanted)
		return pyprof_error_oom();
	file->wanted = wanted;
	want_lines(file, summary, id);
	write_windows(file, json);
	const struct pyprof_html_text text = {
		.lines = file->lines,
		.line_count = file->line_count,
		.wanted = wanted,
		.line_max = PYPROF_HTML_LINE_MAX,
	};
	return pyprof_html_spans(summary, id, &text, json);
}

static struct pyprof_error *write_file(const struct pyprof_profile *profile,
				       const struct pyprof_summary *summary,
				       struct pyprof_source *source,
				       uint32_t id, bool with_text,
				       struct pyprof_json *json)
{
	struct file file = {};
	const char *status = "omitted";
	if (with_text)
		status = status_words[pyprof_source_lines(
			source, pyprof_profile_string(profile, id), &file.lines,
			&file.line_count)];
	pyprof_json_key(json, "status");
	pyprof_json_string(json, status);
	pyprof_json_key(json, "total");
	pyprof_json_uint(json, file.line_count);
	return write_text(&file, summary, id, json);
}

struct pyprof_error *pyprof_html_sources(const struct pyprof_profile *profile,
					 struct pyprof_source *source,
					 size_t limit,
					 const uint32_t *string_ids,
					 struct pyprof_json *json,
					 size_t *omitted_ret)
{
	const struct pyprof_filter all = {.states = PYPROF_FILTER_ALL};
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &all, PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	size_t start = json->out->length, omitted = 0;
	pyprof_json_key(json, "sources");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < summary->file_count; i++) {
		uint32_t id = summary->files[i].file;
		bool fits = json->out->length - start < limit;
		omitted += source && !fits;
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "file");
		pyprof_json_uint(json, string_ids[id]);
		err = write_file(profile, summary, source, id, source && fits,
				 json);
		if (err)
			return err;
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
	pyprof_json_key(json, "source_choice");
	pyprof_json_string(
		json,
		source ? pyprof_source_choices[pyprof_source_choice(source)]
		       : "none");
	*omitted_ret = omitted;
	return NULL;
}

struct pyprof_error *pyprof_html_source_around(struct pyprof_source *source,
					       const char *name,
					       const int32_t *lines,
					       size_t count,
					       struct pyprof_json *json)
{
	struct file file = {};
	const char *status = status_words[pyprof_source_lines(
		source, name, &file.lines, &file.line_count)];
	_cleanup_free_ bool *wanted =
		calloc(file.line_count + 1, sizeof(*wanted));
	if (!wanted)
		return pyprof_error_oom();
	file.wanted = wanted;
	for (size_t i = 0; i < count; i++)
		want_around(&file, lines[i], PYPROF_HTML_NEAR);
	pyprof_json_key(json, "status");
	pyprof_json_string(json, status);
	pyprof_json_key(json, "total");
	pyprof_json_uint(json, file.line_count);
	write_windows(&file, json);
	return NULL;
}
