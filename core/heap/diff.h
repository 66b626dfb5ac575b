// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What changed between two snapshots of one process: by type, and by who holds
 * what came.
 *
 * An object is the same in both when it stands at the same address and has the
 * same type there: one that was freed and made anew in between counts as the
 * same.
 */
#ifndef PYPROF_HEAP_DIFF_H
#define PYPROF_HEAP_DIFF_H

#include "core/heap/heap.h"

/** One type, by its name: old, new. */
struct pyprof_diff_type {
	/** Of whichever heap has it. */
	const char *name;
	uint64_t count[2], shallow[2], block[2], exclusive[2];
	/** Objects that only the second heap has, or only the first. */
	uint64_t came, went;
};

/** An object that dominates more than it did. */
struct pyprof_diff_holder {
	/** Its id in the second heap. */
	uint32_t object;
	bool is_new;
	/** What it retained and retains; before, for a new one: what those of
	 * its objects did that are not new. */
	uint64_t before, after;
	/** New objects that it is the nearest holder of. */
	uint64_t new_objects, new_bytes;
	/** Most of them are of this type of the second heap; NULL: none. */
	const struct pyprof_type *type;
	uint64_t type_objects;
};

struct pyprof_diff {
	/** Most growth of exclusive bytes first, what shrank last. */
	PYPROF_VEC(struct pyprof_diff_type) types;
	/** Most growth first; empty when not both heaps were dominated. */
	PYPROF_VEC(struct pyprof_diff_holder) holders;
	/** How many there are, those left out included. */
	size_t holders_found;
	uint64_t came, went, came_bytes, went_bytes;
	/** By address the heaps have next to nothing in common: they are not
	 * of one process, and only types were compared. */
	bool are_unrelated;
};

/** Compare; `holder_limit` holders at most are kept. */
struct pyprof_error *
pyprof_diff_find(const struct pyprof_heap *old, const struct pyprof_heap *new,
		 size_t holder_limit, const struct pyprof_progress *progress,
		 struct pyprof_diff *ret) PYPROF_MUST_CHECK;
void pyprof_diff_deinit(struct pyprof_diff *diff);

/** What holders are found in: the second heap's dominator tree and what each
 * object held before. Pure, for tests. */
struct pyprof_growth_input {
	const struct pyprof_dominators *dominators;
	/** Of each object of the second heap: what it retained in the first;
	 * PYPROF_GROWTH_NEW when it was not there. */
	uint64_t (*before)(void *context, uint32_t object);
	void *context;
	size_t limit;
};
#define PYPROF_GROWTH_NEW UINT64_MAX

struct pyprof_growth {
	/** Most growth first; what new objects they hold is not filled in. */
	PYPROF_VEC(struct pyprof_diff_holder) holders;
	/** How many there are, those left out included. */
	size_t holders_found;
	/** Of each object: index of the nearest holder above it, or the object
	 * itself; PYPROF_NO_NODE: none. Known only of those asked for by
	 * pyprof_growth_holder(). */
	uint32_t *nearest;
	const struct pyprof_dominators *dominators;
};

/**
 * The objects that grew and are no mere way to one that did: each grew, but
 * none of those directly below by 70 % of that. New ones are named only when
 * they are not part of what another one holds.
 */
struct pyprof_error *pyprof_growth_find(const struct pyprof_growth_input *input,
					struct pyprof_growth *ret)
	PYPROF_MUST_CHECK;
void pyprof_growth_deinit(struct pyprof_growth *growth);

/** The index of the nearest holder of an object, PYPROF_NO_NODE for none. */
uint32_t pyprof_growth_holder(struct pyprof_growth *growth, uint32_t object);

#endif /* PYPROF_HEAP_DIFF_H */
