// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a collection would free now: objects that no root reaches, and the
 * cycles of references that keep them from being freed at once.
 */
#ifndef PYPROF_HEAP_GARBAGE_H
#define PYPROF_HEAP_GARBAGE_H

#include "core/heap/edges.h"

/** Garbage of one type, in all or in a cycle. */
struct pyprof_garbage_type {
	const struct pyprof_type *type;
	uint64_t count, bytes;
};

/** A reference along a cycle. */
struct pyprof_garbage_link {
	uint32_t object;
	/** How it refers to the next one; the last one to the first. */
	struct pyprof_edge edge;
};

/** Cycles that are alike: as many objects of the same types. */
struct pyprof_garbage_cycle {
	/** How many, objects in each, and bytes freed with all of them. */
	uint64_t count;
	uint32_t objects;
	uint64_t bytes;
	/** The types of its objects, most of one type first: from
	 * `members.items[first_member]` on. */
	uint32_t first_member, member_count;
	/** One of them, the biggest: what goes with it, and a way round, from
	 * `links.items[first_link]` on. */
	uint64_t example_bytes;
	uint32_t first_link, link_count;
};

struct pyprof_garbage {
	uint64_t objects, bytes;
	/** Of them those that no cycle goes through, but hang on one. */
	uint64_t outside_cycles;
	uint64_t cycle_count;
	/** Kinds of cycles, those left out included. */
	uint64_t cycle_kinds;
	/** Most bytes first. */
	PYPROF_VEC(struct pyprof_garbage_type) types;
	PYPROF_VEC(struct pyprof_garbage_type) members;
	PYPROF_VEC(struct pyprof_garbage_cycle) cycles;
	PYPROF_VEC(struct pyprof_garbage_link) links;
	/** Garbage in the generation that gc.freeze() made: never collected. */
	uint64_t frozen_objects;
};

/** Find it; the heap is dominated when that was not done. At most `limit`
 * kinds of cycles are kept. */
struct pyprof_error *pyprof_garbage_find(struct pyprof_heap *heap, size_t limit,
					 const struct pyprof_progress *progress,
					 struct pyprof_garbage *ret)
	PYPROF_MUST_CHECK;
void pyprof_garbage_deinit(struct pyprof_garbage *garbage);

/** Append the way round the example of a cycle: "<app.Node at 0x…>.other →
 * <app.Node at 0x…>.other → the first". */
void pyprof_garbage_put_way(const struct pyprof_heap *heap,
			    const struct pyprof_garbage *garbage,
			    const struct pyprof_garbage_cycle *cycle,
			    struct pyprof_buf *out);

/** Append what its objects are: "2 app.Node, 2 dict". */
void pyprof_garbage_put_members(const struct pyprof_garbage *garbage,
				const struct pyprof_garbage_cycle *cycle,
				struct pyprof_buf *out);

/** Append why it was not collected yet, as far as is known: "automatic
 * collection is off (gc.disable())". */
void pyprof_garbage_put_reason(const struct pyprof_heap *heap,
			       const struct pyprof_garbage *garbage,
			       struct pyprof_buf *out);

#endif /* PYPROF_HEAP_GARBAGE_H */
