// SPDX-License-Identifier: Apache-2.0
//
// Letting the process run for a time: a thread of ours interrupts it when that
// has passed, or when the user presses Ctrl-C. LLDB only makes a note of that
// while a command is at work, and newer ones show it to no thread of ours.
#include <signal.h>

#include "core/base/clock.h"
#include "core/base/timer.h"
#include "lldb-plugin/state.h"

/** Ctrl-C was pressed. */
static volatile sig_atomic_t is_interrupted;

/** How often is asked for Ctrl-C. */
#define ASK_EVERY_NS (PYPROF_NS_PER_SECOND / 50)
/** How long one interrupt is waited for until another is sent. */
#define PATIENCE_NS PYPROF_NS_PER_SECOND

struct run {
	uint64_t debugger;
	int64_t deadline;
	/** An interrupt was sent, because the time had come. */
	bool expired;
};

/** Wait for the end of the time, or for Ctrl-C. */
static bool wait_for_end(struct pyprof_timer *timer, struct run *run)
{
	for (;;) {
		int64_t next = pyprof_clock_ns() + ASK_EVERY_NS;
		if (next > run->deadline)
			next = run->deadline;
		if (!pyprof_timer_wait_until(timer, next))
			return false;
		run->expired = pyprof_clock_ns() >= run->deadline;
		if (run->expired || is_interrupted)
			return true;
	}
}

static void end_in_time(struct pyprof_timer *timer, void *arg)
{
	struct run *run = arg;
	bool goes_on = wait_for_end(timer, run);
	while (goes_on) {
		pyprof_sb_interrupt(run->debugger);
		goes_on = pyprof_timer_wait_until(timer, pyprof_clock_ns() +
								 PATIENCE_NS);
	}
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
	struct pyprof_timer timer = {};
	struct run run = {
		.debugger = plugin->debugger,
		.deadline = pyprof_clock_ns() + ns,
	};
	_cleanup_buf_ struct pyprof_buf why = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_timer_start(&timer, end_in_time, &run);
	if (err)
		return err;
	struct sigaction saved;
	take_interrupts(&saved);
	bool resumed = pyprof_sb_continue(plugin->debugger, &why);
	sigaction(SIGINT, &saved, NULL);
	pyprof_timer_end(&timer);
	if (!resumed)
		return pyprof_error_create(PYPROF_ERROR_OS, "%s", why.data);
	if (run.expired)
		return NULL;
	/* A breakpoint, its end, Ctrl-C: what LLDB would have shown. */
	pyprof_buf_clear(&why);
	pyprof_sb_command_output(plugin->debugger, "process status", &why);
	pyprof_sb_print(plugin->debugger, why.data, why.length);
	return NULL;
}
