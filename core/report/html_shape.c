// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_shape.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"

/* A stack that is folded: below which, and where its time is. */
struct folded {
	uint32_t ancestor, location, stack;
};

/* While a shape is made. All arrays are by the profile's stacks. */
struct folder {
	const struct pyprof_stack *stacks;
	size_t stack_count;
	const struct pyprof_tally *tallies;
	size_t tally_count;
	uint64_t *self, *total;
	/* What a stack became, and the nearest one that is kept. */
	uint32_t *of, *near;
	/* Of each thread how many have more time than it has; those with fewer
	 * than `threads_kept` are kept. */
	uint32_t *thread_rank;
	size_t thread_count, threads_kept;
	PYPROF_VEC(struct folded) folded;
	PYPROF_VEC(struct pyprof_html_stack) made;
};

static void folder_deinit(struct folder *folder)
{
	free(folder->self);
	free(folder->total);
	free(folder->of);
	free(folder->near);
	free(folder->thread_rank);
	pyprof_vec_deinit(&folder->folded);
	pyprof_vec_deinit(&folder->made);
}

void pyprof_html_shape_deinit(struct pyprof_html_shape *shape)
{
	free(shape->stacks);
	free(shape->tallies);
	free(shape->tally_of);
	*shape = (struct pyprof_html_shape){};
}

/* Time of 0 ns in a sample is time, too. */
static uint64_t weight(const struct pyprof_tally *tally)
{
	return tally->ns ? tally->ns : 1;
}

struct ranked {
	uint64_t weight;
	uint32_t thread;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	if (left->weight != right->weight)
		return left->weight > right->weight ? -1 : 1;
	return (left->thread > right->thread) - (left->thread < right->thread);
}

static bool rank_threads(struct folder *folder,
			 const struct pyprof_profile *profile)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	_cleanup_free_ struct ranked *ranked =
		calloc(count + 1, sizeof(*ranked));
	folder->thread_rank = calloc(count + 1, sizeof(*folder->thread_rank));
	if (!ranked || !folder->thread_rank)
		return false;
	for (size_t i = 0; i < count; i++)
		ranked[i].thread = (uint32_t)i;
	for (size_t i = 0; i < folder->tally_count; i++)
		ranked[folder->tallies[i].thread].weight +=
			weight(&folder->tallies[i]);
	qsort(ranked, count, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < count; i++)
		folder->thread_rank[ranked[i].thread] = (uint32_t)i;
	folder->thread_count = folder->threads_kept = count;
	return true;
}

static bool folder_init(struct folder *folder,
			const struct pyprof_profile *profile)
{
	folder->stack_count = pyprof_profile_stacks(profile, &folder->stacks);
	folder->tally_count = pyprof_profile_tallies(profile, &folder->tallies);
	size_t count = folder->stack_count + 1;
	folder->self = calloc(count, sizeof(*folder->self));
	folder->total = calloc(count, sizeof(*folder->total));
	folder->of = calloc(count, sizeof(*folder->of));
	folder->near = calloc(count, sizeof(*folder->near));
	if (!folder->self || !folder->total || !folder->of || !folder->near ||
	    !rank_threads(folder, profile))
		return false;
	for (size_t i = 0; i < folder->tally_count; i++)
		folder->self[folder->tallies[i].stack] +=
			weight(&folder->tallies[i]);
	for (size_t i = folder->stack_count; i-- > 0;) {
		folder->total[i] += folder->self[i];
		if (i)
			folder->total[folder->stacks[i].parent] +=
				folder->total[i];
	}
	return true;
}

static int compare_folded(const void *a, const void *b)
{
	const struct folded *left = a, *right = b;
	if (left->ancestor != right->ancestor)
		return left->ancestor < right->ancestor ? -1 : 1;
	return (left->location > right->location) -
	       (left->location < right->location);
}

