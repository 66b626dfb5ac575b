// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/base/show.h"
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/html_source.h"
#include "core/report/page.h"
#include "core/report/stacks_report.h"

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct pyprof_stacks_report *report = context;
	const struct pyprof_stacks_facts *facts = &report->facts;
	pyprof_buf_puts(out, "stacks of ");
	pyprof_show_program(out, facts->core_path, facts->program, facts->pid);
	return NULL;
}

static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	pyprof_stacks_report_text(context, PYPROF_STACKS_GROUPED, out);
	return NULL;
}

/** What states are called, by their words. */
static void put_states(struct pyprof_json *json)
{
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		pyprof_json_key(json, pyprof_states[i].word);
		pyprof_json_string(json, pyprof_states[i].text);
	}
	pyprof_json_end_object(json);
}

/*
 * Source text around the lines of frames.
 */

/** Files come without text once there are so many bytes of it. */
#define SOURCE_MAX (8u << 20)

static int compare_frames(const void *a, const void *b)
{
	const struct pyprof_stacks_frame *x =
		*(const struct pyprof_stacks_frame *const *)a;
	const struct pyprof_stacks_frame *y =
		*(const struct pyprof_stacks_frame *const *)b;
	int order = x->file == y->file ? 0 : strcmp(x->file, y->file);
	return order ? order
		     : (x->position.line > y->position.line) -
			       (x->position.line < y->position.line);
}

/** One file of `count` frames that begin at `frames`. */
static struct pyprof_error *
put_file(const struct pyprof_stacks_report *report,
	 const struct pyprof_stacks_frame *const *frames, size_t count,
	 struct pyprof_json *json)
{
	_cleanup_free_ int32_t *lines = calloc(count, sizeof(*lines));
	if (!lines)
		return pyprof_error_oom();
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		int32_t line = frames[i]->position.line;
		if (!kept || lines[kept - 1] != line)
			lines[kept++] = line;
	}
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "file");
	pyprof_json_string(json, frames[0]->file);
	struct pyprof_error *err = pyprof_html_source_around(
		report->source, frames[0]->file, lines, kept, json);
	pyprof_json_end_object(json);
	return err;
}

static struct pyprof_error *
put_sources(const struct pyprof_stacks_report *report, struct pyprof_json *json)
{
	size_t count = report->frames.count, start = json->out->length, next;
	struct pyprof_error *err = NULL;
	_cleanup_free_ const struct pyprof_stacks_frame **frames =
		calloc(count + 1, sizeof(*frames));
	if (!frames)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++)
		frames[i] = &report->frames.items[i];
	qsort(frames, count, sizeof(*frames), compare_frames);
	pyprof_json_begin_array(json);
	for (size_t i = 0; !err && i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (frames[next]->file != frames[i]->file)
				break;
		if (report->source && json->out->length - start < SOURCE_MAX)
			err = put_file(report, frames + i, next - i, json);
	}
	pyprof_json_end_array(json);
	return err;
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	pyprof_html_begin("stacks", out);
	pyprof_buf_puts(out, ",\"stacks\":");
	pyprof_stacks_report_json(context, true, &PYPROF_JSON_INIT(out));
	pyprof_buf_puts(out, ",\"states\":");
	put_states(&PYPROF_JSON_INIT(out));
	pyprof_buf_puts(out, ",\"sources\":");
	struct pyprof_error *err = put_sources(context, &PYPROF_JSON_INIT(out));
	pyprof_buf_putc(out, '}');
	return err;
}

static const struct pyprof_html_parts parts = {
	.put_title = put_title,
	.put_text = put_text,
	.put_data = put_data,
};

struct pyprof_error *
pyprof_stacks_report_html(const struct pyprof_stacks_report *report,
			  struct pyprof_buf *out)
{
	return pyprof_html_fill(pyprof_stacks_page, pyprof_stacks_page_size,
				&parts, (void *)report, out);
}
