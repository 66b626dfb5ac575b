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

static int compare(const void *a, const void *b)
{
	const struct pyprof_moment *x = a, *y = b;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->tally > y->tally) - (x->tally < y->tally);
}

static void put_in_order(struct pyprof_timeline *timeline,
			 const struct pyprof_tally *tallies)
{
	if (!timeline->disordered)
		return;
	qsort(timeline->moments.items, timeline->moments.count,
	      sizeof(*timeline->moments.items), compare);
	timeline->disordered = false;
	find_last(timeline, tallies);
}

/*
 * Merge moments of the same tally that begin in the same slice into the first
 * of them, so that they stay in order. `where` has room for each tally.
 */
static void merge(struct pyprof_timeline *timeline, uint32_t *where,
		  size_t tally_count)
{
	struct pyprof_moment *moments = timeline->moments.items;
	uint64_t slice_ns = timeline->slice_ns;
	size_t kept = 0;
	for (size_t i = 0; i < tally_count; i++)
		where[i] = NO_MOMENT;
	for (size_t i = 0; i < timeline->moments.count; i++) {
		const struct pyprof_moment *from = &moments[i];
		uint32_t last = where[from->tally];
		struct pyprof_moment *into =
			last == NO_MOMENT ? NULL : &moments[last];
		if (into && into->at_ns / slice_ns == from->at_ns / slice_ns &&
		    from->samples <= UINT32_MAX - into->samples) {
			into->samples += from->samples;
			into->ns += from->ns;
			continue;
		}
		where[from->tally] = (uint32_t)kept;
		moments[kept++] = *from;
	}
	timeline->moments.count = kept;
}

/* Make room when there are `limit` moments: for half as many, unless they are
 * all of different tallies. */
static struct pyprof_error *compact(struct pyprof_timeline *timeline,
				    const struct pyprof_tally *tallies,
				    size_t tally_count, size_t limit)
{
	_cleanup_free_ uint32_t *where =
		reallocarray(NULL, tally_count, sizeof(*where));
	if (!where)
		return pyprof_error_oom();
	put_in_order(timeline, tallies);
	size_t count = timeline->moments.count;
	uint64_t span = timeline->moments.items[count - 1].at_ns;
	if (!timeline->slice_ns)
		timeline->slice_ns = SHORTEST_SLICE_NS;
	/* With fewer than two in a slice, half of them cannot go. */
	while (span / timeline->slice_ns > count / 2)
		timeline->slice_ns *= 2;
	merge(timeline, where, tally_count);
	while (timeline->moments.count > limit / 2 &&
	       timeline->slice_ns <= span && timeline->slice_ns <= INT64_MAX) {
		timeline->slice_ns *= 2;
		merge(timeline, where, tally_count);
	}
	find_last(timeline, tallies);
	return NULL;
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
	struct pyprof_error *err = NULL;
	if (timeline->moments.count >= limit)
		err = compact(timeline, tallies, tally_count, limit);
	if (err)
		return err;
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
