// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What one Linux thread is doing, as the kernel tells it in /proc, without
 * stopping it.
 */
#ifndef PYPROF_TARGET_LINUX_TASK_H
#define PYPROF_TARGET_LINUX_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/** The open files of one thread; zero-initialise by pyprof_task_init(). */
struct pyprof_task {
	int32_t tid;
	int schedstat_fd, syscall_fd, stat_fd, wchan_fd;
};

/** Where a thread stands in the kernel. */
struct pyprof_task_state {
	/** On a CPU or ready to be. */
	bool running;
	/**
	 * The system call it is blocked in, -1 when in none or unknown, and
	 * its first two arguments. One that the kernel restarted after a stop
	 * is told by its own number where /proc/PID/task/TID/wchan tells.
	 */
	int32_t syscall;
	uint64_t args[2];
};

/** Remember the thread; files are opened when first needed. */
void pyprof_task_init(struct pyprof_task *task, int32_t pid, int32_t tid);
void pyprof_task_deinit(struct pyprof_task *task);

/**
 * Read the state. Where /proc/PID/task/TID/syscall may not be read, only
 * `running` is told. GONE when the thread has ended.
 */
struct pyprof_error *pyprof_task_state(struct pyprof_task *task, int32_t pid,
				       struct pyprof_task_state *ret)
	PYPROF_MUST_CHECK;

/** Whether a debugger or a stop signal holds the thread. */
struct pyprof_error *pyprof_task_is_held(struct pyprof_task *task, int32_t pid,
					 bool *ret) PYPROF_MUST_CHECK;

/**
 * How often the thread was put on a CPU and the time it ran there, ns. Two
 * equal counts around a look at a thread that was not running prove that it
 * did not run in between. UNSUPPORTED when the kernel does not count.
 */
struct pyprof_error *pyprof_task_schedstat(struct pyprof_task *task,
					   int32_t pid, uint64_t *runs_ret,
					   uint64_t *ns_ret) PYPROF_MUST_CHECK;

/** The CPU the thread last ran on, from /proc (slow: 5 to 40 us). */
struct pyprof_error *pyprof_task_last_cpu(struct pyprof_task *task, int32_t pid,
					  int *ret) PYPROF_MUST_CHECK;

/** What a blocked thread waits for, from its system call. */
enum pyprof_wait {
	PYPROF_WAIT_NONE,
	PYPROF_WAIT_LOCK,
	PYPROF_WAIT_IO,
	PYPROF_WAIT_SLEEP,
	PYPROF_WAIT_PROCESS,
	PYPROF_WAIT_OTHER,
};

enum pyprof_wait pyprof_wait_of_syscall(int32_t syscall);

/**
 * The same from all that is known of the thread: select() and poll() with no
 * files, which time.sleep() is before CPython 3.11, are sleeps.
 */
enum pyprof_wait pyprof_wait_of_state(const struct pyprof_task_state *state);

#endif /* PYPROF_TARGET_LINUX_TASK_H */
