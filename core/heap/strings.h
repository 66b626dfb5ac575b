// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Text that is there more than once: str and bytes objects of equal contents.
 *
 * Contents are compared where they stand; what is needed are 8 bytes for each
 * of a bounded number of objects at a time. Objects of subclasses are left
 * alone: they may differ in more than their text.
 */
#ifndef PYPROF_HEAP_STRINGS_H
#define PYPROF_HEAP_STRINGS_H

#include "core/heap/heap.h"

/** Equal objects of one type. */
struct pyprof_string_group {
	/** One of them. */
	uint32_t object;
	uint32_t copies;
	/** Code points, or bytes. */
	uint64_t length;
	/** What all of them take, and what all but the biggest do. */
	uint64_t bytes, wasted;
};

/** A type of object that refers to a group's, and how often. */
struct pyprof_string_holder {
	uint32_t group;
	const struct pyprof_type *type;
	uint64_t references;
};

struct pyprof_strings {
	/** All text: how many objects, their bytes, and how many differ. */
	uint64_t objects, bytes, distinct;
	/** How many groups of two and more there are, and what they waste. */
	uint64_t group_count, wasted;
	/** The groups that waste most, first the worst. */
	PYPROF_VEC(struct pyprof_string_group) groups;
	/** Of the groups above, in their order; for each most references
	 * first. Empty when nobody asked. */
	PYPROF_VEC(struct pyprof_string_holder) holders;
};

/** Find them; at most `limit` groups are kept. */
struct pyprof_error *pyprof_strings_find(const struct pyprof_heap *heap,
					 size_t limit,
					 const struct pyprof_progress *progress,
					 struct pyprof_strings *ret)
	PYPROF_MUST_CHECK;
void pyprof_strings_deinit(struct pyprof_strings *strings);

/** Fill in `holders`; links the heap when that was not done. */
struct pyprof_error *
pyprof_strings_holders(struct pyprof_heap *heap, struct pyprof_strings *strings,
		       const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_STRINGS_H */
