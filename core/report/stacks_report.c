// SPDX-License-Identifier: Apache-2.0
#include "core/report/stacks_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/** A copy of text in the report; "" once there is no memory. */
static const char *keep(struct pyprof_stacks_report *report, const char *text)
{
	uint32_t id = 0;
	if (!text)
		return NULL;
	struct pyprof_error *err =
		pyprof_strtab_intern(report->strings, text, strlen(text), &id);
	if (err) {
		pyprof_error_destroy(err);
		report->failed = true;
	}
	return pyprof_strtab_get(report->strings, id);
}

struct pyprof_error *
pyprof_stacks_report_init(struct pyprof_stacks_report *report,
			  const struct pyprof_stacks_facts *facts,
			  struct pyprof_source *source)
{
	*report = (struct pyprof_stacks_report){
		.facts = *facts,
		.source = source,
	};
	struct pyprof_error *err = pyprof_strtab_create(&report->strings);
	if (err)
		return err;
	report->facts.program = keep(report, facts->program);
	report->facts.core_path = keep(report, facts->core_path);
	report->facts.python = keep(report, facts->python);
	report->facts.build = keep(report, facts->build);
	report->facts.host = keep(report, facts->host);
	report->facts.debugger = keep(report, facts->debugger);
	return NULL;
}

void pyprof_stacks_report_deinit(struct pyprof_stacks_report *report)
{
	pyprof_vec_deinit(&report->threads);
	pyprof_vec_deinit(&report->frames);
	pyprof_vec_deinit(&report->locals);
	pyprof_vec_deinit(&report->findings);
	pyprof_vec_deinit(&report->edges);
	pyprof_strtab_destroy(report->strings);
	pyprof_source_destroy(report->source);
	*report = (struct pyprof_stacks_report){};
}

void pyprof_stacks_add_thread(struct pyprof_stacks_report *report,
			      const struct pyprof_stacks_thread *thread)
{
	struct pyprof_stacks_thread added = *thread;
	added.name = keep(report, thread->name);
	added.why = keep(report, thread->why);
	added.first_frame = report->frames.count;
	added.frame_count = 0;
	if (!pyprof_vec_push(&report->threads, added))
		report->failed = true;
}

void pyprof_stacks_add_frame(struct pyprof_stacks_report *report,
			     const char *name, const char *qualname,
			     const char *file,
			     const struct pyprof_position *position)
{
	const char *line = "";
	if (report->source)
		line = pyprof_source_line(report->source, file, position->line);
	struct pyprof_stacks_frame frame = {
		.name = keep(report, name),
		.qualname = keep(report, qualname),
		.file = keep(report, file),
		.position = *position,
		.source = keep(report, line + strspn(line, " \t\f")),
		.first_local = report->locals.count,
	};
	if (!report->threads.count || !pyprof_vec_push(&report->frames, frame))
		report->failed = true;
	else
		report->threads.items[report->threads.count - 1].frame_count++;
}

void pyprof_stacks_add_local(struct pyprof_stacks_report *report,
			     const char *name, const char *value)
{
	struct pyprof_stacks_local local = {keep(report, name),
					    keep(report, value)};
	if (!report->frames.count || !pyprof_vec_push(&report->locals, local))
		report->failed = true;
	else
		report->frames.items[report->frames.count - 1].local_count++;
}

void pyprof_stacks_damage_locals(struct pyprof_stacks_report *report)
{
	if (report->frames.count)
		report->frames.items[report->frames.count - 1].locals_damaged =
			true;
}

void pyprof_stacks_add_finding(struct pyprof_stacks_report *report,
			       const char *title, const char *format, ...)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	va_list arguments;
	va_start(arguments, format);
	pyprof_buf_vprintf(&text, format, arguments);
	va_end(arguments);
	struct pyprof_stacks_finding finding = {
		.title = keep(report, title),
		.text = keep(report, text.data),
		.first_edge = report->edges.count,
	};
	if (text.failed || !pyprof_vec_push(&report->findings, finding))
		report->failed = true;
}

void pyprof_stacks_add_edge(struct pyprof_stacks_report *report, size_t waiter,
			    const char *what, size_t holder)
{
	struct pyprof_stacks_edge edge = {waiter, keep(report, what), holder};
	if (!report->findings.count || !pyprof_vec_push(&report->edges, edge))
		report->failed = true;
	else
		report->findings.items[report->findings.count - 1].edge_count++;
}

/*
 * Stacks that are equal.
 */

static int compare_texts(const char *a, const char *b)
{
	return a == b ? 0 : (uintptr_t)a < (uintptr_t)b ? -1 : 1;
}

/** An order in which equal stacks, as they are shown, follow each other. */
static int compare_stacks(const struct pyprof_stacks_report *report,
			  const struct pyprof_stacks_thread *a,
			  const struct pyprof_stacks_thread *b)
{
	if (a->frame_count != b->frame_count)
		return a->frame_count < b->frame_count ? -1 : 1;
	if (a->left_out != b->left_out)
		return a->left_out < b->left_out ? -1 : 1;
	int order = compare_texts(a->why, b->why);
	for (size_t i = 0; !order && i < a->frame_count; i++) {
		const struct pyprof_stacks_frame *x =
			&report->frames.items[a->first_frame + i];
		const struct pyprof_stacks_frame *y =
			&report->frames.items[b->first_frame + i];
		order = memcmp(&x->position, &y->position, sizeof(x->position));
		if (!order)
			order = compare_texts(x->qualname, y->qualname);
		if (!order)
			order = compare_texts(x->file, y->file);
	}
	return order;
}

static int compare_indices(const void *a, const void *b, void *context)
{
	const struct pyprof_stacks_report *report = context;
	const size_t *x = a, *y = b;
	int order = compare_stacks(report, &report->threads.items[*x],
				   &report->threads.items[*y]);
	return order ? order : (*x > *y) - (*x < *y);
}

struct pyprof_error *
pyprof_stacks_report_finish(struct pyprof_stacks_report *report)
{
	struct pyprof_stacks_thread *threads = report->threads.items;
	size_t count = report->threads.count;
	_cleanup_free_ size_t *order = calloc(count + 1, sizeof(*order));
	if (report->failed || !order)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_indices, report);
	for (size_t i = 0; i < count; i++) {
		struct pyprof_stacks_thread *thread = &threads[order[i]];
		bool is_new =
			!i || compare_stacks(report, &threads[order[i - 1]],
					     thread) != 0;
		thread->alike = 0;
		thread->same_as =
			is_new ? order[i] : threads[order[i - 1]].same_as;
		threads[thread->same_as].alike++;
	}
	return NULL;
}

void pyprof_stacks_put_name(const struct pyprof_stacks_thread *thread,
			    struct pyprof_buf *out)
{
	if (thread->number)
		pyprof_buf_printf(out, "thread %d", thread->number);
	else
		pyprof_buf_printf(out, "thread 0x%" PRIx64, thread->ident);
	if (thread->tid)
		pyprof_buf_printf(out, " (tid %d%s%s)", thread->tid,
				  thread->name[0] ? ", " : "", thread->name);
}
