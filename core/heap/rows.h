// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The references between all objects of a heap, read from their bytes: rows of
 * a graph, and what the objects' counts leave unexplained.
 *
 * References that keep nothing alive are left out: weak and borrowed ones, and
 * those of the table of interned strings, which holds no counts.
 *
 * Private to link.c.
 */
#ifndef PYPROF_HEAP_ROWS_H
#define PYPROF_HEAP_ROWS_H

#include "core/heap/heap.h"

/** In place of a count: the object is static or immortal. */
#define PYPROF_ROWS_STATIC UINT32_MAX

struct pyprof_rows {
	struct pyprof_graph graph;
	/** By id: references counted by the object that no row tells of. */
	uint32_t *unexplained;
	/** References into blocks of pools in which no object is. */
	uint64_t lost;
};

/** Read them, with as many threads as help. */
struct pyprof_error *pyprof_rows_read(const struct pyprof_heap *heap,
				      const struct pyprof_progress *progress,
				      struct pyprof_rows *ret)
	PYPROF_MUST_CHECK;

/** One count of an object is explained. */
static inline void pyprof_rows_explain(uint32_t *unexplained)
{
	/* Neither 0 nor PYPROF_ROWS_STATIC. */
	if (*unexplained - 1 < PYPROF_ROWS_STATIC - 1)
		--*unexplained;
}

#endif /* PYPROF_HEAP_ROWS_H */
