// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Shared by the files that find pymalloc's state: obmalloc.c (by layout and by
 * symbol) and obmalloc_find.c (by what pools look like). Nothing else needs
 * this.
 */
#ifndef PYPROF_CPYTHON_OBMALLOC_READ_H
#define PYPROF_CPYTHON_OBMALLOC_READ_H

#include "core/cpython/obmalloc.h"

/** Pools of an arena; twice as many where arenas are huge pages. */
#define PYPROF_ARENA_POOLS 64

/** No more slots are believed to be in an array of arenas. */
#define PYPROF_MAX_ARENAS (UINT32_C(1) << 24)

/**
 * Whether a record of the array of arenas can be one.
 *
 * @param record Its bytes; its address is not 0.
 */
bool pyprof_arena_decode(const struct pyprof_layout *layout, uint32_t pool_size,
			 const uint8_t *record, uint32_t index,
			 struct pyprof_arena *ret);

/**
 * Decode an array of arenas. CORRUPT when there is something else: no record
 * that can be one, or none of whose pools names it.
 */
struct pyprof_error *
pyprof_arenas_read(const struct pyprof_memory *memory,
		   const struct pyprof_layout *layout, uint32_t pool_size,
		   uint64_t array, uint32_t slots, struct pyprof_obmalloc *ret)
	PYPROF_MUST_CHECK;

/**
 * Find the array of arenas by the pools that name their place in it. NOT_FOUND
 * when there are no pools; `array_ret` is 0 when there are, but no array.
 */
struct pyprof_error *pyprof_arenas_find(const struct pyprof_memory *memory,
					const struct pyprof_layout *layout,
					uint32_t pool_size, uint64_t *array_ret,
					uint32_t *slots_ret) PYPROF_MUST_CHECK;

/**
 * What arenas there seem to be where no array tells of them: pools that can be
 * some and name the same arena, from the first of them to the last. They may
 * overlap others, and are in no order.
 */
struct pyprof_error *pyprof_arenas_of_pools(const struct pyprof_memory *memory,
					    const struct pyprof_layout *layout,
					    uint32_t pool_size,
					    struct pyprof_obmalloc *ret)
	PYPROF_MUST_CHECK;

/**
 * Put the arenas of a state in order; those that overlap one before them, or
 * one of `others`, cannot be, and are counted as damaged.
 */
void pyprof_arenas_sort(struct pyprof_obmalloc *state,
			const struct pyprof_allocators *others);

#endif /* PYPROF_CPYTHON_OBMALLOC_READ_H */
