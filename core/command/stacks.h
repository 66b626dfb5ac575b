// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Fills a report of stacks with what the debugger looks at. What a command
 * finds out beyond that it adds itself (core/report/stacks_report.h).
 */
#ifndef PYPROF_COMMAND_STACKS_H
#define PYPROF_COMMAND_STACKS_H

#include "core/command/session.h"
#include "core/report/stacks_report.h"

struct pyprof_stacks_wanted {
	/** As pyprof_thread_list_find() takes it, or "all". */
	const char *thread;
	/** Frames of each thread. */
	size_t limit;
	/** Variables, which a process has to stand still for. */
	bool locals;
	enum pyprof_source_choice source;
};

/**
 * Read stacks. One that is damaged is no error, but ends early.
 *
 * @param report Zeroed; pyprof_stacks_report_deinit() in any case.
 */
struct pyprof_error *
pyprof_stacks_read(struct pyprof_session *session,
		   const struct pyprof_stacks_wanted *wanted,
		   struct pyprof_stacks_report *report) PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_STACKS_H */
