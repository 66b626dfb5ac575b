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
	PYPROF_VEC(struct folded) folded;
	PYPROF_VEC(struct pyprof_html_stack) made;
};

static void folder_deinit(struct folder *folder)
{
	free(folder->self);
	free(folder->total);
	free(folder->of);
	free(folder->near);
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
	if (!folder->self || !folder->total || !folder->of || !folder->near)
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

static void map_tallies(const struct folder *folder,
			struct pyprof_html_shape *shape)
{
	for (size_t i = 0; i < folder->tally_count; i++) {
		const struct pyprof_tally *tally = &folder->tallies[i];
		shape->tallies[i] = (struct pyprof_html_tally){
			.stack = folder->of[tally->stack],
			.thread = tally->thread,
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
}

/* Fold ever more until it fits, or nothing is left to fold. */
static struct pyprof_error *fit(struct folder *folder,
				const struct pyprof_html_limits *limits,
				struct pyprof_html_shape *shape)
{
	uint64_t least = 1;
	while (keep(folder, least) && fold(folder)) {
		map_tallies(folder, shape);
		bool fits = folder->made.count <= limits->stacks &&
			    shape->tally_count <= limits->tallies;
		if (fits || least > folder->total[0])
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
		err = fit(&folder, limits, shape);
	if (err) {
		pyprof_html_shape_deinit(shape);
		return err;
	}
	count_folded(&folder, shape);
	shape->stacks = folder.made.items;
	shape->stack_count = folder.made.count;
	folder.made.items = NULL;
	return NULL;
}
