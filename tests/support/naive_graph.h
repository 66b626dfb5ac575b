// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Graphs for tests, and what is asked of them computed in the plainest way:
 * quadratic, with no idea in common with core/heap.
 */
#ifndef PYPROF_TESTS_SUPPORT_NAIVE_GRAPH_H
#define PYPROF_TESTS_SUPPORT_NAIVE_GRAPH_H

#include "core/heap/graph.h"

/** Edges to be made a graph of; zero-initialise. */
struct edge {
	uint32_t from, to;
};
struct edges {
	PYPROF_VEC(struct edge) list;
};

void edges_add(struct edges *edges, uint32_t from, uint32_t to);
/** The graph of them, which are emptied; rows in the order of adding. */
struct pyprof_graph edges_graph(struct edges *edges, uint32_t node_count);

/** What is reached from the roots without passing through `without`. */
void naive_reach(const struct pyprof_graph *graph, const uint32_t *roots,
		 size_t root_count, uint32_t without, bool *reached);

/** Immediate dominators by taking away one node after the other. */
void naive_dominators(const struct pyprof_graph *graph, const uint32_t *roots,
		      size_t root_count, uint32_t *idom);

/** Steps from the nearest root; UINT32_MAX when not reached. Relaxes all edges
 * until nothing changes. */
void naive_distances(const struct pyprof_graph *graph, const uint32_t *roots,
		     size_t root_count, uint32_t *distances);

#endif /* PYPROF_TESTS_SUPPORT_NAIVE_GRAPH_H */
