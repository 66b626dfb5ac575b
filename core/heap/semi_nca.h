// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Immediate dominators of a graph by semi-NCA (Georgiadis): semidominators as
 * Lengauer and Tarjan have them, by a walk backwards with path compression;
 * then each node's dominator is the nearest ancestor of its parent, in the
 * tree made so far, that is not below its semidominator.
 *
 * That ancestor is found by skipping (Myers' jump pointers), so that chains of
 * a million nodes cost a logarithm a step and not their length. Numbers are
 * those of a depth-first walk, from 1; 0 is a node that refers to all roots.
 *
 * Private to dominators.c.
 */
#ifndef PYPROF_HEAP_SEMI_NCA_H
#define PYPROF_HEAP_SEMI_NCA_H

#include "core/heap/graph.h"

/**
 * @param skip Bit a node: references to it are not followed. Roots, which are
 * walked from anyway, and nodes that are of no interest.
 * @param count How many nodes are reached so.
 * @param[in,out] idom 0 for those nodes before, their dominators afterwards,
 * `graph->node_count` where that is none; others' are not touched.
 * @param[out] order_ret Those nodes, from 1 on, each after its dominator.
 */
struct pyprof_error *pyprof_semi_nca(const struct pyprof_graph *graph,
				     const uint32_t *roots, size_t root_count,
				     const uint64_t *skip, uint32_t count,
				     const struct pyprof_progress *progress,
				     uint32_t *idom, uint32_t **order_ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_SEMI_NCA_H */
