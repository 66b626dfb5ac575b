// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/command/threads.h"
#include "core/command/units.h"
#include "core/cpython/frame.h"
#include "core/cpython/gil.h"
#include "core/cpython/look.h"
#include "core/sampler/state.h"
#include "core/target/linux_task.h"

void pyprof_thread_list_deinit(struct pyprof_thread_list *list)
{
	pyprof_vec_deinit(&list->views);
	pyprof_interps_deinit(&list->interps);
}

static struct pyprof_error *add_python_threads(struct pyprof_python *python,
					       struct pyprof_thread_list *list)
{
	struct pyprof_threads threads = {};
	struct pyprof_error *err = pyprof_threads_read(python, &threads);
	for (size_t i = 0; !err && i < threads.list.count; i++) {
		struct pyprof_thread_view view = {
			.python = threads.list.items[i]};
		if (!pyprof_vec_push(&list->views, view))
			err = pyprof_error_oom();
	}
	pyprof_threads_deinit(&threads);
	return err;
}

/** Add what the target's list of OS threads has: names. */
static struct pyprof_error *add_os_names(struct pyprof_target *target,
					 struct pyprof_thread_list *list)
{
	const struct pyprof_os_thread *threads = NULL;
	size_t count = 0, known = 0;
	struct pyprof_error *err =
		target->ops->threads(target, &threads, &count);
	if (err)
		return err;
	for (size_t i = 0; i < list->views.count; i++) {
		struct pyprof_thread_view *view = &list->views.items[i];
		for (size_t j = 0; j < count; j++) {
			if (threads[j].tid != view->python.tid)
				continue;
			snprintf(view->name, sizeof(view->name), "%s",
				 threads[j].name);
			known++;
			break;
		}
	}
	list->others = count - known;
	return NULL;
}

/** Python's names, where it has some. */
static struct pyprof_error *add_names(const struct pyprof_inspected *inspected,
				      struct pyprof_thread_list *list)
{
	_cleanup_(
		pyprof_thread_names_cleanup) struct pyprof_thread_names *names =
		NULL;
	struct pyprof_error *err = add_os_names(inspected->target, list);
	if (err)
		return err;
	/* What the kernel says will do. */
	_cleanup_error_ struct pyprof_error *unknown =
		pyprof_thread_names_read(inspected->python, &names);
	for (size_t i = 0; names && i < list->views.count; i++) {
		struct pyprof_thread_view *view = &list->views.items[i];
		const char *name = pyprof_thread_name(
			names, view->python.interp_id, view->python.ident);
		if (*name)
			snprintf(view->name, sizeof(view->name), "%s", name);
	}
	return NULL;
}

static struct pyprof_error *add_numbers(struct pyprof_session *session,
					struct pyprof_thread_list *list)
{
	const struct pyprof_host_thread *threads = NULL;
	size_t count = 0;
	struct pyprof_error *err =
		session->ops->threads(session->host, &threads, &count);
	if (err)
		return err;
	for (size_t i = 0; i < list->views.count; i++) {
		struct pyprof_thread_view *view = &list->views.items[i];
		for (size_t j = 0; j < count && view->python.tid; j++) {
			if (threads[j].tid != view->python.tid)
				continue;
			view->number = threads[j].number;
			view->is_selected = threads[j].is_selected;
			break;
		}
	}
	return NULL;
}

static uint64_t gil_of(const struct pyprof_thread_list *list,
		       const struct pyprof_thread_view *view)
{
	for (size_t i = 0; i < list->interps.list.count; i++)
		if (list->interps.list.items[i].address == view->python.interp)
			return list->interps.list.items[i].gil;
	return 0;
}

/** The innermost Python frame of a thread; false when there is none. */
static bool find_top(struct pyprof_inspected *inspected,
		     const struct pyprof_thread_view *view,
		     struct pyprof_frame *ret)
{
	_cleanup_(pyprof_look_cleanup) struct pyprof_look *look = NULL;
	struct pyprof_raw_stack stack = {};
	_cleanup_error_ struct pyprof_error *err =
		pyprof_look_create(inspected->target, &look);
	if (!err)
		err = pyprof_frames_walk(inspected->python, look,
					 view->python.address, &stack);
	bool found = !err && stack.count;
	if (found)
		err = pyprof_frame_decode(inspected->codes, &stack.frames[0],
					  true, ret);
	pyprof_raw_stack_deinit(&stack);
	return found && !err;
}

/** What the kernel says a thread without the GIL does. */
static void add_os_state(struct pyprof_inspected *inspected, uint64_t gil,
			 bool is_running, const struct pyprof_frame *top,
			 struct pyprof_thread_view *view)
{
	struct pyprof_task task;
	struct pyprof_task_state os;
	pyprof_task_init(&task, inspected->pid, view->python.tid);
	struct pyprof_error *err =
		pyprof_task_state(&task, inspected->pid, &os);
	pyprof_task_deinit(&task);
	if (err) {
		/* It has just ended, or may not be asked. */
		pyprof_error_destroy(err);
		return;
	}
	/* A stopped process is never on a CPU: in no call, it ran. */
	if (!is_running && os.syscall < 0)
		os.running = true;
	view->state =
		pyprof_state_outside(&inspected->python->layout, &os, gil, top);
	view->has_state = true;
}

