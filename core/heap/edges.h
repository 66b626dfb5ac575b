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

#endif /* PYPROF_HEAP_EDGES_H */
