// SPDX-License-Identifier: Apache-2.0
//
// Letting the process run for a time: `continue` in the foreground, and a
// timer, a thread of ours, that sends a tick when the time has come. The tick
// then tells GDB to stop, by commands that say nothing.
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/timer.h"
#include "gdb-plugin/plugin.h"

/** How long one tick is waited for until another is sent. */
#define TICK_PATIENCE_NS (PYPROF_NS_PER_SECOND / 20)
/** How many are sent until GDB is interrupted as if by Ctrl-C. */
#define TICKS_MAX 100

struct run {
	int64_t deadline;
	long pid;
	/** 0 when ticks could not be armed. */
	int signal;
};

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
static void end_in_time(struct pyprof_timer *timer, void *arg)
{
	const struct run *run = arg;
	bool goes_on = pyprof_timer_wait_until(timer, run->deadline);
	for (unsigned i = 0; goes_on && run->signal && i < TICKS_MAX; i++) {
		long tid = i ? nth_thread(run->pid, i) : run->pid;
		syscall(SYS_tgkill, run->pid, tid, run->signal);
		goes_on = pyprof_timer_wait_until(
			timer, pyprof_clock_ns() + TICK_PATIENCE_NS);
	}
	/* Ctrl-C works for any target, but not without a message. */
	if (goes_on)
		kill(getpid(), SIGINT);
}

static struct pyprof_error *resume(struct pyprof_gdb *plugin, struct run *run)
{
	struct pyprof_timer timer = {};
	struct pyprof_error *err = pyprof_timer_start(&timer, end_in_time, run);
	if (err)
		return err;
	plugin->run = (struct pyprof_gdb_run){.deadline = run->deadline};
	err = pyprof_py_execute(plugin->gdb, NULL, "continue");
	pyprof_timer_end(&timer);
	plugin->run.deadline = 0;
	return err;
}

struct pyprof_error *pyprof_gdb_run_for(struct pyprof_gdb *plugin, int64_t ns)
{
	struct run run = {
		.deadline = pyprof_clock_ns() + ns,
		.pid = pyprof_gdb_selected_pid(plugin),
	};
	bool was_armed = plugin->ticks.signal;
	_cleanup_error_ struct pyprof_error *unarmed =
		pyprof_gdb_ticks_arm(plugin, &run.signal);
	long number = plugin->ticks.number;
	if (number)
		pyprof_py_execute_quietly(plugin->gdb,
					  "commands %ld\nsilent\nend", number);
	struct pyprof_error *err = resume(plugin, &run);
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