/* Keep the stacks with `least` time, and note the others that have some. */
static bool keep(struct folder *folder, uint64_t least)
{
	folder->made.count = folder->folded.count = 0;
	for (size_t i = 0; i < folder->stack_count; i++) {
		uint32_t parent = folder->stacks[i].parent;
		uint32_t location = folder->stacks[i].location;
		if (!i || folder->total[i] >= least) {
			folder->near[i] = (uint32_t)i;
			folder->of[i] = (uint32_t)folder->made.count;
			if (!pyprof_vec_push(
				    &folder->made,
				    (struct pyprof_html_stack){
					    folder->of[parent], location}))
				return false;
			continue;
		}
		folder->near[i] = folder->near[parent];
		if (folder->self[i] &&
		    !pyprof_vec_push(&folder->folded,
				     (struct folded){folder->near[i], location,
						     (uint32_t)i}))
			return false;
	}
	return true;
}

/* Make the stacks that the folded ones become. */
static bool fold(struct folder *folder)
{
	size_t count = folder->folded.count;
	const struct folded *before = NULL;
	uint32_t rare = 0;
	if (count)
		qsort(folder->folded.items, count,
		      sizeof(*folder->folded.items), compare_folded);
	for (size_t i = 0; i < count; i++) {
		const struct folded *at = &folder->folded.items[i];
		uint32_t next = (uint32_t)folder->made.count;
		if (!before || before->ancestor != at->ancestor) {
			rare = next++;
			if (!pyprof_vec_push(&folder->made,
					     (struct pyprof_html_stack){
						     folder->of[at->ancestor],
						     PYPROF_HTML_RARE}))
				return false;
		}
		bool is_new = !before || compare_folded(before, at);
		folder->of[at->stack] = is_new ? next : next - 1;
		if (is_new && !pyprof_vec_push(&folder->made,
					       (struct pyprof_html_stack){
						       rare, at->location}))
			return false;
		before = at;
	}
	return true;
}

static int compare_tallies(const void *a, const void *b)
{
	const struct pyprof_html_tally *left = a, *right = b;
	if (left->stack != right->stack)
		return left->stack < right->stack ? -1 : 1;
	if (left->thread != right->thread)
		return left->thread < right->thread ? -1 : 1;
	return (left->state > right->state) - (left->state < right->state);
}

/* Add up tallies that became alike. */
static void merge(struct pyprof_html_shape *shape, size_t count)
{
	struct pyprof_html_tally *tallies = shape->tallies;
	size_t last = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t index = tallies[i].index;
		if (i && compare_tallies(&tallies[last], &tallies[i])) {
			tallies[++last] = tallies[i];
		} else if (i) {
			tallies[last].samples += tallies[i].samples;
			tallies[last].ns += tallies[i].ns;
		}
		shape->tally_of[index] = (uint32_t)last;
	}
	shape->tally_count = count ? last + 1 : 0;
}

static uint32_t thread_of(const struct folder *folder, uint32_t thread)
{
	return folder->thread_rank[thread] < folder->threads_kept
		       ? thread
		       : PYPROF_HTML_RARE_THREAD;
}

static void map_tallies(const struct folder *folder,
			struct pyprof_html_shape *shape)
{
	for (size_t i = 0; i < folder->tally_count; i++) {
		const struct pyprof_tally *tally = &folder->tallies[i];
		shape->tallies[i] = (struct pyprof_html_tally){
			.stack = folder->of[tally->stack],
			.thread = thread_of(folder, tally->thread),
			.state = tally->state,
			.index = (uint32_t)i,
			.samples = tally->samples,
			.ns = tally->ns,
		};
	}
	if (folder->tally_count)
		qsort(shape->tallies, folder->tally_count,
		      sizeof(*shape->tallies), compare_tallies);
	merge(shape, folder->tally_count);
}

_Static_assert(PYPROF_STATE_COUNT < 16, "a state fits four bits");

