// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The plugin: one session, and what ties it to GDB.
 *
 * module.c is what Python sees, host.c answers the session's questions,
 * events.c tells it what happens, ticks.c has GDB call us with one thread
 * stopped, run.c lets the process run for a time.
 *
 * GDB is not thread-safe and its Python has a GIL: everything here runs on
 * GDB's main thread, except run.c's timer and wake(), which touch neither.
 */
#ifndef PYPROF_GDB_PLUGIN_H
#define PYPROF_GDB_PLUGIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/command/session.h"
#include "gdb-plugin/py.h"

/** What GDB does with a signal. */
struct pyprof_gdb_handling {
	bool stop, print, pass;
};

/** See ticks.c. */
struct pyprof_gdb_ticks {
	/** 0 when not armed. */
	int signal;
	/** The catchpoint; 0 when there is none. */
	long number;
	/** What the user had, and what we set. */
	struct pyprof_gdb_handling saved, ours;
};

/** See run.c. */
struct pyprof_gdb_run {
	/** When a tick shall stop the process; 0 for never. */
	int64_t deadline;
	/** A tick did. */
	bool expired;
};

struct pyprof_gdb {
	/** The module `gdb`. */
	PyObject *gdb;
	/** NULL from the end of GDB on. */
	struct pyprof_session *session;
	/** The process that the session was told to run, 0 when none does. */
	long running_pid;
	struct pyprof_gdb_ticks ticks;
	struct pyprof_gdb_run run;
	/** pyprof_session_poll() is due. */
	atomic_bool is_poll_due;

	/* What was last handed out by host.c. */
	PYPROF_VEC(struct pyprof_host_thread) threads;
	struct pyprof_buf name, core_path, executable;
};

/* host.c */

extern const struct pyprof_host_ops pyprof_gdb_host_ops;

void pyprof_gdb_host_init(struct pyprof_gdb *plugin);
void pyprof_gdb_host_deinit(struct pyprof_gdb *plugin);

/** Write text to GDB's console; false with an exception set. */
bool pyprof_gdb_write(struct pyprof_gdb *plugin, const char *text,
		      size_t length);
/** The pid of the selected inferior, 0 when there is none. */
long pyprof_gdb_selected_pid(struct pyprof_gdb *plugin);
/** Whether any thread of an inferior runs. */
bool pyprof_gdb_is_running(PyObject *inferior);

/* events.c */

/** Call the functions `on_…` of the module on GDB's events. */
bool pyprof_gdb_events_connect(struct pyprof_gdb *plugin, PyObject *module);

void pyprof_gdb_on_cont(struct pyprof_gdb *plugin, PyObject *event);
void pyprof_gdb_on_stop(struct pyprof_gdb *plugin, PyObject *event);
void pyprof_gdb_on_exited(struct pyprof_gdb *plugin, PyObject *event);
void pyprof_gdb_on_prompt(struct pyprof_gdb *plugin, PyObject *event);
void pyprof_gdb_on_memory_changed(struct pyprof_gdb *plugin, PyObject *event);
void pyprof_gdb_on_breakpoint_deleted(struct pyprof_gdb *plugin,
				      PyObject *event);
/** GDB ends: so does the session. Harmless when called again. */
void pyprof_gdb_on_exiting(struct pyprof_gdb *plugin, PyObject *event);

/* ticks.c */

struct pyprof_error *pyprof_gdb_ticks_arm(struct pyprof_gdb *plugin,
					  int *signal_ret) PYPROF_MUST_CHECK;
void pyprof_gdb_ticks_disarm(struct pyprof_gdb *plugin);
/** GDB's condition of the catchpoint: whether to stop. */
bool pyprof_gdb_tick(struct pyprof_gdb *plugin);

/* run.c */

struct pyprof_error *pyprof_gdb_run_for(struct pyprof_gdb *plugin, int64_t ns)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_GDB_PLUGIN_H */
