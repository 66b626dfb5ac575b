// SPDX-License-Identifier: Apache-2.0
//
// What becomes of the process, noticed by a thread of ours that asks for it.
//
// LLDB's events are no help. While a command is waited for, they go to that
// command alone; and whoever takes one off its queue runs the breakpoint's
// commands, so that a listener of ours would run the user's. When the process
// stands still, the sampler finds out by itself (is_silent in host.h); its end,
// and the next one in its place, are noticed here.
#include <errno.h>
#include <signal.h>

#include "core/base/clock.h"
#include "lldb-plugin/local.h"
#include "lldb-plugin/state.h"

/** How often is asked. */
#define WATCH_EVERY_NS (20 * INT64_C(1000000))

void pyprof_lldb_look(struct pyprof_lldb *plugin)
{
	struct pyprof_session *session = plugin->session;
	if (session->pid && !pyprof_lldb_is_local(session->pid))
		pyprof_session_gone(session);
	if (!session->pid &&
	    pyprof_lldb_is_local(pyprof_sb_pid(plugin->debugger)))
		pyprof_session_resumed(session);
	if (atomic_exchange(&plugin->is_poll_due, false))
		pyprof_session_poll(session);
	if (!pyprof_sb_exists(plugin->debugger))
		pyprof_session_stop(session);
}

static void wait_a_while(struct pyprof_lldb *plugin)
{
	int64_t due = pyprof_clock_ns() + WATCH_EVERY_NS;
	const struct timespec when = {
		.tv_sec = due / PYPROF_NS_PER_SECOND,
		.tv_nsec = due % PYPROF_NS_PER_SECOND,
	};
	pthread_cond_timedwait(&plugin->changed, &plugin->lock, &when);
}

static void *watch(void *arg)
{
	struct pyprof_lldb *plugin = arg;
	pthread_mutex_lock(&plugin->lock);
	while (!plugin->is_ending) {
		if (!plugin->session->armed) {
			pthread_cond_wait(&plugin->changed, &plugin->lock);
			continue;
		}
		pyprof_lldb_look(plugin);
		wait_a_while(plugin);
	}
	pthread_mutex_unlock(&plugin->lock);
	return NULL;
}

struct pyprof_error *pyprof_lldb_watch(struct pyprof_lldb *plugin)
{
	if (plugin->has_watcher) {
		pthread_cond_signal(&plugin->changed);
		return NULL;
	}
	/* LLDB's signals are for LLDB's threads. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&plugin->watcher, NULL, watch, plugin);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed)
		return pyprof_error_os(failed, "cannot start a thread");
	plugin->has_watcher = true;
	return NULL;
}

void pyprof_lldb_watch_end(struct pyprof_lldb *plugin)
{
	pthread_mutex_lock(&plugin->lock);
	plugin->is_ending = true;
	bool has_watcher = plugin->has_watcher;
	pthread_cond_signal(&plugin->changed);
	pthread_mutex_unlock(&plugin->lock);
	if (has_watcher)
		pthread_join(plugin->watcher, NULL);
}
