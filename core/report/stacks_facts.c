// SPDX-License-Identifier: Apache-2.0
//
// What is plain to see in a report of stacks.
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/show.h"
#include "core/report/stacks_report.h"

/** GILs and crowded lines that there are facts of. */
#define GILS 16
#define CROWDS 3

/** The different GILs, each with the first thread that needs it. */
static size_t find_gils(const struct pyprof_stacks_report *report,
			const struct pyprof_stacks_thread *found[GILS])
{
	size_t count = 0;
	for (size_t i = 0; i < report->threads.count && count < GILS; i++) {
		const struct pyprof_stacks_thread *thread =
			&report->threads.items[i];
		bool is_known = !thread->gil;
		for (size_t j = 0; j < count && !is_known; j++)
			is_known = found[j]->gil == thread->gil;
		if (!is_known)
			found[count++] = thread;
	}
	return count;
}

static bool is_waiting(const struct pyprof_stacks_thread *thread)
{
	return thread->has_state && thread->state == PYPROF_STATE_WAIT_GIL;
}

static void add_gil(struct pyprof_stacks_report *report, uint64_t gil,
		    const char *name)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	size_t holder = PYPROF_STACKS_NOBODY, waiters = 0;
	for (size_t i = 0; i < report->threads.count; i++) {
		const struct pyprof_stacks_thread *thread =
			&report->threads.items[i];
		waiters += thread->gil == gil && is_waiting(thread);
		if (thread->gil == gil && thread->has_gil)
			holder = i;
	}
	if (holder == PYPROF_STACKS_NOBODY) {
		pyprof_buf_printf(&text, "no Python thread holds %s", name);
	} else {
		pyprof_buf_printf(&text, "%s is held by ", name);
		pyprof_stacks_put_name(&report->threads.items[holder], &text);
	}
	if (waiters) {
		pyprof_buf_puts(&text, "; ");
		pyprof_show_count(&text, waiters, "thread");
		pyprof_buf_puts(&text, waiters == 1 ? " waits for it"
						    : " wait for it");
	}
	pyprof_stacks_add_finding(report, "", "%s", text.data);
	for (size_t i = 0; i < report->threads.count; i++)
		if (report->threads.items[i].gil == gil &&
		    is_waiting(&report->threads.items[i]))
			pyprof_stacks_add_edge(report, i, name, holder);
}

static void add_gils(struct pyprof_stacks_report *report)
{
	const struct pyprof_stacks_thread *found[GILS];
	size_t count = find_gils(report, found);
	for (size_t i = 0; i < count; i++) {
		_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
		pyprof_buf_puts(&name, "the GIL");
		if (count > 1)
			pyprof_buf_printf(&name, " of interpreter %" PRId64,
					  found[i]->interpreter);
		add_gil(report, found[i]->gil, name.data);
	}
}

/*
 * Lines at which more than one thread stands.
 */

struct crowd {
	const struct pyprof_stacks_frame *top;
	size_t count;
};

static int compare_addresses(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/** By file, line and function. */
static int compare_tops(const void *a, const void *b)
{
	const struct pyprof_stacks_frame *x = ((const struct crowd *)a)->top;
	const struct pyprof_stacks_frame *y = ((const struct crowd *)b)->top;
	int order = compare_addresses(x->file, y->file);
	if (!order)
		order = (x->position.line > y->position.line) -
			(x->position.line < y->position.line);
	return order ? order : compare_addresses(x->qualname, y->qualname);
}

/** The biggest first, then in the order of threads. */
static int compare_crowds(const void *a, const void *b)
{
	const struct crowd *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return compare_addresses(x->top, y->top);
}

static void add_crowd(struct pyprof_stacks_report *report,
		      const struct crowd *crowd)
{
	_cleanup_buf_ struct pyprof_buf count = PYPROF_BUF_INIT;
	pyprof_show_grouped(&count, crowd->count);
	pyprof_stacks_add_finding(
		report, "", "%s threads stand at %s:%d, in %s", count.data,
		crowd->top->file, crowd->top->position.line,
		crowd->top->qualname);
}

static void add_crowds(struct pyprof_stacks_report *report)
{
	size_t count = 0, crowds = 0;
	_cleanup_free_ struct crowd *tops =
		calloc(report->threads.count + 1, sizeof(*tops));
	if (!tops) {
		report->failed = true;
		return;
	}
	for (size_t i = 0; i < report->threads.count; i++) {
		const struct pyprof_stacks_thread *thread =
			&report->threads.items[i];
		const struct pyprof_stacks_frame *top =
			&report->frames.items[thread->first_frame];
		if (thread->frame_count && top->position.line > 0)
			tops[count++] = (struct crowd){top, 1};
	}
	qsort(tops, count, sizeof(*tops), compare_tops);
	for (size_t i = 0; i < count; i++) {
		bool is_same =
			crowds && !compare_tops(&tops[crowds - 1], &tops[i]);
		if (!is_same)
			tops[crowds++] = tops[i];
		else if (tops[i].top < tops[crowds - 1].top)
			tops[crowds - 1].top = tops[i].top;
		tops[crowds - 1].count += is_same;
	}
	qsort(tops, crowds, sizeof(*tops), compare_crowds);
	for (size_t i = 0; i < crowds && i < CROWDS && tops[i].count > 1; i++)
		add_crowd(report, &tops[i]);
}

struct pyprof_error *
pyprof_stacks_add_facts(struct pyprof_stacks_report *report)
{
	if (!report->facts.is_whole || report->facts.is_running)
		return NULL;
	add_gils(report);
	add_crowds(report);
	return report->failed ? pyprof_error_oom() : NULL;
}
