// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The moments of each thread in the order of time, for formats that say when
 * something was.
 */
#ifndef PYPROF_REPORT_MOMENTS_H
#define PYPROF_REPORT_MOMENTS_H

#include "core/report/frames.h"

/**
 * A moment that passes the filter, moved behind the one before it in its
 * thread where both claim the same time: in other programs a thread can be at
 * one place at a time only.
 */
struct pyprof_thread_moment {
	uint64_t at_ns, ns;
	uint32_t tally, samples;
};

struct pyprof_thread_moments {
	/** Thread by thread; thread i has those from first[i] to first[i+1]. */
	struct pyprof_thread_moment *moments;
	size_t *first;
	/** As pyprof_profile_moments() says it. */
	uint64_t slice_ns;
};

struct pyprof_error *
pyprof_thread_moments_init(const struct pyprof_frames *frames,
			   const struct pyprof_filter *filter,
			   struct pyprof_thread_moments *ret) PYPROF_MUST_CHECK;
void pyprof_thread_moments_deinit(struct pyprof_thread_moments *moments);

#endif /* PYPROF_REPORT_MOMENTS_H */
