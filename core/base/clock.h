// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Monotonic time in nanoseconds.
 */
#ifndef PYPROF_BASE_CLOCK_H
#define PYPROF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define PYPROF_NS_PER_SECOND INT64_C(1000000000)

static inline int64_t pyprof_clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * PYPROF_NS_PER_SECOND + now.tv_nsec;
}

#endif /* PYPROF_BASE_CLOCK_H */
