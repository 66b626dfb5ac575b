// SPDX-License-Identifier: Apache-2.0
#include "core/heap/bits.h"
#include "core/heap/graph.h"

/* How often to tell of progress, in nodes. */
#define STEP 0xffff

struct search {
	const struct pyprof_graph *graph;
	uint32_t *parents, *queue;
	uint64_t *seen;
	uint32_t tail;
};

static void meet(struct search *search, uint32_t node, uint32_t parent)
{
	if (pyprof_bit(search->seen, node))
		return;
	pyprof_bit_set(search->seen, node);
	search->parents[node] = parent;
	search->queue[search->tail++] = node;
}

static struct pyprof_error *run(struct search *search,
				const struct pyprof_progress *progress)
{
	const struct pyprof_graph *graph = search->graph;
	for (uint32_t head = 0; head < search->tail; head++) {
		uint32_t node = search->queue[head];
		for (uint32_t at = graph->first[node];
		     at < graph->first[node + 1]; at++)
			meet(search, graph->targets[at], node);
		struct pyprof_error *err =
			head & STEP
				? NULL
				: pyprof_progress(progress, "shortest paths",
						  head, graph->node_count);
		if (err)
			return err;
	}
	return NULL;
}

struct pyprof_error *
pyprof_shortest_paths(const struct pyprof_graph *graph, const uint32_t *roots,
		      size_t root_count, const struct pyprof_progress *progress,
		      uint32_t **parents_ret)
{
	uint32_t count = graph->node_count;
	_cleanup_free_ uint32_t *parents =
		pyprof_large_filled(count, sizeof(*parents), 0xff);
	_cleanup_free_ uint32_t *queue =
		pyprof_large_alloc(count, sizeof(*queue));
	_cleanup_free_ uint64_t *seen = pyprof_bits_alloc(count);
	if (!parents || !queue || !seen)
		return pyprof_error_oom();
	struct search search = {
		.graph = graph,
		.parents = parents,
		.queue = queue,
		.seen = seen,
	};
	for (size_t i = 0; i < root_count; i++)
		meet(&search, roots[i], PYPROF_NO_NODE);
	struct pyprof_error *err = run(&search, progress);
	if (!err)
		*parents_ret = no_cleanup_ptr(parents);
	return err;
}
