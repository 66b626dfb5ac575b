// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Keeping a thread of another process off its CPU by sitting on that CPU, and
 * proving afterwards that it cannot have run.
 *
 * While the caller runs on CPU X, a thread whose last CPU is X is not running
 * there. Had it run elsewhere, its last CPU would be another one, and to
 * become X again it would have had to run on X, where the caller was. So a
 * look at the thread's memory is exact when
 *   - the caller was on X, and was not switched out, from begin to end, and
 *   - the thread's last CPU was X both before and after the look.
 * No privilege, no ptrace and no stop are needed.
 *
 * The caller reads the last CPU: from the thread's rseq area where glibc
 * registers one, else from /proc (pyprof_task_last_cpu()).
 *
 * Between begin and end, do nothing but read: the thread stands still.
 */
#ifndef PYPROF_TARGET_LINUX_HOLD_H
#define PYPROF_TARGET_LINUX_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct pyprof_hold {
	/** The CPU sat on. */
	int cpu;
	/** The caller's context switches are watched by its rseq area; else
	 * `switches` is their number at the beginning. */
	bool watched;
	long switches;
	/** Monotonic ns at the beginning. */
	int64_t begin_ns;
};

/**
 * Move the calling thread to `cpu` and begin to hold it.
 *
 * @return 0, or an errno: EINVAL when the CPU is outside what the caller may
 * run on (cpuset, isolation), EAGAIN when it did not get there.
 */
int pyprof_hold_begin(struct pyprof_hold *hold, int cpu);

/** Begin to hold the CPU that the calling thread is pinned to already. */
int pyprof_hold_again(struct pyprof_hold *hold, int cpu);

/**
 * End it.
 *
 * @param[out] held_ns_ret How long it lasted.
 * @return Whether the caller stayed on the CPU all the time.
 */
bool pyprof_hold_end(struct pyprof_hold *hold, int64_t *held_ns_ret);

#endif /* PYPROF_TARGET_LINUX_HOLD_H */
