// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The part of a heap's graph that no root reaches, with numbers of its own; a
 * part of garbage.c.
 */
#ifndef PYPROF_HEAP_GARBAGE_GRAPH_H
#define PYPROF_HEAP_GARBAGE_GRAPH_H

#include "core/heap/garbage.h"

struct pyprof_garbage_graph {
	const struct pyprof_heap *heap;
	struct pyprof_graph graph;
	/** Of each of its nodes: the object, its type's index (UINT32_MAX when
	 * damaged) and bytes. */
	uint32_t *objects, *types;
	uint64_t *bytes;
	/** Of each: the number of its component, of which there are so many. */
	uint32_t *components;
	uint32_t component_count;
	/** Bytes that go when a node does; and what holds each. */
	struct pyprof_dominators dominators;
};

struct pyprof_error *pyprof_garbage_graph_init(
	const struct pyprof_heap *heap, const struct pyprof_progress *progress,
	struct pyprof_garbage_graph *garbage) PYPROF_MUST_CHECK;
void pyprof_garbage_graph_deinit(struct pyprof_garbage_graph *garbage);

/**
 * Sum up the objects of a component by type, or those of all.
 *
 * @param ret Has room for all of `heap->by_type`.
 * @return How many types there are.
 */
#define PYPROF_ALL_COMPONENTS UINT32_MAX
size_t pyprof_garbage_sum_types(const struct pyprof_garbage_graph *garbage,
				uint32_t component,
				struct pyprof_garbage_type *ret);

/** Fill in what is known of cycles. */
struct pyprof_error *
pyprof_garbage_cycles(const struct pyprof_garbage_graph *garbage, size_t limit,
		      struct pyprof_garbage *found) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_GARBAGE_GRAPH_H */
