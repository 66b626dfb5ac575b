// SPDX-License-Identifier: Apache-2.0
//
// Letting the process run for a time: a thread of ours interrupts it when that
// has passed, or when the user presses Ctrl-C. LLDB only makes a note of that
// while a command is at work, and newer ones show it to no thread of ours.
#include <errno.h>
#include <signal.h>

#include "core/base/clock.h"
#include "lldb-plugin/state.h"

/** Ctrl-C was pressed. */
static volatile sig_atomic_t is_interrupted;

/** How often is asked for Ctrl-C. */
#define ASK_EVERY_NS (PYPROF_NS_PER_SECOND / 50)
/** How long one interrupt is waited for until another is sent. */
#define PATIENCE_NS PYPROF_NS_PER_SECOND

struct timer {
	uint64_t debugger;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Guarded by `lock`. */
	int64_t deadline;
	/** The process stands still. */
	bool is_done;
	/** An interrupt was sent, because the time had come. */
	bool expired;
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

/** Wait for the end of the time, or for Ctrl-C. */
static bool wait_for_end(struct timer *timer)
{
	for (;;) {
		int64_t next = pyprof_clock_ns() + ASK_EVERY_NS;
		if (next > timer->deadline)
			next = timer->deadline;
		if (!wait_until(timer, next))
			return false;
		timer->expired = pyprof_clock_ns() >= timer->deadline;
		if (timer->expired || is_interrupted)
			return true;
	}
}

static void *run_timer(void *arg)
{
	struct timer *timer = arg;
	pthread_mutex_lock(&timer->lock);
	bool goes_on = wait_for_end(timer);
	while (goes_on) {
		pyprof_sb_interrupt(timer->debugger);
		goes_on = wait_until(timer, pyprof_clock_ns() + PATIENCE_NS);
	}
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
	/* LLDB's signals are for LLDB's threads. */
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

static void on_interrupt(int signal)
{
	(void)signal;
	is_interrupted = true;
}

static void take_interrupts(struct sigaction *saved)
{
	struct sigaction ours = {.sa_handler = on_interrupt,
				 .sa_flags = SA_RESTART};
	sigemptyset(&ours.sa_mask);
	is_interrupted = false;
	sigaction(SIGINT, &ours, saved);
}

struct pyprof_error *pyprof_lldb_run_for(struct pyprof_lldb *plugin, int64_t ns)
{
	struct timer timer = {
		.debugger = plugin->debugger,
		.deadline = pyprof_clock_ns() + ns,
	};
	_cleanup_buf_ struct pyprof_buf why = PYPROF_BUF_INIT;
	struct pyprof_error *err = timer_start(&timer);
	if (err)
		return err;
	struct sigaction saved;
	take_interrupts(&saved);
	bool resumed = pyprof_sb_continue(plugin->debugger, &why);
	sigaction(SIGINT, &saved, NULL);
	timer_end(&timer);
	if (!resumed)
		return pyprof_error_create(PYPROF_ERROR_OS, "%s", why.data);
	if (timer.expired)
		return NULL;
	/* A breakpoint, its end, Ctrl-C: what LLDB would have shown. */
	pyprof_buf_clear(&why);
	pyprof_sb_command_output(plugin->debugger, "process status", &why);
	pyprof_sb_print(plugin->debugger, why.data, why.length);
	return NULL;
}
