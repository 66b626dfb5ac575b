// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * When the tallies of a profile got their time: a bounded list of moments.
 *
 * A part of the profile, which alone uses it; profile.h says what moments are.
 * Samples come nearly in the order of their times, from two threads, so the
 * list is put in order when that matters: before it is read or merged.
 */
#ifndef PYPROF_PROFILE_TIMELINE_H
#define PYPROF_PROFILE_TIMELINE_H

#include "core/profile/profile.h"

/** So many moments are kept, or twice as many as there are tallies. */
#define PYPROF_MOMENTS_MAX ((size_t)1 << 18)

struct pyprof_timeline;

struct pyprof_error *pyprof_timeline_create(struct pyprof_timeline **ret)
	PYPROF_MUST_CHECK;
void pyprof_timeline_destroy(struct pyprof_timeline *timeline);

/** Forget all moments. */
void pyprof_timeline_clear(struct pyprof_timeline *timeline);

/**
 * Add a sample of `tallies[tally]` which was taken at `at_ns` and stands for
 * the `ns` before.
 */
struct pyprof_error *pyprof_timeline_add(struct pyprof_timeline *timeline,
					 const struct pyprof_tally *tallies,
					 size_t tally_count, uint32_t tally,
					 uint64_t at_ns, uint64_t ns)
	PYPROF_MUST_CHECK;

/** Add a moment as it was in another timeline, with slices so long. */
struct pyprof_error *
pyprof_timeline_restore(struct pyprof_timeline *timeline,
			const struct pyprof_tally *tallies, size_t tally_count,
			const struct pyprof_moment *moment, uint64_t slice_ns)
	PYPROF_MUST_CHECK;

/** The moments in order; `tallies` are those that were added to. */
size_t pyprof_timeline_moments(struct pyprof_timeline *timeline,
			       const struct pyprof_tally *tallies,
			       const struct pyprof_moment **ret,
			       uint64_t *slice_ns_ret);

#endif /* PYPROF_PROFILE_TIMELINE_H */
