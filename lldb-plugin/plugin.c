// SPDX-License-Identifier: Apache-2.0
#include "lldb-plugin/plugin.h"

#include <stdlib.h>

#include "core/command/command.h"
#include "lldb-plugin/state.h"

/** All debuggers' plugins, to end with LLDB. */
static struct pyprof_lldb *plugins;
static pthread_mutex_t plugins_lock = PTHREAD_MUTEX_INITIALIZER;

static void init_locks(struct pyprof_lldb *plugin)
{
	pthread_mutexattr_t recursive;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&plugin->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&plugin->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct pyprof_error *pyprof_lldb_create(uint64_t debugger,
					struct pyprof_lldb **ret)
{
	struct pyprof_lldb *plugin = calloc(1, sizeof(*plugin));
	if (!plugin)
		return pyprof_error_oom();
	struct pyprof_error *err = pyprof_session_create(
		&pyprof_lldb_host_ops, plugin, &plugin->session);
	if (err) {
		free(plugin);
		return err;
	}
	plugin->debugger = debugger;
	init_locks(plugin);
	pyprof_lldb_host_init(plugin);
	pthread_mutex_lock(&plugins_lock);
	plugin->next = plugins;
	plugins = plugin;
	pthread_mutex_unlock(&plugins_lock);
	*ret = plugin;
	return NULL;
}

/**
 * LLDB ends. Commands may be on their way still, in other threads: what they
 * use stays.
 */
__attribute__((__destructor__)) static void end_all(void)
{
	for (struct pyprof_lldb *plugin = plugins; plugin;
	     plugin = plugin->next) {
		pyprof_lldb_watch_end(plugin);
		pthread_mutex_lock(&plugin->lock);
		struct pyprof_session *session = plugin->session;
		plugin->session = NULL;
		pyprof_session_destroy(session);
		pthread_mutex_unlock(&plugin->lock);
	}
}

/** Tell the session when the process has run since the last command. */
static void notice_changes(struct pyprof_lldb *plugin)
{
	struct pyprof_sb_process now = {}, *seen = &plugin->seen;
	pyprof_sb_process(plugin->debugger, &now);
	if (now.kind != seen->kind || now.pid != seen->pid ||
	    now.is_running != seen->is_running || now.stop_id != seen->stop_id)
		pyprof_session_changed(plugin->session);
	*seen = now;
}

static struct pyprof_error *run(struct pyprof_lldb *plugin,
				const char *const *words, size_t count,
				struct pyprof_buf *out)
{
	notice_changes(plugin);
	if (plugin->session->armed)
		pyprof_lldb_look(plugin);
	if (plugin->notices.length) {
		pyprof_buf_append(out, plugin->notices.data,
				  plugin->notices.length);
		pyprof_buf_clear(&plugin->notices);
	}
	struct pyprof_error *err =
		pyprof_command_run_words(plugin->session, words, count, out);
	if (plugin->session->armed && !err)
		err = pyprof_lldb_watch(plugin);
	return err;
}

struct pyprof_error *pyprof_lldb_run(struct pyprof_lldb *plugin,
				     const char *const *words, size_t count,
				     struct pyprof_buf *out)
{
	struct pyprof_error *err = NULL;
	pthread_mutex_lock(&plugin->lock);
	plugin->commands++;
	if (plugin->session)
		err = run(plugin, words, count, out);
	plugin->commands--;
	pthread_mutex_unlock(&plugin->lock);
	return err;
}
