// SPDX-License-Identifier: Apache-2.0
#include "core/profile/timeline.h"

#include <stdlib.h>

#include "core/base/vec.h"

/* The shortest slice of time that moments are merged in: about 1 ms. */
#define SHORTEST_SLICE_NS (UINT64_C(1) << 20)
/* Of a thread that has no moment. */
#define NO_MOMENT UINT32_MAX

struct pyprof_timeline {
	PYPROF_VEC(struct pyprof_moment) moments;
	/** By thread: its last moment, which its next sample may continue. */
	PYPROF_VEC(uint32_t) last;
	/** What `at_ns` of the moments is since. */
	uint64_t begin_ns;
	uint64_t slice_ns;
	/** A moment was added that begins before the one ahead of it. */
	bool disordered;
};

struct pyprof_error *pyprof_timeline_create(struct pyprof_timeline **ret)
{
	struct pyprof_timeline *timeline = calloc(1, sizeof(*timeline));
	if (!timeline)
		return pyprof_error_oom();
	*ret = timeline;
	return NULL;
}

void pyprof_timeline_destroy(struct pyprof_timeline *timeline)
{
	if (!timeline)
		return;
	pyprof_vec_deinit(&timeline->moments);
	pyprof_vec_deinit(&timeline->last);
	free(timeline);
}

void pyprof_timeline_clear(struct pyprof_timeline *timeline)
{
	timeline->moments.count = timeline->last.count = 0;
	timeline->slice_ns = 0;
	timeline->disordered = false;
}

/* Note the last moment of each thread, after moments have moved. */
static void find_last(struct pyprof_timeline *timeline,
		      const struct pyprof_tally *tallies)
{
	for (size_t i = 0; i < timeline->last.count; i++)
		timeline->last.items[i] = NO_MOMENT;
	for (size_t i = 0; i < timeline->moments.count; i++) {
		uint32_t tally = timeline->moments.items[i].tally;
		timeline->last.items[tallies[tally].thread] = (uint32_t)i;
	}
}

static int by_tally(const struct pyprof_moment *a,
		    const struct pyprof_moment *b)
{
	return (a->tally > b->tally) - (a->tally < b->tally);
}

