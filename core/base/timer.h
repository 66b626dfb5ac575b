// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A thread of ours that does something when a time has come, unless it is ended
 * before. All signals are blocked in it: they are for the debugger's threads.
 */
#ifndef PYPROF_BASE_TIMER_H
#define PYPROF_BASE_TIMER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/** Zero-initialise; its members are its own. */
struct pyprof_timer {
	pthread_t thread;
	/** Held by the thread unless it waits. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/** Guarded by `lock`. */
	bool is_done;
	void (*run)(struct pyprof_timer *timer, void *arg);
	void *arg;
};

/** Start the thread: it calls `run`, which waits as it likes. */
struct pyprof_error *pyprof_timer_start(struct pyprof_timer *timer,
					void (*run)(struct pyprof_timer *timer,
						    void *arg),
					void *arg) PYPROF_MUST_CHECK;

/**
 * For `run`: wait until pyprof_clock_ns() is `time`.
 *
 * @return false when the timer is ended before; `run` has to return then.
 */
bool pyprof_timer_wait_until(struct pyprof_timer *timer, int64_t time);

/** Wake the thread, and wait for its end. */
void pyprof_timer_end(struct pyprof_timer *timer);

#endif /* PYPROF_BASE_TIMER_H */
