// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "core/base/show.h"
#include "core/report/stacks_report.h"

/** Threads that are listed of those with equal stacks. */
#define LISTED 20

/** Append text of the target's on one line, without control characters. */
static void put_plain(struct pyprof_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		pyprof_buf_putc(out, c < 0x20 || c == 0x7f ? '?' : *text);
	}
}

static void put_source(const struct pyprof_stacks_frame *frame,
		       const char *indent, struct pyprof_buf *out)
{
	if (!*frame->source)
		return;
	pyprof_buf_puts(out, indent);
	put_plain(out, frame->source);
	pyprof_buf_putc(out, '\n');
}

static void put_locals(const struct pyprof_stacks_report *report,
		       const struct pyprof_stacks_frame *frame,
		       struct pyprof_buf *out)
{
	for (size_t i = 0; i < frame->local_count; i++) {
		const struct pyprof_stacks_local *local =
			&report->locals.items[frame->first_local + i];
		pyprof_buf_puts(out, "        ");
		put_plain(out, local->name);
		pyprof_buf_puts(out, " = ");
		put_plain(out, local->value);
		pyprof_buf_putc(out, '\n');
	}
	if (frame->locals_damaged)
		pyprof_buf_puts(out, "# variables of this frame are damaged\n");
}

static void put_frame(const struct pyprof_stacks_frame *frame, size_t number,
		      struct pyprof_buf *out)
{
	pyprof_buf_printf(out, "#%-3zu", number);
	put_plain(out, frame->qualname);
	pyprof_buf_puts(out, " (");
	put_plain(out, frame->file);
	if (frame->position.line > 0)
		pyprof_buf_printf(out, ":%d", frame->position.line);
	pyprof_buf_puts(out, ")\n");
	put_source(frame, "        ", out);
}

static void put_traceback_frame(const struct pyprof_stacks_frame *frame,
				struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "  File \"");
	put_plain(out, frame->file);
	pyprof_buf_puts(out, "\", line ");
	if (frame->position.line > 0)
		pyprof_buf_printf(out, "%d", frame->position.line);
	else
		pyprof_buf_putc(out, '?');
	pyprof_buf_puts(out, ", in ");
	put_plain(out, frame->name);
	pyprof_buf_putc(out, '\n');
	put_source(frame, "    ", out);
}

static void put_header(const struct pyprof_stacks_thread *thread,
		       struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "# ");
	pyprof_stacks_put_name(thread, out);
	if (thread->is_main)
		pyprof_buf_puts(out, ", main");
	if (thread->interpreter)
		pyprof_buf_printf(out, ", interpreter %" PRId64,
				  thread->interpreter);
	/* Where the state says so itself, once is enough. */
	bool tell_gil =
		thread->has_gil && thread->state != PYPROF_STATE_NATIVE_GIL;
	pyprof_buf_printf(out, ": %s%s\n",
			  thread->has_state ? pyprof_states[thread->state].text
					    : "unknown",
			  tell_gil ? ", holds the GIL" : "");
}

/** Say what is not shown: frames beyond the limit, and a stack's bad end. */
static void put_rest(const struct pyprof_stacks_thread *thread,
		     struct pyprof_buf *out)
{
	if (thread->left_out) {
		pyprof_buf_puts(out, "# and ");
		pyprof_show_count(out, thread->left_out, "older frame");
		pyprof_buf_putc(out, '\n');
	}
	if (*thread->why)
		pyprof_buf_printf(out, "# the stack ends here: %s\n",
				  thread->why);
	else if (!thread->frame_count && !thread->left_out)
		pyprof_buf_puts(out, "# no Python frames\n");
}

static void put_frames(const struct pyprof_stacks_report *report,
		       const struct pyprof_stacks_thread *thread,
		       struct pyprof_buf *out)
{
	for (size_t i = 0; i < thread->frame_count; i++) {
		const struct pyprof_stacks_frame *frame =
			&report->frames.items[thread->first_frame + i];
		put_frame(frame, i, out);
		put_locals(report, frame, out);
	}
	put_rest(thread, out);
}

static void put_traceback(const struct pyprof_stacks_report *report,
			  const struct pyprof_stacks_thread *thread,
			  struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "Traceback (most recent call last):\n");
	put_rest(thread, out);
	for (size_t i = thread->frame_count; i-- > 0;) {
		const struct pyprof_stacks_frame *frame =
			&report->frames.items[thread->first_frame + i];
		put_traceback_frame(frame, out);
		put_locals(report, frame, out);
	}
}

/** The headers of all that have the stack of the thread at `first`. */
static void put_headers(const struct pyprof_stacks_report *report, size_t first,
			struct pyprof_buf *out)
{
	const struct pyprof_stacks_thread *threads = report->threads.items;
	size_t listed = 0, alike = threads[first].alike;
	for (size_t i = first; listed < LISTED && listed < alike; i++) {
		if (threads[i].same_as != first)
			continue;
		put_header(&threads[i], out);
		listed++;
	}
	if (listed == alike)
		return;
	pyprof_buf_puts(out, "# and ");
	pyprof_show_count(out, alike - listed, "more thread");
	pyprof_buf_puts(out, " with the same stack\n");
}

static void put_findings(const struct pyprof_stacks_report *report,
			 struct pyprof_buf *out)
{
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct pyprof_stacks_finding *finding =
			&report->findings.items[i];
		pyprof_buf_puts(out, "# ");
		put_plain(out, finding->title);
		pyprof_buf_puts(out, *finding->title ? ": " : "");
		put_plain(out, finding->text);
		pyprof_buf_putc(out, '\n');
	}
}

void pyprof_stacks_report_text(const struct pyprof_stacks_report *report,
			       enum pyprof_stacks_style style,
			       struct pyprof_buf *out)
{
	bool is_grouped =
		style == PYPROF_STACKS_GROUPED && !report->facts.has_locals;
	bool is_first = !report->findings.count;
	if (report->facts.is_running)
		pyprof_buf_puts(out,
				"# the process runs: stacks are read while "
				"they change\n");
	put_findings(report, out);
	for (size_t i = 0; i < report->threads.count; i++) {
		const struct pyprof_stacks_thread *thread =
			&report->threads.items[i];
		if (is_grouped && thread->same_as != i)
			continue;
		if (!is_first)
			pyprof_buf_putc(out, '\n');
		is_first = false;
		if (is_grouped)
			put_headers(report, i, out);
		else
			put_header(thread, out);
		if (style == PYPROF_STACKS_TRACEBACK)
			put_traceback(report, thread, out);
		else
			put_frames(report, thread, out);
	}
}
