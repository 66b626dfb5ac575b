// SPDX-License-Identifier: Apache-2.0
#include "core/heap/semi_nca.h"

#include "core/heap/bits.h"

/* How often to tell of progress, in nodes. */
#define STEP 0xffff

/* How far ahead to have memory fetched: edges of a row, numbers. */
#define EDGES_AHEAD 16
#define NUMBERS_AHEAD 8

/* What is known of a number, side by side for the cache. */
struct link {
	/* Its parent, then an ancestor further up. */
	uint32_t ancestor;
	/* The least semidominator from it up to below `ancestor`. While
	 * walking: the position in its row. */
	uint32_t best;
};

struct work {
	const struct pyprof_graph *graph;
	const uint64_t *skip;
	const struct pyprof_progress *progress;
	/* By node. */
	uint32_t *number_of;
	/* By number, from 1 to `count`. */
	uint32_t count;
	uint32_t *node_of;
	struct link *links;
	uint32_t *semi;
	/* Numbers that refer to each and are greater: rows as in a graph. */
	uint32_t *first, *referrers;
	uint32_t *idom;
};

static void deinit(struct work *work)
{
	free(work->node_of);
	free(work->links);
	free(work->semi);
	free(work->first);
	free(work->referrers);
	free(work->idom);
}

static struct pyprof_error *tell(const struct work *work, uint64_t done)
{
	return pyprof_progress(work->progress, "dominators", done,
			       work->count * UINT64_C(4));
}

/* What is known of the targets of one part of a row will be asked for. */
static void fetch_numbers(const struct work *work, uint32_t from, uint32_t end)
{
	if (end - from > EDGES_AHEAD)
		end = from + EDGES_AHEAD;
	for (uint32_t at = from; at < end; at++)
		__builtin_prefetch(&work->number_of[work->graph->targets[at]]);
}

static void enter(struct work *work, uint32_t node, uint32_t parent,
		  uint32_t number)
{
	work->number_of[node] = number;
	work->node_of[number] = node;
	work->semi[number] = parent;
	work->links[number] = (struct link){
		.ancestor = parent,
		.best = work->graph->first[node],
	};
	fetch_numbers(work, work->graph->first[node],
		      work->graph->first[node + 1]);
}

/*
 * Go on in the row of `number` up to a node not seen before, which is
 * returned. A reference to a node further down gives it a semidominator at
 * once; those to numbers that are less are counted, to be looked at later.
 */
static uint32_t next_unseen(struct work *work, uint32_t number)
{
	const uint32_t *targets = work->graph->targets;
	uint32_t end = work->graph->first[work->node_of[number] + 1];
	uint32_t *at = &work->links[number].best;
	while (*at < end) {
		if (end - *at > EDGES_AHEAD)
			__builtin_prefetch(
				&work->number_of[targets[*at + EDGES_AHEAD]]);
		uint32_t target = targets[(*at)++];
		if (pyprof_bit(work->skip, target))
			continue;
		uint32_t other = work->number_of[target];
		if (!other)
			return target;
		if (other < number)
			work->first[other]++;
		else if (work->semi[other] > number)
			work->semi[other] = number;
	}
	return PYPROF_NO_NODE;
}

/* Number all nodes, depth first. */
static struct pyprof_error *walk(struct work *work, const uint32_t *roots,
				 size_t root_count)
{
	uint32_t last = 0;
	for (size_t i = 0; i < root_count; i++) {
		if (work->number_of[roots[i]])
			continue;
		enter(work, roots[i], 0, ++last);
		for (uint32_t number = last; number;) {
			uint32_t node = next_unseen(work, number);
			if (node == PYPROF_NO_NODE) {
				number = work->links[number].ancestor;
				continue;
			}
			enter(work, node, number, ++last);
			number = last;
			struct pyprof_error *err =
				last & STEP ? NULL : tell(work, last);
			if (err)
				return err;
		}
	}
	return NULL;
}

/* Rows of the greater numbers that refer to each; first[] has counts. */
static struct pyprof_error *collect_referrers(struct work *work)
{
	for (uint32_t i = 1; i <= work->count; i++)
		work->first[i] += work->first[i - 1];
	work->first[work->count + 1] = work->first[work->count];
	work->referrers =
		pyprof_large_alloc(work->first[work->count], sizeof(uint32_t));
	if (!work->referrers)
		return pyprof_error_oom();
	const uint32_t *rows = work->graph->first;
	for (uint32_t number = 1; number <= work->count; number++) {
		uint32_t node = work->node_of[number];
		for (uint32_t at = rows[node]; at < rows[node + 1]; at++) {
			uint32_t target = work->graph->targets[at];
			if (pyprof_bit(work->skip, target))
				continue;
			uint32_t other = work->number_of[target];
			if (other < number)
				work->referrers[--work->first[other]] = number;
		}
		struct pyprof_error *err =
			number & STEP ? NULL : tell(work, work->count + number);
		if (err)
			return err;
	}
	return NULL;
}