/* Whether no more than `most` tallies are left, with what was folded. */
static bool has_few_tallies(const struct folder *folder, size_t most,
			    uint64_t *seen, size_t slots)
{
	size_t count = 0;
	memset(seen, 0, slots * sizeof(*seen));
	for (size_t i = 0; i < folder->tally_count; i++) {
		const struct pyprof_tally *tally = &folder->tallies[i];
		uint64_t key = folder->of[tally->stack];
		uint32_t thread = thread_of(folder, tally->thread);
		/* Threads are many fewer than 2^28; 0 is an empty slot. */
		key = key << 32 | (uint64_t)(thread & 0xfffffff) << 4 |
		      (uint64_t)(tally->state + 1);
		size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20);
		while (seen[at & (slots - 1)] && seen[at & (slots - 1)] != key)
			at++;
		if (seen[at & (slots - 1)])
			continue;
		if (count++ == most)
			return false;
		seen[at & (slots - 1)] = key;
	}
	return true;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;
	return (*left < *right) - (*left > *right);
}

/* The time that no more than `count` stacks have. */
static struct pyprof_error *first_least(const struct folder *folder,
					size_t count, uint64_t *ret)
{
	_cleanup_free_ uint64_t *times =
		calloc(folder->stack_count + 1, sizeof(*times));
	if (!times)
		return pyprof_error_oom();
	memcpy(times, folder->total, folder->stack_count * sizeof(*times));
	qsort(times, folder->stack_count, sizeof(*times), compare_times);
	*ret = count < folder->stack_count ? times[count] + 1 : 2;
	return NULL;
}

static void count_folded(const struct folder *folder,
			 struct pyprof_html_shape *shape)
{
	for (size_t i = 0; i < folder->stack_count; i++)
		shape->folded += folder->near[i] != i && folder->self[i];
	for (size_t i = 0; i < folder->tally_count; i++) {
		const struct pyprof_tally *tally = &folder->tallies[i];
		if (folder->near[tally->stack] == tally->stack)
			continue;
		shape->folded_samples += tally->samples;
		shape->folded_ns += tally->ns;
	}
	shape->folded_threads = folder->thread_count - folder->threads_kept;
}

/* Keep half of the threads where it is they that make tallies too many: stacks
 * are a small part of what is allowed, or cannot be folded further. */
static bool fold_threads(struct folder *folder,
			 const struct pyprof_html_limits *limits, bool all)
{
	if (folder->threads_kept < 2 ||
	    (!all && folder->made.count > limits->stacks / 4))
		return false;
	folder->threads_kept /= 2;
	return true;
}

/* Fold ever more until it fits, or nothing is left to fold. */
static struct pyprof_error *fit(struct folder *folder,
				const struct pyprof_html_limits *limits)
{
	size_t slots = 64;
	uint64_t least = 1;
	while (slots < limits->tallies * 2)
		slots *= 2;
	_cleanup_free_ uint64_t *seen = calloc(slots, sizeof(*seen));
	while (seen && keep(folder, least) && fold(folder)) {
		bool are_all = least > folder->total[0];
		if (folder->made.count <= limits->stacks &&
		    has_few_tallies(folder, limits->tallies, seen, slots))
			return NULL;
		if (least > 1 && fold_threads(folder, limits, are_all))
			continue;
		if (are_all)
			return NULL;
		if (least > 1) {
			least *= 2;
			continue;
		}
		struct pyprof_error *err =
			first_least(folder, limits->stacks / 2, &least);
		if (err)
			return err;
	}
	return pyprof_error_oom();
}

struct pyprof_error *
pyprof_html_shape_init(const struct pyprof_profile *profile,
		       const struct pyprof_html_limits *limits,
		       struct pyprof_html_shape *shape)
{
	_cleanup_(folder_deinit) struct folder folder = {};
	*shape = (struct pyprof_html_shape){};
	if (!folder_init(&folder, profile))
		return pyprof_error_oom();
	shape->tallies =
		calloc(folder.tally_count + 1, sizeof(*shape->tallies));
	shape->tally_of =
		calloc(folder.tally_count + 1, sizeof(*shape->tally_of));
	struct pyprof_error *err = NULL;
	if (!shape->tallies || !shape->tally_of)
		err = pyprof_error_oom();
	if (!err)
		err = fit(&folder, limits);
	if (err) {
		pyprof_html_shape_deinit(shape);
		return err;
	}
	map_tallies(&folder, shape);
	count_folded(&folder, shape);
	shape->stacks = folder.made.items;
	shape->stack_count = folder.made.count;
	folder.made.items = NULL;
	return NULL;
}
