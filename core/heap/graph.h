// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A directed graph of objects in compressed rows, and what is computed on it:
 * dominators with retained sizes, shortest paths, who refers to whom, cycles.
 *
 * Pure: knows numbers only, so that it is tested on graphs made up. Nothing
 * recurses; all memory is allocated at once and its failure is an error.
 */
#ifndef PYPROF_HEAP_GRAPH_H
#define PYPROF_HEAP_GRAPH_H

#include "core/target/memory.h"

/** No node: the parent of a root, what is not reached. */
#define PYPROF_NO_NODE UINT32_MAX

struct pyprof_graph {
	/** Less than PYPROF_NO_NODE, as is the number of edges. */
	uint32_t node_count;
	/** Edges of node i: targets[first[i]] … targets[first[i + 1] - 1].
	 * The same target may be there more than once. */
	uint32_t *first;
	uint32_t *targets;
};

void pyprof_graph_deinit(struct pyprof_graph *graph);

/** The graph with all edges turned round: who refers to each node. */
struct pyprof_error *
pyprof_graph_reverse(const struct pyprof_graph *graph,
		     const struct pyprof_progress *progress,
		     struct pyprof_graph *ret) PYPROF_MUST_CHECK;

/** The dominator tree, below a node that refers to all roots. */
struct pyprof_dominators {
	uint32_t node_count;
	/**
	 * The node without which this one were unreachable; PYPROF_NO_NODE
	 * for those that no single node holds, and for what is unreachable.
	 */
	uint32_t *idom;
	/** Bytes that would be freed with a node: its own and those of all
	 * that it dominates. 0 for what is unreachable. */
	uint64_t *retained;
	uint32_t reached_count;
	uint64_t reached_bytes;
	/** Bit a node: it is reachable from the roots. */
	uint64_t *reached;
};

/**
 * Exact immediate dominators by semi-NCA (semi_nca.h), but for nodes from which
 * no cycle is reached: these are set apart first and need less (outskirts.h).
 *
 * @param roots Nodes reachable from outside; one may be listed twice.
 * @param weight Bytes of a node, asked once for each.
 */
struct pyprof_error *
pyprof_dominators_compute(const struct pyprof_graph *graph,
			  const uint32_t *roots, size_t root_count,
			  uint64_t (*weight)(void *context, uint32_t node),
			  void *context, const struct pyprof_progress *progress,
			  struct pyprof_dominators *ret) PYPROF_MUST_CHECK;
void pyprof_dominators_deinit(struct pyprof_dominators *dominators);

static inline bool pyprof_is_reached(const struct pyprof_dominators *dominators,
				     uint32_t node)
{
	return dominators->reached[node >> 6] >> (node & 63) & 1;
}

/** The dominator tree read downwards; children in order of retained size. */
struct pyprof_children {
	/** As in a graph; row `node_count` is what no single node holds. */
	uint32_t *first;
	uint32_t *nodes;
};
struct pyprof_error *
pyprof_children_compute(const struct pyprof_dominators *dominators,
			const struct pyprof_progress *progress,
			struct pyprof_children *ret) PYPROF_MUST_CHECK;
void pyprof_children_deinit(struct pyprof_children *children);

/**
 * Breadth first from the roots: the node by which each was reached first.
 * PYPROF_NO_NODE for roots and what is not reached; roots win in the order in
 * which they are listed.
 */
struct pyprof_error *
pyprof_shortest_paths(const struct pyprof_graph *graph, const uint32_t *roots,
		      size_t root_count, const struct pyprof_progress *progress,
		      uint32_t **parents_ret) PYPROF_MUST_CHECK;

/**
 * Strongly connected components among the nodes for which `wanted` has a bit
 * (NULL: all). `components_ret[node]` is a number, or PYPROF_NO_NODE for those
 * not wanted.
 */
struct pyprof_error *pyprof_components(const struct pyprof_graph *graph,
				       const uint64_t *wanted,
				       const struct pyprof_progress *progress,
				       uint32_t **components_ret,
				       uint32_t *count_ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_GRAPH_H */
