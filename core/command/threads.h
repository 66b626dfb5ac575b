// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Threads as users see and name them: Python's thread states joined with the
 * debugger's numbers and what the kernel says.
 */
#ifndef PYPROF_COMMAND_THREADS_H
#define PYPROF_COMMAND_THREADS_H

#include "core/base/vec.h"
#include "core/command/session.h"
#include "core/cpython/thread.h"
#include "core/cpython/thread_names.h"

/** One Python thread. */
struct pyprof_thread_view {
	struct pyprof_thread python;
	/** The debugger's number, 0 when it has none. */
	int32_t number;
	bool is_selected;
	/** Python's name for it, else the kernel's; "" when unknown. */
	char name[PYPROF_THREAD_NAME_MAX];
	bool has_gil;
	/** What it does, when that is known. */
	bool has_state;
	enum pyprof_state state;
};

struct pyprof_thread_list {
	PYPROF_VEC(struct pyprof_thread_view) views;
	struct pyprof_interps interps;
	/** OS threads that are no Python threads. */
	size_t others;
	/** The process runs, and goes on while it is looked at. */
	bool is_running;
};

/** Zero-initialise; pyprof_thread_list_deinit() in any case. */
struct pyprof_error *pyprof_thread_list_read(struct pyprof_session *session,
					     struct pyprof_inspected *inspected,
					     struct pyprof_thread_list *list)
	PYPROF_MUST_CHECK;
void pyprof_thread_list_deinit(struct pyprof_thread_list *list);

/**
 * The thread that `spec` names: "main", the debugger's number, or the OS id;
 * NULL for the selected one, or the main one when that runs no Python.
 */
struct pyprof_error *
pyprof_thread_list_find(const struct pyprof_thread_list *list, const char *spec,
			const struct pyprof_thread_view **ret)
	PYPROF_MUST_CHECK;

/** "thread 2 (tid 4243, worker)"; without what is not known. */
void pyprof_thread_view_name(const struct pyprof_thread_view *view,
			     struct pyprof_buf *out);
/** "waiting for a lock", "unknown". */
const char *pyprof_thread_view_state(const struct pyprof_thread_view *view);

/**
 * The OS id of a thread given as "main", the debugger's number of it, or the
 * OS id itself; 0 for "all". USAGE when there is no such thread. Works without
 * an interpreter.
 */
struct pyprof_error *pyprof_threads_select(struct pyprof_session *session,
					   const char *spec, int32_t *ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_THREADS_H */
