// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the references between objects are called. The graph has only that they
 * are there; here the objects' bytes are looked at again.
 */
#ifndef PYPROF_HEAP_EDGES_H
#define PYPROF_HEAP_EDGES_H

#include "core/heap/heap.h"

/** A reference: an edge kind with its flags, and its label. */
struct pyprof_edge {
	unsigned kind;
	uint64_t label;
};

/** Whether a reference keeps its target alive. */
static inline bool pyprof_edge_is_strong(unsigned kind)
{
	return (kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_WEAK &&
	       !(kind & PYPROF_EDGE_BORROWED);
}

/**
 * How well a reference tells what it is, small numbers being better: an
 * attribute tells more than a position, that more than a word that was found.
 */
unsigned pyprof_edge_rank(unsigned kind);

/**
 * The reference by which one object holds another, the one that tells most
 * when there are several. False when its bytes tell of none.
 */
bool pyprof_heap_edge(const struct pyprof_heap *heap, uint32_t from,
		      uint32_t to, struct pyprof_edge *ret);

/** A reference that is looked for together with others. */
struct pyprof_edge_wanted {
	/** The object that has it. */
	uint32_t from;
	/** As of pyprof_edge_rank(); UINT32_MAX: its bytes tell of none. */
	uint32_t rank;
	/** The object that it leads to. */
	uint64_t target;
	struct pyprof_edge edge;
};

/**
 * pyprof_heap_edge() for many, which are in order of `from` and then of
 * `target`: each object is looked at once, however much it refers to.
 */
struct pyprof_error *pyprof_heap_edges(const struct pyprof_heap *heap,
				       struct pyprof_edge_wanted *wanted,
				       size_t count,
				       const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

/** How many strong references an object has. */
static inline uint32_t pyprof_heap_edge_count(const struct pyprof_heap *heap,
					      uint32_t object)
{
	return heap->graph.first[object + 1] - heap->graph.first[object];
}

#endif /* PYPROF_HEAP_EDGES_H */
