// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Room of our own for the bytes of a memory: for what makes one by copying.
 */
#ifndef PYPROF_TARGET_MEMORY_MIRROR_H
#define PYPROF_TARGET_MEMORY_MIRROR_H

#include "core/target/memory.h"

/**
 * Reserve room, of zeros, that is the memory's and goes with it. Nothing is
 * allocated until it is written to, and then in huge pages, as first touching
 * small ones takes longer than reading what comes there.
 */
struct pyprof_error *pyprof_memory_reserve(struct pyprof_memory *memory,
					   uint64_t size, uint8_t **ret)
	PYPROF_MUST_CHECK;

/** Let the memory have the paths of its segments, which were borrowed. */
struct pyprof_error *pyprof_memory_own_paths(struct pyprof_memory *memory)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_TARGET_MEMORY_MIRROR_H */
