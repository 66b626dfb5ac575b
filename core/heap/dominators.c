// SPDX-License-Identifier: Apache-2.0
#include "core/heap/bits.h"
#include "core/heap/outskirts.h"
#include "core/heap/semi_nca.h"

/* How often to tell of progress, in nodes. */
#define STEP 0xffff

/* How far ahead to have memory fetched: nodes of the queue, edges of a row. */
#define NODES_AHEAD 16
#define EDGES_AHEAD 8

struct work {
	const struct pyprof_graph *graph;
	const struct pyprof_progress *progress;
	/*
	 * By node. PYPROF_NO_NODE while it is not reached; then its only
	 * referrer, or itself when there are several; then its dominator.
	 */
	uint32_t *idom;
	/* The nodes reached, breadth first; then those of the outskirts. */
	uint32_t *order;
	/* The others, from 1 on. */
	uint32_t *inner_order;
	uint32_t reached_count, outer_count;
	/*
	 * Bit a node: a root, or of the outskirts. References to roots change
	 * nothing: they are dominated by none, and a path through one begins
	 * at it as well.
	 */
	uint64_t *skip;
};

static struct pyprof_error *tell(const struct work *work, uint32_t done)
{
	return done & STEP
		       ? NULL
		       : pyprof_progress(work->progress, "what is reachable",
					 done, work->graph->node_count);
}

/* The row of a node a few places on in the queue will be needed. */
static void fetch(const struct work *work, uint32_t further, uint32_t next)
{
	const struct pyprof_graph *graph = work->graph;
	__builtin_prefetch(&graph->first[work->order[further]]);
	__builtin_prefetch(&graph->targets[graph->first[work->order[next]]]);
}

static uint32_t reach_from(struct work *work, uint32_t node, uint32_t tail)
{
	const struct pyprof_graph *graph = work->graph;
	uint32_t end = graph->first[node + 1];
	for (uint32_t at = graph->first[node]; at < end; at++) {
		if (at + EDGES_AHEAD < end)
			__builtin_prefetch(
				&work->idom[graph->targets[at + EDGES_AHEAD]]);
		uint32_t target = graph->targets[at];
		uint32_t *only = &work->idom[target];
		if (*only == PYPROF_NO_NODE) {
			*only = node;
			work->order[tail++] = target;
		} else if (*only != node && target != node) {
			*only = target;
		}
	}
	return tail;
}

/* Find what is reached, and from where. */
static struct pyprof_error *reach(struct work *work, const uint32_t *roots,
				  size_t root_count)
{
	uint32_t tail = 0;
	for (size_t i = 0; i < root_count; i++) {
		if (work->idom[roots[i]] != PYPROF_NO_NODE)
			continue;
		work->idom[roots[i]] = roots[i];
		pyprof_bit_set(work->skip, roots[i]);
		work->order[tail++] = roots[i];
	}
	for (uint32_t head = 0; head < tail; head++) {
		if (tail - head > 2 * NODES_AHEAD)
			fetch(work, head + 2 * NODES_AHEAD, head + NODES_AHEAD);
		tail = reach_from(work, work->order[head], tail);
		struct pyprof_error *err = tell(work, head);
		if (err)
			return err;
	}
	work->reached_count = tail;
	return NULL;
}

/* Whether a node refers to nothing but the outskirts, roots, and itself. */
static bool is_outside(const struct work *work, uint32_t node)
{
	const struct pyprof_graph *graph = work->graph;
	uint32_t end = graph->first[node + 1];
	for (uint32_t at = graph->first[node]; at < end; at++) {
		uint32_t target = graph->targets[at];
		if (!pyprof_bit(work->skip, target) && target != node)
			return false;
	}
	return true;
}

/*
 * Set the outskirts apart: going backwards, most referrers come later. They are
 * left at the start of `order`; each is before those that it refers to.
 */
static struct pyprof_error *peel(struct work *work)
{
	uint32_t *order = work->order, at = work->reached_count;
	for (uint32_t i = work->reached_count; i-- > 0;) {
		uint32_t node = order[i];
		if (i >= 2 * NODES_AHEAD)
			fetch(work, i - 2 * NODES_AHEAD, i - NODES_AHEAD);
		if (!pyprof_bit(work->skip, node) && is_outside(work, node)) {
			pyprof_bit_set(work->skip, node);
			order[--at] = node;
		} else {
			work->idom[node] = 0;
		}
		struct pyprof_error *err = tell(work, i);
		if (err)
			return err;
	}
	work->outer_count = work->reached_count - at;
	memmove(order, order + at, work->outer_count * sizeof(*order));
	/* Less of it is needed; no harm if that cannot be had. */
	order = realloc(order, (work->outer_count + 1ul) * sizeof(*order));
	if (order)
		work->order = order;
	return NULL;
}

