// SPDX-License-Identifier: Apache-2.0
#include "tests/support/naive_graph.h"

#include <stdlib.h>
#include <string.h>

void edges_add(struct edges *edges, uint32_t from, uint32_t to)
{
	if (!pyprof_vec_push(&edges->list,
			     (struct edge){.from = from, .to = to}))
		abort();
}

struct pyprof_graph edges_graph(struct edges *edges, uint32_t node_count)
{
	size_t count = edges->list.count;
	struct pyprof_graph graph = {
		.node_count = node_count,
		.first = calloc(node_count + 2ul, sizeof(uint32_t)),
		.targets = calloc(count + 1, sizeof(uint32_t)),
	};
	/* first[i + 1] is where the next edge of row i goes. */
	for (size_t i = 0; i < count; i++)
		graph.first[edges->list.items[i].from + 2]++;
	for (uint32_t i = 1; i <= node_count; i++)
		graph.first[i] += graph.first[i - 1];
	for (size_t i = 0; i < count; i++)
		graph.targets[graph.first[edges->list.items[i].from + 1]++] =
			edges->list.items[i].to;
	pyprof_vec_deinit(&edges->list);
	return graph;
}

void naive_reach(const struct pyprof_graph *graph, const uint32_t *roots,
		 size_t root_count, uint32_t without, bool *reached)
{
	uint32_t *todo = calloc(graph->node_count + 1ul, sizeof(*todo));
	size_t count = 0;
	memset(reached, 0, graph->node_count);
	for (size_t i = 0; i < root_count; i++) {
		if (roots[i] == without || reached[roots[i]])
			continue;
		reached[roots[i]] = true;
		todo[count++] = roots[i];
	}
	while (count) {
		uint32_t node = todo[--count];
		for (uint32_t at = graph->first[node];
		     at < graph->first[node + 1]; at++) {
			uint32_t target = graph->targets[at];
			if (target == without || reached[target])
				continue;
			reached[target] = true;
			todo[count++] = target;
		}
	}
	free(todo);
}

/*
 * The dominators of a node are a chain, and the nearest of them is the one
 * that has the most dominators itself.
 */
void naive_dominators(const struct pyprof_graph *graph, const uint32_t *roots,
		      size_t root_count, uint32_t *idom)
{
	uint32_t count = graph->node_count;
	bool *all = calloc(count, sizeof(*all));
	bool *left = calloc(count, sizeof(*left));
	bool *dominates = calloc((size_t)count * count, sizeof(*dominates));
	uint32_t *depth = calloc(count, sizeof(*depth));
	naive_reach(graph, roots, root_count, PYPROF_NO_NODE, all);
	for (uint32_t node = 0; node < count; node++) {
		if (!all[node])
			continue;
		naive_reach(graph, roots, root_count, node, left);
		for (uint32_t other = 0; other < count; other++)
			if (all[other] && !left[other] && other != node) {
				dominates[(size_t)node * count + other] = true;
				depth[other]++;
			}
	}
	for (uint32_t node = 0; node < count; node++) {
		idom[node] = PYPROF_NO_NODE;
		for (uint32_t other = 0; other < count; other++)
			if (dominates[(size_t)other * count + node] &&
			    (idom[node] == PYPROF_NO_NODE ||
			     depth[other] > depth[idom[node]]))
				idom[node] = other;
	}
	free(all);
	free(left);
	free(dominates);
	free(depth);
}

void naive_distances(const struct pyprof_graph *graph, const uint32_t *roots,
		     size_t root_count, uint32_t *distances)
{
	memset(distances, 0xff, graph->node_count * sizeof(*distances));
	for (size_t i = 0; i < root_count; i++)
		distances[roots[i]] = 0;
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t node = 0; node < graph->node_count; node++) {
			if (distances[node] == UINT32_MAX)
				continue;
			for (uint32_t at = graph->first[node];
			     at < graph->first[node + 1]; at++) {
				uint32_t *there =
					&distances[graph->targets[at]];
				if (*there <= distances[node] + 1)
					continue;
				*there = distances[node] + 1;
				changed = true;
			}
		}
	}
}
