// SPDX-License-Identifier: Apache-2.0
#include "core/heap/outskirts.h"

#include "core/heap/bits.h"

/* How often to tell of progress, in nodes. */
#define STEP 0xffff

/* How far ahead to have memory fetched: nodes in order, edges of a row. */
#define NODES_AHEAD 12
#define EDGES_AHEAD 8

/* A node's place in the tree of dominators. */
struct place {
	uint32_t depth, jump;
};

struct work {
	const struct pyprof_graph *graph;
	const uint64_t *skip;
	const struct pyprof_progress *progress;
	/* By node; that of `node_count` is above all. */
	uint32_t *idom;
	struct place *places;
	uint64_t done, all;
};

/* Put a node below its dominator. */
static void put(struct work *work, uint32_t node)
{
	struct place *places = work->places;
	uint32_t up = work->idom[node], jump = places[up].jump;
	uint32_t beyond = places[jump].jump;
	bool is_even = places[up].depth - places[jump].depth ==
		       places[jump].depth - places[beyond].depth;
	places[node] = (struct place){
		.depth = places[up].depth + 1,
		.jump = is_even ? beyond : up,
	};
}

static uint32_t up_from(const struct work *work, uint32_t node)
{
	return node == work->graph->node_count ? node : work->idom[node];
}

/* The nearest that dominates both, or is one of them. */
static uint32_t common(const struct work *work, uint32_t a, uint32_t b)
{
	const struct place *places = work->places;
	if (places[a].depth < places[b].depth) {
		uint32_t deeper = b;
		b = a;
		a = deeper;
	}
	while (places[a].depth > places[b].depth) {
		uint32_t jump = places[a].jump;
		a = places[jump].depth >= places[b].depth ? jump
							  : up_from(work, a);
	}
	/* At the same depth jumps are equally long. */
	while (a != b) {
		bool is_above = places[a].jump == places[b].jump;
		a = is_above ? up_from(work, a) : places[a].jump;
		b = is_above ? up_from(work, b) : places[b].jump;
	}
	return a;
}

/* Take a node as a referrer of those that it refers to. */
static void refer(struct work *work, uint32_t node)
{
	const struct pyprof_graph *graph = work->graph;
	uint32_t up = work->idom[node], end = graph->first[node + 1];
	for (uint32_t at = graph->first[node]; at < end; at++) {
		if (at + EDGES_AHEAD < end)
			__builtin_prefetch(
				&work->idom[graph->targets[at + EDGES_AHEAD]]);
		uint32_t target = graph->targets[at];
		if (!pyprof_bit(work->skip, target))
			continue;
		uint32_t *idom = &work->idom[target];
		if (*idom == node || *idom == up || *idom == graph->node_count)
			continue;
		*idom = *idom == target ? node : common(work, *idom, node);
	}
}

static struct pyprof_error *run(struct work *work, const uint32_t *nodes,
				uint32_t count)
{
	const uint32_t *first = work->graph->first;
	for (uint32_t i = 0; i < count; i++) {
		if (count - i > 2 * NODES_AHEAD) {
			__builtin_prefetch(&first[nodes[i + 2 * NODES_AHEAD]]);
			uint32_t next = nodes[i + NODES_AHEAD];
			__builtin_prefetch(&work->idom[next]);
			__builtin_prefetch(&work->graph->targets[first[next]]);
		}
		uint32_t node = nodes[i];
		if (first[node] < first[node + 1]) {
			put(work, node);
			refer(work, node);
		}
		struct pyprof_error *err =
			++work->done & STEP
				? NULL
				: pyprof_progress(work->progress,
						  "dominators of leaves",
						  work->done, work->all);
		if (err)
			return err;
	}
	return NULL;
}

struct pyprof_error *pyprof_dominate_outskirts(
	const struct pyprof_graph *graph, const struct pyprof_node_order *order,
	const uint64_t *skip, const struct pyprof_progress *progress,
	uint32_t *idom)
{
	uint32_t top = graph->node_count;
	_cleanup_free_ struct place *places =
		pyprof_large_alloc(top + 1ul, sizeof(*places));
	if (!places)
		return pyprof_error_oom();
	places[top] = (struct place){.jump = top};
	struct work work = {
		.graph = graph,
		.skip = skip,
		.progress = progress,
		.idom = idom,
		.places = places,
		.all = order->inner_count + (uint64_t)order->outer_count,
	};
	struct pyprof_error *err = run(&work, order->inner, order->inner_count);
	return err ? err : run(&work, order->outer, order->outer_count);
}
