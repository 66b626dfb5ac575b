// SPDX-License-Identifier: Apache-2.0
//
// Letting the process run for a time: `continue` in the foreground, and a
// timer, a thread of ours, that sends a tick when the time has come. The tick
// then tells GDB to stop, by commands that say nothing.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "gdb-plugin/plugin.h"

/** How long one tick is waited for until another is sent. */
#define TICK_PATIENCE_NS (PYPROF_NS_PER_SECOND / 20)
/** How many are sent until GDB is interrupted as if by Ctrl-C. */
#define TICKS_MAX 100

struct timer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/** Guarded by `lock`: the process stands still. */
	bool is_done;
	int64_t deadline;
	long pid;
	/** 0 when ticks could not be armed. */
	int signal;
};

/** Wait until `time` has come; false when the timer is done with before. */
static bool wait_until(struct timer *timer, int64_t time)
{
	const struct timespec when = {
		.tv_sec = time / PYPROF_NS_PER_SECOND,
		.tv_nsec = time % PYPROF_NS_PER_SECOND,
	};
	int err = 0;
	while (!timer->is_done && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&timer->changed, &timer->lock,
					     &when);
	return !timer->is_done;
}

/** The `n`th thread of a process, beginning anew behind the last. */
static long nth_thread(long pid, unsigned n)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	long tid = pid;
	for (unsigned seen = 0; seen <= n;) {
		DIR *folder = opendir(path);
		if (!folder)
			return pid;
		unsigned before = seen;
		struct dirent *entry;
		while (seen <= n && (entry = readdir(folder)))
			if (entry->d_name[0] != '.') {
				tid = strtol(entry->d_name, NULL, 10);
				seen++;
			}
		closedir(folder);
		if (seen == before)
			return pid;
	}
	return tid;
}

/**
 * The timer. The main thread gets the first tick; it may have ended, or may
 * block the signal, so the others follow in turn.
 */
static void *run_timer(void *arg)
{
	struct timer *timer = arg;
	pthread_mutex_lock(&timer->lock);
	bool goes_on = wait_until(timer, timer->deadline);
	for (unsigned i = 0; goes_on && timer->signal && i < TICKS_MAX; i++) {
		long tid = i ? nth_thread(timer->pid, i) : timer->pid;
		syscall(SYS_tgkill, timer->pid, tid, timer->signal);
		goes_on =
			wait_until(timer, pyprof_clock_ns() + TICK_PATIENCE_NS);
	}
	/* Ctrl-C works for any target, but not without a message. */
	if (goes_on)
		kill(getpid(), SIGINT);
	pthread_mutex_unlock(&timer->lock);
	return NULL;
}

static struct pyprof_error *timer_start(struct timer *timer)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&timer->lock, NULL);
	pthread_cond_init(&timer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* GDB's signals are for GDB's main thread. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&timer->thread, NULL, run_timer, timer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed)
		return pyprof_error_os(failed, "cannot start a timer");
	return NULL;
}

static void timer_end(struct timer *timer)
{
	pthread_mutex_lock(&timer->lock);
	timer->is_done = true;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	pthread_join(timer->thread, NULL);
	pthread_cond_destroy(&timer->changed);
	pthread_mutex_destroy(&timer->lock);
}

static struct pyprof_error *resume(struct pyprof_gdb *plugin,
				   struct timer *timer)
{
	struct pyprof_error *err = timer_start(timer);
	if (err)
		return err;
	plugin->run = (struct pyprof_gdb_run){.deadline = timer->deadline};
	err = pyprof_py_execute(plugin->gdb, NULL, "continue");
	timer_end(timer);
	plugin->run.deadline = 0;
	return err;
}

struct pyprof_error *pyprof_gdb_run_for(struct pyprof_gdb *plugin, int64_t ns)
{
	struct timer timer = {
		.deadline = pyprof_clock_ns() + ns,
		.pid = pyprof_gdb_selected_pid(plugin),
	};
	bool was_armed = plugin->ticks.signal;
	_cleanup_error_ struct pyprof_error *unarmed =
		pyprof_gdb_ticks_arm(plugin, &timer.signal);
	long number = plugin->ticks.number;
	if (number)
		pyprof_py_execute_quietly(plugin->gdb,
					  "commands %ld\nsilent\nend", number);
	struct pyprof_error *err = resume(plugin, &timer);
	/* Else GDB would give the tick to the program when it goes on. */
	if (plugin->run.expired)
		pyprof_py_execute_quietly(plugin->gdb, "queue-signal 0");
	if (plugin->ticks.number && was_armed)
		pyprof_py_execute_quietly(plugin->gdb, "commands %ld\nend",
					  plugin->ticks.number);
	if (!was_armed)
		pyprof_gdb_ticks_disarm(plugin);
	return err;
}
