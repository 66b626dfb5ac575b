// SPDX-License-Identifier: Apache-2.0
#include "core/report/moments.h"

#include <stdlib.h>
#include <string.h>

/* Where those of each thread end up: first[i + 1] is the end of thread i. */
static void count(const struct pyprof_frames *frames,
		  const struct pyprof_filter *filter,
		  const struct pyprof_moment *from, size_t length,
		  size_t *first)
{
	for (size_t i = 0; i < length; i++) {
		const struct pyprof_tally *tally =
			&frames->tallies[from[i].tally];
		if (pyprof_filter_accepts(filter, frames->profile, tally))
			first[tally->thread + 1]++;
	}
	for (size_t i = 0; i < frames->thread_count; i++)
		first[i + 1] += first[i];
}

/* `next` has where the next moment of each thread goes. */
static void sort(const struct pyprof_frames *frames,
		 const struct pyprof_filter *filter,
		 const struct pyprof_moment *from, size_t length, size_t *next,
		 struct pyprof_thread_moments *to)
{
	for (size_t i = 0; i < length; i++) {
		const struct pyprof_tally *tally =
			&frames->tallies[from[i].tally];
		if (!pyprof_filter_accepts(filter, frames->profile, tally))
			continue;
		size_t at = next[tally->thread]++;
		struct pyprof_thread_moment *moment = &to->moments[at];
		*moment = (struct pyprof_thread_moment){
			.at_ns = from[i].at_ns,
			.ns = from[i].ns,
			.tally = from[i].tally,
			.samples = from[i].samples,
		};
		if (at == to->first[tally->thread])
			continue;
		uint64_t end = moment[-1].at_ns + moment[-1].ns;
		if (moment->at_ns < end)
			moment->at_ns = end;
	}
}

struct pyprof_error *
pyprof_thread_moments_init(const struct pyprof_frames *frames,
			   const struct pyprof_filter *filter,
			   struct pyprof_thread_moments *ret)
{
	struct pyprof_thread_moments moments = {};
	const struct pyprof_moment *from;
	size_t length = pyprof_profile_moments(frames->profile, &from,
					       &moments.slice_ns);
	size_t threads = frames->thread_count;
	_cleanup_free_ size_t *next = calloc(threads + 1, sizeof(*next));
	moments.first = calloc(threads + 1, sizeof(*moments.first));
	if (next && moments.first) {
		count(frames, filter, from, length, moments.first);
		memcpy(next, moments.first, threads * sizeof(*next));
		moments.moments = calloc(moments.first[threads] + 1,
					 sizeof(*moments.moments));
	}
	if (!moments.moments) {
		free(moments.first);
		return pyprof_error_oom();
	}
	sort(frames, filter, from, length, next, &moments);
	*ret = moments;
	return NULL;
}

void pyprof_thread_moments_deinit(struct pyprof_thread_moments *moments)
{
	free(moments->moments);
	free(moments->first);
}
