// SPDX-License-Identifier: Apache-2.0
#include "core/base/timer.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "core/base/clock.h"

bool pyprof_timer_wait_until(struct pyprof_timer *timer, int64_t time)
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

static void *run_timer(void *arg)
{
	struct pyprof_timer *timer = arg;
	pthread_mutex_lock(&timer->lock);
	timer->run(timer, timer->arg);
	pthread_mutex_unlock(&timer->lock);
	return NULL;
}

static void release(struct pyprof_timer *timer)
{
	pthread_cond_destroy(&timer->changed);
	pthread_mutex_destroy(&timer->lock);
}

struct pyprof_error *pyprof_timer_start(struct pyprof_timer *timer,
					void (*run)(struct pyprof_timer *timer,
						    void *arg),
					void *arg)
{
	pthread_condattr_t monotonic;
	timer->is_done = false;
	timer->run = run;
	timer->arg = arg;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&timer->lock, NULL);
	pthread_cond_init(&timer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&timer->thread, NULL, run_timer, timer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!failed)
		return NULL;
	release(timer);
	return pyprof_error_os(failed, "cannot start a timer");
}

void pyprof_timer_end(struct pyprof_timer *timer)
{
	pthread_mutex_lock(&timer->lock);
	timer->is_done = true;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	pthread_join(timer->thread, NULL);
	release(timer);
}
