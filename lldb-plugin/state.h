// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the plugin keeps for one debugger; for the C files of this folder.
 */
#ifndef PYPROF_LLDB_PLUGIN_STATE_H
#define PYPROF_LLDB_PLUGIN_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/vec.h"
#include "core/command/session.h"
#include "lldb-plugin/plugin.h"
#include "lldb-plugin/sb.h"

struct pyprof_lldb {
	/** The next one; the list is guarded by a lock of its own. */
	struct pyprof_lldb *next;
	uint64_t debugger;

	/** Recursive: a command that resumes the process may have LLDB run
	 * another one. */
	pthread_mutex_t lock;
	/** NULL from the end of LLDB on. */
	struct pyprof_session *session;
	/** How many commands are being run, one inside the other. */
	unsigned commands;
	/** The process as the last command found it. */
	struct pyprof_sb_process seen;

	/** See watch.c. */
	pthread_t watcher;
	bool has_watcher, is_ending;
	pthread_cond_t changed;
	/** pyprof_session_poll() is due. */
	atomic_bool is_poll_due;
	/** What happened while no command ran, for the next one to tell. */
	struct pyprof_buf notices;

	/* What was last handed out by host.c. */
	PYPROF_VEC(struct pyprof_sb_thread) sb_threads;
	PYPROF_VEC(struct pyprof_host_thread) threads;
	struct pyprof_buf name, core_path, executable;
};

/* host.c */

extern const struct pyprof_host_ops pyprof_lldb_host_ops;

void pyprof_lldb_host_init(struct pyprof_lldb *plugin);
void pyprof_lldb_host_deinit(struct pyprof_lldb *plugin);

/* core_path.c */

/** Append the path of the core file that LLDB looks at; false when it cannot be
 * told. `pid` is of the process that it is of. */
bool pyprof_lldb_core_path(uint64_t debugger, int32_t pid,
			   struct pyprof_buf *path);

/* watch.c */

/** Tell the session what has become of the process. */
void pyprof_lldb_look(struct pyprof_lldb *plugin);

/** Watch the process from now on, as long as it is sampled. */
struct pyprof_error *pyprof_lldb_watch(struct pyprof_lldb *plugin)
	PYPROF_MUST_CHECK;
/** End the thread. The lock is not held. */
void pyprof_lldb_watch_end(struct pyprof_lldb *plugin);

/* run.c */

struct pyprof_error *pyprof_lldb_run_for(struct pyprof_lldb *plugin, int64_t ns)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_LLDB_PLUGIN_STATE_H */
