// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Gives the threads of a profile the names that Python has for them, instead
 * of the kernel's: some time after they were first sampled, as a thread gets
 * its name while it starts, and many threads at a time, as all of them have to
 * be looked for.
 */
#ifndef PYPROF_SAMPLER_NAMER_H
#define PYPROF_SAMPLER_NAMER_H

#include "core/base/vec.h"
#include "core/cpython/python.h"
#include "core/profile/profile.h"

/** Zero-initialise; for one interpreter. */
struct pyprof_namer {
	/** Of the profile's threads, by number: whether that is done. */
	PYPROF_VEC(bool) is_done;
	/** When it was looked last, the processor time that this took, and how
	 * long to wait. */
	int64_t last_ns, cost_ns, every_ns;
};

void pyprof_namer_deinit(struct pyprof_namer *namer);

/**
 * Name what can be named, when there are new threads and it is time: it takes
 * one percent of the time at most. For the thread that decodes.
 *
 * @param now pyprof_clock_ns().
 */
void pyprof_namer_run(struct pyprof_namer *namer, struct pyprof_python *python,
		      struct pyprof_profile *profile, int64_t now);

#endif /* PYPROF_SAMPLER_NAMER_H */