static int by_time(const struct pyprof_moment *a, const struct pyprof_moment *b)
{
	int order = (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
	return order ? order : by_tally(a, b);
}

static int compare_time(const void *a, const void *b)
{
	return by_time(a, b);
}

static int compare_tally(const void *a, const void *b)
{
	int order = by_tally(a, b);
	return order ? order : by_time(a, b);
}

static void put_in_order(struct pyprof_timeline *timeline,
			 const struct pyprof_tally *tallies)
{
	if (!timeline->disordered)
		return;
	qsort(timeline->moments.items, timeline->moments.count,
	      sizeof(*timeline->moments.items), compare_time);
	timeline->disordered = false;
	find_last(timeline, tallies);
}

/* Merge those of the same tally among moments of one slice, which are put in
 * order again. Returns how many are left. */
static size_t merge_slice(struct pyprof_moment *moments, size_t count)
{
	size_t kept = 0;
	qsort(moments, count, sizeof(*moments), compare_tally);
	for (size_t i = 1; i < count; i++) {
		struct pyprof_moment *into = &moments[kept];
		if (moments[i].tally == into->tally &&
		    moments[i].samples <= UINT32_MAX - into->samples) {
			into->samples += moments[i].samples;
			into->ns += moments[i].ns;
		} else {
			moments[++kept] = moments[i];
		}
	}
	qsort(moments, kept + 1, sizeof(*moments), compare_time);
	return kept + 1;
}

static void merge(struct pyprof_timeline *timeline)
{
	struct pyprof_moment *moments = timeline->moments.items;
	uint64_t slice_ns = timeline->slice_ns;
	size_t kept = 0, end;
	for (size_t i = 0; i < timeline->moments.count; i = end) {
		uint64_t slice = moments[i].at_ns / slice_ns;
		size_t to = kept;
		for (end = i; end < timeline->moments.count &&
			      moments[end].at_ns / slice_ns == slice;
		     end++)
			moments[kept++] = moments[end];
		if (kept - to > 1)
			kept = to + merge_slice(moments + to, kept - to);
	}
	timeline->moments.count = kept;
}

/* Make room when there are `limit` moments: for half as many, unless they are
 * all of different tallies. */
static void compact(struct pyprof_timeline *timeline,
		    const struct pyprof_tally *tallies, size_t limit)
{
	put_in_order(timeline, tallies);
	size_t count = timeline->moments.count;
	uint64_t span = timeline->moments.items[count - 1].at_ns;
	if (!timeline->slice_ns)
		timeline->slice_ns = SHORTEST_SLICE_NS;
	/* With fewer than two in a slice, half of them cannot go. */
	while (span / timeline->slice_ns > count / 2)
		timeline->slice_ns *= 2;
	merge(timeline);
	while (timeline->moments.count > limit / 2 &&
	       timeline->slice_ns <= span && timeline->slice_ns <= INT64_MAX) {
		timeline->slice_ns *= 2;
		merge(timeline);
	}
	find_last(timeline, tallies);
}

/* Have all begin when this sample does, if that is earlier: samples of threads
 * that are looked at seldom come late. */
static void begin_at(struct pyprof_timeline *timeline, uint64_t begin_ns)
{
	if (timeline->moments.count && begin_ns >= timeline->begin_ns)
		return;
	uint64_t earlier = timeline->begin_ns - begin_ns;
	for (size_t i = 0; i < timeline->moments.count; i++)
		timeline->moments.items[i].at_ns += earlier;
	timeline->begin_ns = begin_ns;
}

static struct pyprof_error *make_room(struct pyprof_timeline *timeline,
				      const struct pyprof_tally *tallies,
				      size_t tally_count, uint32_t thread)
{
	size_t limit = PYPROF_MOMENTS_MAX;
	if (limit < 2 * tally_count)
		limit = 2 * tally_count;
	if (timeline->moments.count >= limit)
		compact(timeline, tallies, limit);
	if (!pyprof_vec_reserve(&timeline->moments, 1))
		return pyprof_error_oom();
	while (timeline->last.count <= thread)
		if (!pyprof_vec_push(&timeline->last, NO_MOMENT))
			return pyprof_error_oom();
	return NULL;
}

/* Whether the sample continues the last moment of its thread, which it is
 * added to then. */
static bool extend(struct pyprof_timeline *timeline, uint32_t last,
		   uint32_t tally, uint64_t begin_ns, uint64_t ns)
{
	if (last == NO_MOMENT)
		return false;
	struct pyprof_moment *moment = &timeline->moments.items[last];
	if (moment->tally != tally || moment->samples == UINT32_MAX ||
	    timeline->begin_ns + moment->at_ns + moment->ns != begin_ns)
		return false;
	moment->samples++;
	moment->ns += ns;
	return true;
}

/* Add a moment, for which there is room, as the last of its thread. */
static void append(struct pyprof_timeline *timeline,
		   const struct pyprof_moment *moment, uint32_t *last)
{
	size_t count = timeline->moments.count;
	if (count && timeline->moments.items[count - 1].at_ns > moment->at_ns)
		timeline->disordered = true;
	timeline->moments.items[count] = *moment;
	timeline->moments.count++;
	*last = (uint32_t)count;
}

struct pyprof_error *pyprof_timeline_add(struct pyprof_timeline *timeline,
					 const struct pyprof_tally *tallies,
					 size_t tally_count, uint32_t tally,
					 uint64_t at_ns, uint64_t ns)
{
	uint32_t thread = tallies[tally].thread;
	struct pyprof_error *err =
		make_room(timeline, tallies, tally_count, thread);
	if (err)
		return err;
	uint64_t begin_ns = at_ns > ns ? at_ns - ns : 0;
	uint32_t *last = &timeline->last.items[thread];
	if (extend(timeline, *last, tally, begin_ns, ns))
		return NULL;
	begin_at(timeline, begin_ns);
	struct pyprof_moment moment = {
		.at_ns = begin_ns - timeline->begin_ns,
		.ns = ns,
		.tally = tally,
		.samples = 1,
	};
	append(timeline, &moment, last);
	return NULL;
}

struct pyprof_error *pyprof_timeline_restore(struct pyprof_timeline *timeline,
					     const struct pyprof_tally *tallies,
					     size_t tally_count,
					     const struct pyprof_moment *moment,
					     uint64_t slice_ns)
{
	uint32_t thread = tallies[moment->tally].thread;
	struct pyprof_error *err =
		make_room(timeline, tallies, tally_count, thread);
	if (err)
		return err;
	if (!timeline->moments.count)
		timeline->begin_ns = 0;
	if (timeline->slice_ns < slice_ns)
		timeline->slice_ns = slice_ns;
	append(timeline, moment, &timeline->last.items[thread]);
	return NULL;
}

size_t pyprof_timeline_moments(struct pyprof_timeline *timeline,
			       const struct pyprof_tally *tallies,
			       const struct pyprof_moment **ret,
			       uint64_t *slice_ns_ret)
{
	put_in_order(timeline, tallies);
	*ret = timeline->moments.items;
	*slice_ns_ret = timeline->slice_ns;
	return timeline->moments.count;
}