/*
 * The least semidominator from `v` up to below the first number that is not
 * above `linked`. What was passed points there afterwards; on the way up
 * `ancestor` points down, so that no stack is needed.
 */
static uint32_t evaluate(struct link *links, uint32_t v, uint32_t linked)
{
	uint32_t below = 0;
	while (links[v].ancestor > linked) {
		uint32_t up = links[v].ancestor;
		links[v].ancestor = below;
		below = v;
		v = up;
	}
	uint32_t best = links[v].best, top = links[v].ancestor;
	while (below) {
		struct link *link = &links[below];
		below = link->ancestor;
		link->ancestor = top;
		if (link->best > best)
			link->best = best;
		best = link->best;
	}
	return best;
}

static struct pyprof_error *find_semidominators(struct work *work)
{
	for (uint32_t number = work->count; number > 0; number--) {
		uint32_t semi = work->semi[number];
		for (uint32_t at = work->first[number];
		     at < work->first[number + 1]; at++) {
			uint32_t other = evaluate(work->links,
						  work->referrers[at], number);
			if (other < semi)
				semi = other;
		}
		work->semi[number] = work->links[number].best = semi;
		struct pyprof_error *err =
			number & STEP ? NULL
				      : tell(work, work->count * UINT64_C(3) -
							   number);
		if (err)
			return err;
	}
	return NULL;
}

/*
 * Dominators from semidominators. `links` serve as jump pointers here:
 * `ancestor` is one further up the tree of dominators, `best` the depth.
 */
static struct pyprof_error *find_dominators(struct work *work)
{
	struct link *links = work->links;
	uint32_t *idom = work->idom;
	idom[0] = 0;
	links[0] = (struct link){};
	for (uint32_t number = 1; number <= work->count; number++) {
		uint32_t semi = work->semi[number], up = idom[number];
		while (up > semi)
			up = links[up].ancestor > semi ? links[up].ancestor
						       : idom[up];
		uint32_t jump = links[up].ancestor;
		uint32_t beyond = links[jump].ancestor;
		bool is_even = links[up].best - links[jump].best ==
			       links[jump].best - links[beyond].best;
		idom[number] = up;
		links[number] = (struct link){
			.ancestor = is_even ? beyond : up,
			.best = links[up].best + 1,
		};
		struct pyprof_error *err =
			number & STEP ? NULL
				      : tell(work, work->count * UINT64_C(3) +
							   number);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *run(struct work *work, const uint32_t *roots,
				size_t root_count)
{
	size_t count = work->count + 2ul;
	work->node_of = pyprof_large_alloc(count, sizeof(uint32_t));
	work->links = pyprof_large_alloc(count, sizeof(struct link));
	work->semi = pyprof_large_alloc(count, sizeof(uint32_t));
	work->first = pyprof_large_filled(count, sizeof(uint32_t), 0);
	if (!work->node_of || !work->links || !work->semi || !work->first)
		return pyprof_error_oom();
	struct pyprof_error *err = walk(work, roots, root_count);
	if (!err)
		err = collect_referrers(work);
	if (err)
		return err;
	work->idom = pyprof_large_alloc(count, sizeof(uint32_t));
	if (!work->idom)
		return pyprof_error_oom();
	for (uint32_t number = 1; number <= work->count; number++)
		work->idom[number] = work->links[number].ancestor;
	err = find_semidominators(work);
	return err ? err : find_dominators(work);
}

struct pyprof_error *pyprof_semi_nca(const struct pyprof_graph *graph,
				     const uint32_t *roots, size_t root_count,
				     const uint64_t *skip, uint32_t count,
				     const struct pyprof_progress *progress,
				     uint32_t *idom, uint32_t **order_ret)
{
	struct work work = {
		.graph = graph,
		.skip = skip,
		.progress = progress,
		.number_of = idom,
		.count = count,
	};
	struct pyprof_error *err = run(&work, roots, root_count);
	if (!err) {
		work.node_of[0] = graph->node_count;
		for (uint32_t number = 1; number <= count; number++)
			idom[work.node_of[number]] =
				work.node_of[work.idom[number]];
		*order_ret = no_cleanup_ptr(work.node_of);
	}
	deinit(&work);
	return err;
}
