// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Who called whom: time by function, by line of a function, and by call from
 * one function to another; what formats of tracing profilers are made of.
 *
 * How often functions were called is not known to a profiler that samples, and
 * nothing here says it: samples are counted instead.
 */
#ifndef PYPROF_REPORT_CALLS_H
#define PYPROF_REPORT_CALLS_H

#include "core/base/intern.h"
#include "core/base/strtab.h"
#include "core/report/frames.h"

/**
 * A function as others tell functions apart: by file, first line and name,
 * once these are text. Functions of the profile may fold into one.
 */
struct pyprof_callee {
	/** Strings of `names`. */
	uint32_t file, name;
	/** 0 where it is not known. */
	int32_t first_line;
	/** Until here it is the key. */
	struct pyprof_times times;
};

/** Self time of a line of a function. */
struct pyprof_callee_line {
	uint32_t callee;
	int32_t line;
	uint64_t ns, samples;
};

/** The caller of what no Python function called. */
#define PYPROF_NO_CALLER UINT32_MAX

/**
 * Calls of a function from another. `total` counts each sample once. `entered`
 * counts those alone whose stack has the function nowhere further out, so that
 * the calls of a function add up to its total.
 */
struct pyprof_call {
	uint32_t caller, callee;
	/** In the caller; 0 unless asked for. */
	int32_t line;
	uint64_t self_ns, self_samples;
	uint64_t total_ns, total_samples;
	uint64_t entered_ns, entered_samples;
};

struct pyprof_calls {
	/** File and function names, UTF-8 without NUL. */
	struct pyprof_strtab *names;
	/** Of struct pyprof_callee, pyprof_callee_line and pyprof_call. */
	struct pyprof_intern callees, lines, calls;
};

/**
 * Add up what passes the filter. Time without a Python frame is that of a
 * function PYPROF_NO_FRAME without a file.
 *
 * @param by_line Whether calls from different lines are different calls.
 */
struct pyprof_error *pyprof_calls_init(const struct pyprof_frames *frames,
				       const struct pyprof_filter *filter,
				       bool by_line, struct pyprof_calls *ret)
	PYPROF_MUST_CHECK;
void pyprof_calls_deinit(struct pyprof_calls *calls);

#endif /* PYPROF_REPORT_CALLS_H */
