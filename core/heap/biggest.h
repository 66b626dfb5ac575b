// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The biggest of many objects, by whatever size one offers them with.
 */
#ifndef PYPROF_HEAP_BIGGEST_H
#define PYPROF_HEAP_BIGGEST_H

#include "core/heap/heap.h"

struct pyprof_big {
	uint64_t size;
	uint32_t object;
};

struct pyprof_biggest {
	/** In no order until pyprof_biggest_sort(). */
	struct pyprof_big *items;
	size_t count, limit;
};

/** Ready to keep `limit` objects, or all that the heap has if those are less.
 */
struct pyprof_error *pyprof_biggest_init(const struct pyprof_heap *heap,
					 size_t limit,
					 struct pyprof_biggest *ret)
	PYPROF_MUST_CHECK;
void pyprof_biggest_deinit(struct pyprof_biggest *biggest);

/** Keep an object if it is among the biggest: of two of one size that with the
 * lower id. */
void pyprof_biggest_offer(struct pyprof_biggest *biggest,
			  struct pyprof_big big);

/** Whether nothing of a size would be kept that has a higher id than all that
 * were offered. */
bool pyprof_biggest_excludes(const struct pyprof_biggest *biggest,
			     uint64_t size);

/** Put the biggest first. */
void pyprof_biggest_sort(struct pyprof_biggest *biggest);

/** Offer all objects, by what is theirs alone (`exclusive`). */
struct pyprof_error *
pyprof_biggest_objects(const struct pyprof_heap *heap,
		       const struct pyprof_progress *progress,
		       struct pyprof_biggest *biggest) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_BIGGEST_H */