static void add_state(struct pyprof_inspected *inspected, uint64_t gil,
		      bool is_running, struct pyprof_thread_view *view)
{
	struct pyprof_frame frame;
	const struct pyprof_frame *top =
		find_top(inspected, view, &frame) ? &frame : NULL;
	if (view->has_gil) {
		view->state =
			pyprof_state_inside(&inspected->python->layout, top);
		view->has_state = true;
	} else if (!inspected->core_path && view->python.tid) {
		add_os_state(inspected, gil, is_running, top, view);
	}
}

static struct pyprof_error *add_states(struct pyprof_inspected *inspected,
				       struct pyprof_thread_list *list)
{
	for (size_t i = 0; i < list->views.count; i++) {
		struct pyprof_thread_view *view = &list->views.items[i];
		uint64_t address = gil_of(list, view);
		struct pyprof_gil gil = {};
		if (address) {
			struct pyprof_error *err = pyprof_gil_read(
				inspected->python, address, &gil);
			if (err)
				return err;
		}
		view->has_gil = gil.holder == view->python.address;
		add_state(inspected, address, list->is_running, view);
	}
	return NULL;
}

/** By the debugger's numbers, then by the kernel's. */
static int compare(const void *a, const void *b)
{
	const struct pyprof_thread_view *x = a, *y = b;
	int64_t xn = x->number ? x->number : INT32_MAX;
	int64_t yn = y->number ? y->number : INT32_MAX;
	if (xn != yn)
		return xn < yn ? -1 : 1;
	return (x->python.tid > y->python.tid) -
	       (x->python.tid < y->python.tid);
}

struct pyprof_error *pyprof_thread_list_read(struct pyprof_session *session,
					     struct pyprof_inspected *inspected,
					     struct pyprof_thread_list *list)
{
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	list->is_running =
		inferior.kind == PYPROF_INFERIOR_LOCAL && inferior.is_running;
	if (!err)
		err = pyprof_interps_read(inspected->python, &list->interps);
	if (!err)
		err = add_python_threads(inspected->python, list);
	if (!err)
		err = add_names(inspected, list);
	if (!err)
		err = add_numbers(session, list);
	if (!err)
		err = add_states(inspected, list);
	if (err)
		return err;
	if (list->views.count)
		qsort(list->views.items, list->views.count,
		      sizeof(*list->views.items), compare);
	return NULL;
}

static const struct pyprof_thread_view *
find_default(const struct pyprof_thread_list *list)
{
	const struct pyprof_thread_view *found = NULL;
	for (size_t i = 0; i < list->views.count; i++) {
		const struct pyprof_thread_view *view = &list->views.items[i];
		if (view->is_selected)
			return view;
		if (!found || (view->python.is_main && !found->python.is_main))
			found = view;
	}
	return found;
}

static const struct pyprof_thread_view *
find_number(const struct pyprof_thread_list *list, int64_t number)
{
	const struct pyprof_thread_view *found = NULL;
	for (size_t i = 0; i < list->views.count; i++) {
		const struct pyprof_thread_view *view = &list->views.items[i];
		if (number && view->number == number)
			return view;
		if (number && view->python.tid == number)
			found = view;
	}
	return found;
}

struct pyprof_error *
pyprof_thread_list_find(const struct pyprof_thread_list *list, const char *spec,
			const struct pyprof_thread_view **ret)
{
	const struct pyprof_thread_view *found = NULL;
	int64_t number = 0;
	if (!spec) {
		found = find_default(list);
	} else if (strcmp(spec, "main") == 0) {
		for (size_t i = 0; i < list->views.count && !found; i++)
			if (list->views.items[i].python.is_main)
				found = &list->views.items[i];
	} else {
		struct pyprof_error *err = pyprof_parse_integer(spec, &number);
		if (err) {
			pyprof_error_destroy(err);
			return pyprof_error_create(
				PYPROF_ERROR_USAGE,
				"%.60s is not a thread; write all, main or a "
				"number",
				spec);
		}
		found = find_number(list, number);
	}
	if (!found)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "there is no Python thread%s%.60s; "
					   "pyprof threads lists "
					   "them",
					   spec ? " " : "", spec ? spec : "");
	*ret = found;
	return NULL;
}

void pyprof_thread_view_name(const struct pyprof_thread_view *view,
			     struct pyprof_buf *out)
{
	if (view->number)
		pyprof_buf_printf(out, "thread %d", view->number);
	else
		pyprof_buf_printf(out, "thread 0x%" PRIx64, view->python.ident);
	if (view->python.tid)
		pyprof_buf_printf(out, " (tid %d%s%s)", view->python.tid,
				  view->name[0] ? ", " : "", view->name);
}

const char *pyprof_thread_view_state(const struct pyprof_thread_view *view)
{
	return view->has_state ? pyprof_states[view->state].text : "unknown";
}
