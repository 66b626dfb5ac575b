// SPDX-License-Identifier: Apache-2.0
#include "core/profile/profile.h"

/*
 * Bucket by the highest bit and the three bits below it: a bucket is at most
 * an eighth of its values wide. Values below 8 have a bucket each; the last
 * bucket takes all from 15 seconds on.
 */
static unsigned bucket_of(uint64_t ns)
{
	if (ns < 8)
		return (unsigned)ns;
	unsigned shift = 60 - (unsigned)__builtin_clzll(ns);
	unsigned bucket = (shift + 1) * 8 + (unsigned)((ns >> shift) & 7);
	return bucket < PYPROF_PAUSE_BUCKETS ? bucket
					     : PYPROF_PAUSE_BUCKETS - 1;
}

/* The largest value of a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
	if (bucket < 8)
		return bucket;
	unsigned shift = bucket / 8 - 1;
	return ((UINT64_C(9) + bucket % 8) << shift) - 1;
}

void pyprof_pauses_add(struct pyprof_pauses *pauses, uint64_t ns)
{
	pauses->count++;
	pauses->total_ns += ns;
	if (ns > pauses->max_ns)
		pauses->max_ns = ns;
	pauses->buckets[bucket_of(ns)]++;
}

uint64_t pyprof_pauses_percentile(const struct pyprof_pauses *pauses,
				  double percent)
{
	double wanted = (double)pauses->count * percent / 100;
	uint64_t seen = 0;
	for (unsigned i = 0; i < PYPROF_PAUSE_BUCKETS - 1; i++) {
		seen += pauses->buckets[i];
		if (seen && (double)seen >= wanted)
			return bucket_end(i) < pauses->max_ns ? bucket_end(i)
							      : pauses->max_ns;
	}
	return pauses->max_ns;
}
