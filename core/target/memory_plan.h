// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What of a live target is worth copying: for memory_copy.c alone.
 */
#ifndef PYPROF_TARGET_MEMORY_PLAN_H
#define PYPROF_TARGET_MEMORY_PLAN_H

#include "core/base/vec.h"
#include "core/target/memory.h"

/** Addresses to be read, at most PYPROF_PLAN_PIECE bytes of one segment. */
struct pyprof_plan_piece {
	uint64_t address, size;
	/** Where it goes: an offset into the mirror of all segments. */
	uint64_t offset;
};

/** Pages, the first of all being 0. */
struct pyprof_plan_own {
	uint64_t first, count;
};

#define PYPROF_PLAN_PIECE (UINT64_C(1) << 20)

struct pyprof_plan {
	/** Without `bytes`, `path` and `first_page`. */
	PYPROF_VEC(struct pyprof_memory_segment) segments;
	/** Which mapping each segment is of. */
	PYPROF_VEC(size_t) origins;
	/** In order of address. */
	PYPROF_VEC(struct pyprof_plan_piece) pieces;
	/** Which pages are the process's own, counted over all segments. */
	PYPROF_VEC(struct pyprof_plan_own) own;
	/** Bytes of all segments, and those to be read. */
	uint64_t size, wanted;
};

/** Make the plan for a target's mappings. It is to be released in any case. */
struct pyprof_error *pyprof_plan_init(struct pyprof_plan *plan,
				      struct pyprof_target *target,
				      const struct pyprof_mapping *mappings,
				      size_t count) PYPROF_MUST_CHECK;
void pyprof_plan_deinit(struct pyprof_plan *plan);

#endif /* PYPROF_TARGET_MEMORY_PLAN_H */
