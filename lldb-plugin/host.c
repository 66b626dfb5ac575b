// SPDX-License-Identifier: Apache-2.0
//
// Answers to what the session asks of its debugger.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lldb-plugin/local.h"
#include "lldb-plugin/state.h"

/** More threads than this are not numbered. */
#define THREADS_MAX 100000

void pyprof_lldb_host_init(struct pyprof_lldb *plugin)
{
	pyprof_buf_init(&plugin->notices);
	pyprof_buf_init(&plugin->name);
	pyprof_buf_init(&plugin->core_path);
	pyprof_buf_init(&plugin->executable);
}

static const char *name(void *host)
{
	struct pyprof_lldb *plugin = host;
	pyprof_buf_clear(&plugin->name);
	pyprof_buf_puts(&plugin->name, "lldb ");
	pyprof_sb_version(&plugin->name);
	return plugin->name.data;
}

/** The watcher must not wait for LLDB, which may be waiting for it. */
static void look_without_lock(struct pyprof_lldb *plugin,
			      struct pyprof_inferior *ret)
{
	int32_t pid = pyprof_sb_pid(plugin->debugger);
	*ret = (struct pyprof_inferior){
		.kind = pyprof_lldb_is_local(pid) ? PYPROF_INFERIOR_LOCAL
						  : PYPROF_INFERIOR_NONE,
		.pid = pid,
	};
}

static struct pyprof_error *inferior(void *host, struct pyprof_inferior *ret)
{
	struct pyprof_lldb *plugin = host;
	struct pyprof_inferior found = {.kind = PYPROF_INFERIOR_NONE};
	if (!plugin->commands) {
		look_without_lock(plugin, ret);
		return NULL;
	}
	struct pyprof_sb_process process = {};
	pyprof_sb_process(plugin->debugger, &process);
	found.pid = process.pid;
	if (process.kind == PYPROF_SB_LIVE) {
		found.kind = pyprof_lldb_is_local(process.pid)
				     ? PYPROF_INFERIOR_LOCAL
				     : PYPROF_INFERIOR_REMOTE;
		found.is_running = process.is_running ||
				   (found.kind == PYPROF_INFERIOR_LOCAL &&
				    pyprof_lldb_is_running(process.pid));
	} else if (process.kind == PYPROF_SB_CORE) {
		found.kind = PYPROF_INFERIOR_CORE;
		pyprof_buf_clear(&plugin->core_path);
		if (pyprof_lldb_core_path(plugin->debugger, process.pid,
					  &plugin->core_path))
			found.core_path = plugin->core_path.data;
	}
	pyprof_buf_clear(&plugin->executable);
	if (pyprof_sb_executable(plugin->debugger, &plugin->executable))
		found.executable = plugin->executable.data;
	*ret = found;
	return NULL;
}

static struct pyprof_error *
threads(void *host, const struct pyprof_host_thread **ret, size_t *count_ret)
{
	struct pyprof_lldb *plugin = host;
	plugin->threads.count = 0;
	size_t there = pyprof_sb_threads(plugin->debugger, NULL, 0);
	if (there > THREADS_MAX)
		there = THREADS_MAX;
	plugin->sb_threads.count = 0;
	if (!pyprof_vec_reserve(&plugin->sb_threads, there))
		return pyprof_error_oom();
	size_t count = pyprof_sb_threads(plugin->debugger,
					 plugin->sb_threads.items, there);
	for (size_t i = 0; i < count && i < there; i++) {
		const struct pyprof_sb_thread *thread =
			&plugin->sb_threads.items[i];
		if (!pyprof_vec_push(&plugin->threads,
				     (struct pyprof_host_thread){
					     .tid = thread->tid,
					     .number = thread->number,
					     .is_selected = thread->is_selected,
				     }))
			return pyprof_error_oom();
	}
	*ret = plugin->threads.items;
	*count_ret = plugin->threads.count;
	return NULL;
}

static struct pyprof_error *run_for(void *host, int64_t ns)
{
	return pyprof_lldb_run_for(host, ns);
}

/* Between commands the prompt is the user's: nothing is written over it. */
static void print(void *host, const char *text)
{
	struct pyprof_lldb *plugin = host;
	if (plugin->commands)
		pyprof_sb_print(plugin->debugger, text, strlen(text));
	else
		pyprof_buf_puts(&plugin->notices, text);
}

static unsigned width(void *host)
{
	struct pyprof_lldb *plugin = host;
	return isatty(STDOUT_FILENO) ? pyprof_sb_width(plugin->debugger) : 0;
}

static bool colour(void *host)
{
	struct pyprof_lldb *plugin = host;
	const char *forbidden = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !(forbidden && *forbidden) &&
	       pyprof_sb_colour(plugin->debugger);
}

static bool is_terminal(void *host)
{
	(void)host;
	const char *kind = getenv("TERM");
	return kind && *kind && strcmp(kind, "dumb") != 0 &&
	       isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool interrupted(void *host)
{
	struct pyprof_lldb *plugin = host;
	return pyprof_sb_interrupted(plugin->debugger);
}

static void wake(void *host)
{
	struct pyprof_lldb *plugin = host;
	atomic_store(&plugin->is_poll_due, true);
}

const struct pyprof_host_ops pyprof_lldb_host_ops = {
	.is_silent = true,
	.name = name,
	.inferior = inferior,
	.threads = threads,
	.run_for = run_for,
	.print = print,
	.is_terminal = is_terminal,
	.interrupted = interrupted,
	.width = width,
	.colour = colour,
	.wake = wake,
};
