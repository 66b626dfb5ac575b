// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A debugger that does what a test says, and remembers what was asked of it.
 */
#ifndef PYPROF_TESTS_SUPPORT_FAKE_HOST_H
#define PYPROF_TESTS_SUPPORT_FAKE_HOST_H

#include "core/base/buf.h"
#include "core/command/host.h"

struct fake_host {
	struct pyprof_inferior inferior;
	const struct pyprof_host_thread *threads;
	size_t thread_count;
	/** arm_ticks fails with this message; NULL: it works. */
	const char *arm_error;
	/** run_for fails with this message; NULL: it works. */
	const char *run_error;
	/** Called by run_for: what happens meanwhile. May be NULL. */
	void (*meanwhile)(void *arg);
	void *meanwhile_arg;

	/** Ticks are armed; how often they were armed, and disarmed. */
	bool ticks_armed;
	unsigned arms, disarms;
	/** What run_for was asked for, ns. */
	int64_t ran_ns;
	/** It is a terminal. */
	bool is_terminal;
	/** Ctrl-C is pressed when it is asked for the so-manieth time, counted
	 * from 1; 0: never. And how often it was asked for. */
	uint64_t interrupt_at, asked;
	/** All that was shown by print. */
	struct pyprof_buf printed;
};

/** With ticks, and without. */
extern const struct pyprof_host_ops fake_host_ops;
extern const struct pyprof_host_ops fake_host_ops_without_ticks;

void fake_host_init(struct fake_host *host);
void fake_host_deinit(struct fake_host *host);

#endif /* PYPROF_TESTS_SUPPORT_FAKE_HOST_H */