static struct pyprof_error *find_idoms(struct work *work, const uint32_t *roots,
				       size_t root_count)
{
	uint32_t count = work->graph->node_count;
	work->idom = pyprof_large_filled(count, sizeof(uint32_t), 0xff);
	work->order = pyprof_large_alloc(count, sizeof(uint32_t));
	work->skip = pyprof_bits_alloc(count);
	if (!work->idom || !work->order || !work->skip)
		return pyprof_error_oom();
	struct pyprof_error *err = reach(work, roots, root_count);
	if (!err)
		err = peel(work);
	if (err)
		return err;
	uint32_t inner_count = work->reached_count - work->outer_count;
	err = pyprof_semi_nca(work->graph, roots, root_count, work->skip,
			      inner_count, work->progress, work->idom,
			      &work->inner_order);
	struct pyprof_node_order order = {
		.inner = work->inner_order + 1,
		.inner_count = inner_count,
		.outer = work->order,
		.outer_count = work->outer_count,
	};
	return err ? err
		   : pyprof_dominate_outskirts(work->graph, &order, work->skip,
					       work->progress, work->idom);
}

/* Add each node's bytes to its dominator's, those further down first. */
static struct pyprof_error *sum_up(const struct work *work,
				   const uint32_t *order, uint32_t count,
				   uint64_t *retained)
{
	const uint32_t *idom = work->idom;
	for (uint32_t i = count; i-- > 0;) {
		if (i >= 2 * NODES_AHEAD) {
			__builtin_prefetch(&idom[order[i - 2 * NODES_AHEAD]]);
			__builtin_prefetch(
				&retained[order[i - 2 * NODES_AHEAD]]);
			uint32_t up = idom[order[i - NODES_AHEAD]];
			__builtin_prefetch(&retained[up]);
		}
		uint32_t node = order[i];
		if (idom[node] != work->graph->node_count)
			retained[idom[node]] += retained[node];
		struct pyprof_error *err = pyprof_progress_of_many(
			work->progress, "sizes", count - i, count);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *
find_retained(struct work *work,
	      uint64_t (*weight)(void *context, uint32_t node), void *context,
	      struct pyprof_dominators *ret)
{
	uint32_t count = work->graph->node_count;
	ret->retained = pyprof_large_alloc(count, sizeof(*ret->retained));
	ret->reached = pyprof_bits_alloc(count);
	if (!ret->retained || !ret->reached)
		return pyprof_error_oom();
	for (uint32_t node = 0; node < count; node++) {
		uint64_t bytes = 0;
		if (work->idom[node] != PYPROF_NO_NODE) {
			bytes = weight(context, node);
			pyprof_bit_set(ret->reached, node);
		}
		ret->retained[node] = bytes;
		ret->reached_bytes += bytes;
		struct pyprof_error *err = pyprof_progress_of_many(
			work->progress, "sizes", node, count);
		if (err)
			return err;
	}
	struct pyprof_error *err =
		sum_up(work, work->order, work->outer_count, ret->retained);
	if (!err)
		err = sum_up(work, work->inner_order + 1,
			     work->reached_count - work->outer_count,
			     ret->retained);
	if (err)
		return err;
	for (uint32_t node = 0; node < count; node++)
		if (work->idom[node] == count)
			work->idom[node] = PYPROF_NO_NODE;
	ret->idom = no_cleanup_ptr(work->idom);
	ret->node_count = count;
	ret->reached_count = work->reached_count;
	return NULL;
}

struct pyprof_error *
pyprof_dominators_compute(const struct pyprof_graph *graph,
			  const uint32_t *roots, size_t root_count,
			  uint64_t (*weight)(void *context, uint32_t node),
			  void *context, const struct pyprof_progress *progress,
			  struct pyprof_dominators *ret)
{
	struct work work = {.graph = graph, .progress = progress};
	struct pyprof_dominators dominators = {};
	struct pyprof_error *err = find_idoms(&work, roots, root_count);
	free(no_cleanup_ptr(work.skip));
	if (!err)
		err = find_retained(&work, weight, context, &dominators);
	free(work.idom);
	free(work.order);
	free(work.inner_order);
	if (err)
		pyprof_dominators_deinit(&dominators);
	else
		*ret = dominators;
	return err;
}

void pyprof_dominators_deinit(struct pyprof_dominators *dominators)
{
	free(dominators->idom);
	free(dominators->retained);
	free(dominators->reached);
	*dominators = (struct pyprof_dominators){};
}
