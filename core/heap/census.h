// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Finds and counts the objects of a heap: stage 1, for heap.c alone.
 *
 * Every block in use is looked at once. What is an object is told by
 * pyprof_object_at(), and whatever an object says it owns is a buffer, even if
 * it looks like an object. References that lead out of the pools, and the
 * collector's lists, find the objects that are elsewhere: large ones and
 * static ones.
 */
#ifndef PYPROF_HEAP_CENSUS_H
#define PYPROF_HEAP_CENSUS_H

#include "core/heap/heap.h"

/** Fill in a heap whose memory, python and types are there. */
struct pyprof_error *pyprof_census_take(struct pyprof_heap *heap,
					const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

/** Bytes that can stand before an object in its block, in order of need. */
#define PYPROF_PRESIZE_COUNT 3
extern const uint32_t pyprof_presizes[PYPROF_PRESIZE_COUNT];

/** Bytes between the begin of a block and what was asked for. */
static inline uint32_t pyprof_block_header(const struct pyprof_heap *heap)
{
	return heap->allocators.has_debug_hooks ? PYPROF_DEBUG_HEADER : 0;
}

#endif /* PYPROF_HEAP_CENSUS_H */
