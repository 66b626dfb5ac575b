// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Immediate dominators of the outskirts: nodes from which no way leads back
 * into the rest of the graph, nor round to themselves. Most of a heap is such:
 * numbers, strings, containers of these.
 *
 * Referrers of such a node are all known before it, so that its dominator is
 * the nearest that they have in common in the tree of dominators made so far.
 * Jump pointers (Myers) make each of these searches logarithmic.
 *
 * Private to dominators.c.
 */
#ifndef PYPROF_HEAP_OUTSKIRTS_H
#define PYPROF_HEAP_OUTSKIRTS_H

#include "core/heap/graph.h"

/** Nodes in an order in which dominators and referrers come first. */
struct pyprof_node_order {
	/** The rest of the graph, then the outskirts. */
	const uint32_t *inner, *outer;
	uint32_t inner_count, outer_count;
};

/**
 * @param skip Bit a node: it is a root, or of the outskirts.
 * @param[in,out] idom Dominators of inner nodes, `graph->node_count` for none;
 * of the others the only referrer, which is their dominator, or themselves
 * when there are several: their dominators afterwards.
 */
struct pyprof_error *pyprof_dominate_outskirts(
	const struct pyprof_graph *graph, const struct pyprof_node_order *order,
	const uint64_t *skip, const struct pyprof_progress *progress,
	uint32_t *idom) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_OUTSKIRTS_H */
