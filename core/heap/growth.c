// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/heap/diff.h"

/** A child with as much of its parent's growth is where that comes from. */
#define BIG_SHARE 70
/** What grew by less than this part of the most is not looked at. */
#define NOISE 1000
/** A way up the tree that is longer ends there: a chain. */
#define MAX_WAY 10000

/** Not looked at yet, in `nearest`. */
#define UNKNOWN (PYPROF_NO_NODE - 1)

/** An object that may be a holder. */
struct candidate {
	uint32_t node;
	bool is_new, is_holder;
	uint64_t before, after;
	/** The most growth of one directly below it. */
	uint64_t best_child;
};

struct finder {
	const struct pyprof_growth_input *input;
	const struct pyprof_dominators *dominators;
	/** In order of node. */
	PYPROF_VEC(struct candidate) candidates;
};

static uint64_t growth_of(const struct candidate *candidate)
{
	return candidate->after > candidate->before
		       ? candidate->after - candidate->before
		       : 0;
}

static uint64_t before(const struct finder *finder, uint32_t node)
{
	return finder->input->before(finder->input->context, node);
}

static struct candidate *find(const struct finder *finder, uint32_t node)
{
	size_t low = 0, high = finder->candidates.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (finder->candidates.items[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < finder->candidates.count &&
		     finder->candidates.items[low].node == node;
	return found ? &finder->candidates.items[low] : NULL;
}

/** By how much something has to grow to be looked at. */
static uint64_t find_threshold(const struct finder *finder)
{
	const struct pyprof_dominators *dominators = finder->dominators;
	uint64_t most = 0;
	for (uint32_t i = 0; i < dominators->node_count; i++) {
		uint64_t old = before(finder, i);
		if (old != PYPROF_GROWTH_NEW && dominators->retained[i] > old &&
		    dominators->retained[i] - old > most)
			most = dominators->retained[i] - old;
	}
	return most / NOISE + 1;
}

static struct pyprof_error *collect(struct finder *finder)
{
	const struct pyprof_dominators *dominators = finder->dominators;
	uint64_t threshold = find_threshold(finder);
	for (uint32_t i = 0; i < dominators->node_count; i++) {
		uint64_t old = before(finder, i);
		struct candidate candidate = {
			.node = i,
			.is_new = old == PYPROF_GROWTH_NEW,
			.before = old == PYPROF_GROWTH_NEW ? 0 : old,
			.after = dominators->retained[i],
		};
		if (growth_of(&candidate) >= threshold &&
		    !pyprof_vec_push(&finder->candidates, candidate))
			return pyprof_error_oom();
	}
	return NULL;
}

static int by_after(const void *a, const void *b)
{
	const struct candidate *left = *(struct candidate *const *)a;
	const struct candidate *right = *(struct candidate *const *)b;
	return (left->after > right->after) - (left->after < right->after);
}

/**
 * What is old below new ones: it only moved there. Whatever holds another is
 * bigger than that, so in order of size each is done before its holder.
 */
static struct pyprof_error *see_what_moved(struct finder *finder)
{
	const struct pyprof_dominators *dominators = finder->dominators;
	for (uint32_t i = 0; i < dominators->node_count; i++) {
		uint32_t parent = dominators->idom[i];
		if (parent == PYPROF_NO_NODE)
			continue;
		uint64_t old = before(finder, i);
		struct candidate *holder =
			old != PYPROF_GROWTH_NEW && before(finder, parent) ==
							    PYPROF_GROWTH_NEW
				? find(finder, parent)
				: NULL;
		if (holder)
			holder->before += old;
	}

	size_t count = 0;
	_cleanup_free_ struct candidate **order = calloc(
		finder->candidates.count + 1, sizeof(struct candidate *));
	if (!order)
		return pyprof_error_oom();
	for (size_t i = 0; i < finder->candidates.count; i++)
		if (finder->candidates.items[i].is_new)
			order[count++] = &finder->candidates.items[i];
	qsort(order, count, sizeof(struct candidate *), by_after);
	for (size_t i = 0; i < count; i++) {
		uint32_t parent = dominators->idom[order[i]->node];
		struct candidate *holder =
			parent == PYPROF_NO_NODE ? NULL : find(finder, parent);
		if (holder && holder->is_new)
			holder->before += order[i]->before;
	}
	return NULL;
}

/** Whether something above a node is a holder. */
static bool is_held(const struct finder *finder, uint32_t node)
{
	for (unsigned i = 0; i < MAX_WAY; i++) {
		node = finder->dominators->idom[node];
		if (node == PYPROF_NO_NODE)
			return false;
		const struct candidate *above = find(finder, node);
		if (above && above->is_holder)
			return true;
	}
	return true;
}

static void choose(struct finder *finder)
{
	for (size_t i = 0; i < finder->candidates.count; i++) {
		const struct candidate *child = &finder->candidates.items[i];
		uint32_t parent = finder->dominators->idom[child->node];
		struct candidate *holder =
			parent == PYPROF_NO_NODE ? NULL : find(finder, parent);
		if (holder && growth_of(child) > holder->best_child)
			holder->best_child = growth_of(child);
	}
	for (size_t i = 0; i < finder->candidates.count; i++) {
		struct candidate *candidate = &finder->candidates.items[i];
		uint64_t growth = growth_of(candidate);
		candidate->is_holder =
			growth && (double)candidate->best_child * 100 <
					  (double)growth * BIG_SHARE;
	}
}

static int by_growth(const void *a, const void *b)
{
	const struct pyprof_diff_holder *left = a, *right = b;
	uint64_t x = left->after - left->before;
	uint64_t y = right->after - right->before;
	if (x != y)
		return x < y ? 1 : -1;
	return (left->object > right->object) - (left->object < right->object);
}

static struct pyprof_error *keep(const struct finder *finder,
				 struct pyprof_growth *growth)
{
	for (size_t i = 0; i < finder->candidates.count; i++) {
		const struct candidate *candidate =
			&finder->candidates.items[i];
		if (!candidate->is_holder ||
		    (candidate->is_new && is_held(finder, candidate->node)))
			continue;
		struct pyprof_diff_holder holder = {
			.object = candidate->node,
			.is_new = candidate->is_new,
			.before = candidate->before,
			.after = candidate->after,
		};
		if (!pyprof_vec_push(&growth->holders, holder))
			return pyprof_error_oom();
	}
	if (growth->holders.count)
		qsort(growth->holders.items, growth->holders.count,
		      sizeof(*growth->holders.items), by_growth);
	growth->holders_found = growth->holders.count;
	if (growth->holders.count > finder->input->limit)
		growth->holders.count = finder->input->limit;
	return NULL;
}

/** Make ready to ask for the holders of objects. */
static struct pyprof_error *mark(struct pyprof_growth *growth)
{
	uint32_t count = growth->dominators->node_count;
	growth->nearest = malloc((count + 1ul) * sizeof(uint32_t));
	if (!growth->nearest)
		return pyprof_error_oom();
	for (uint32_t i = 0; i < count; i++)
		growth->nearest[i] = UNKNOWN;
	for (size_t i = 0; i < growth->holders.count; i++)
		growth->nearest[growth->holders.items[i].object] = (uint32_t)i;
	return NULL;
}

struct pyprof_error *pyprof_growth_find(const struct pyprof_growth_input *input,
					struct pyprof_growth *ret)
{
	struct finder finder = {.input = input,
				.dominators = input->dominators};
	struct pyprof_growth growth = {.dominators = input->dominators};
	struct pyprof_error *err = collect(&finder);
	if (!err)
		err = see_what_moved(&finder);
	if (!err) {
		choose(&finder);
		err = keep(&finder, &growth);
	}
	if (!err)
		err = mark(&growth);
	pyprof_vec_deinit(&finder.candidates);
	if (err) {
		pyprof_growth_deinit(&growth);
		return err;
	}
	*ret = growth;
	return NULL;
}

void pyprof_growth_deinit(struct pyprof_growth *growth)
{
	pyprof_vec_deinit(&growth->holders);
	free(growth->nearest);
	growth->nearest = NULL;
}

uint32_t pyprof_growth_holder(struct pyprof_growth *growth, uint32_t object)
{
	const uint32_t *idom = growth->dominators->idom;
	uint32_t at = object, found = PYPROF_NO_NODE;
	while (at != PYPROF_NO_NODE && growth->nearest[at] == UNKNOWN)
		at = idom[at];
	if (at != PYPROF_NO_NODE)
		found = growth->nearest[at];
	/* All on the way know it from now on. */
	for (at = object;
	     at != PYPROF_NO_NODE && growth->nearest[at] == UNKNOWN;
	     at = idom[at])
		growth->nearest[at] = found;
	return found;
}
