// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where memory goes that no object accounts for: size classes with free
 * blocks, arenas that a few objects keep from being given back, the C
 * library's free chunks; and what all resident memory is used for.
 *
 * To add a category: a row of frag.def, and where its bytes are claimed in
 * frag_resident.c. No byte is claimed twice.
 */
#ifndef PYPROF_HEAP_FRAG_H
#define PYPROF_HEAP_FRAG_H

#include "core/heap/heap.h"
#include "core/heap/malloc.h"

enum pyprof_frag_category {
#define CATEGORY(name, key, text) PYPROF_FRAG_##name,
#include "core/heap/frag.def"
#undef CATEGORY
	PYPROF_FRAG_CATEGORIES
};

/** What they are called, in JSON and in tables. */
extern const char *const pyprof_frag_keys[PYPROF_FRAG_CATEGORIES];
extern const char *const pyprof_frag_texts[PYPROF_FRAG_CATEGORIES];

/** All blocks of one size. */
struct pyprof_frag_class {
	uint32_t block_size;
	/** Pools of it, and how many blocks fit into them. */
	uint64_t pools, capacity;
	/** Blocks handed out. */
	uint64_t used;
};

/** An arena: given back to the system when nothing of it is in use. */
struct pyprof_frag_arena {
	uint64_t start, end;
	uint64_t used_pools, used_blocks, used_bytes;
};

struct pyprof_frag {
	/** In order of size, those that there are pools of. */
	PYPROF_VEC(struct pyprof_frag_class) classes;
	/** The emptiest first. */
	PYPROF_VEC(struct pyprof_frag_arena) arenas;

	/** Valid if `malloc_error` is NULL, which says why it is not. */
	struct pyprof_malloc malloc;
	struct pyprof_error *malloc_error;

	/** Bytes in physical memory and in the swap; of a core, those that are
	 * in it and not all zeros. */
	uint64_t total;
	/** What they are used for: the sum is `total`. */
	uint64_t bytes[PYPROF_FRAG_CATEGORIES];
	/** Claimed beyond the total: pages of zeros that were only read. */
	uint64_t excess;
};

/** Find out all that. To be released on success. */
struct pyprof_error *pyprof_frag_read(const struct pyprof_heap *heap,
				      const struct pyprof_progress *progress,
				      struct pyprof_frag *ret)
	PYPROF_MUST_CHECK;
void pyprof_frag_deinit(struct pyprof_frag *frag);

/** Whether an arena is so empty that it is worth asking why it is kept. */
static inline bool pyprof_frag_is_pinned(const struct pyprof_frag_arena *arena)
{
	return arena->used_blocks &&
	       arena->used_bytes < (arena->end - arena->start) / 8;
}

/**
 * The objects in an arena, the biggest first.
 *
 * @param limit No more than so many ids are told.
 * @param[out] count_ret How many there are; `ids` has the first of them.
 */
struct pyprof_error *pyprof_frag_pins(const struct pyprof_heap *heap,
				      const struct pyprof_frag_arena *arena,
				      uint32_t *ids, size_t limit,
				      size_t *count_ret) PYPROF_MUST_CHECK;

/** For frag.c alone: what resident memory is used for. */
struct pyprof_error *
pyprof_frag_resident(const struct pyprof_heap *heap,
		     const struct pyprof_progress *progress,
		     struct pyprof_frag *frag) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_FRAG_H */
