// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where things are in the GNU C library's `struct malloc_state`, whose layouts
 * differ in what is before the bins: for malloc*.c alone.
 */
#ifndef PYPROF_HEAP_MALLOC_STATE_H
#define PYPROF_HEAP_MALLOC_STATE_H

#include <string.h>

#include "core/heap/malloc.h"

/** Bins of two words each, the first being that of unsorted chunks. */
#define PYPROF_MALLOC_BINS 127
/** Behind the bins: a map of them, then the next arena. */
#define PYPROF_MALLOC_NEXT (PYPROF_MALLOC_BINS * 16 + 16)
/** Then the next free one, threads; then what the system gave. */
#define PYPROF_MALLOC_SYSTEM (PYPROF_MALLOC_NEXT + 3 * 8)
#define PYPROF_MALLOC_END (PYPROF_MALLOC_SYSTEM + 2 * 8)

/** Before the bins: top, last remainder; fast bins before that. */
#define PYPROF_MALLOC_TOP 16
#define PYPROF_MALLOC_FAST_BINS 10
#define PYPROF_MALLOC_FAST (PYPROF_MALLOC_TOP + PYPROF_MALLOC_FAST_BINS * 8)

/** Flags in the low bits of a chunk's size. */
#define PYPROF_CHUNK_PREVIOUS_USED 1
#define PYPROF_CHUNK_MAPPED 2
#define PYPROF_CHUNK_FLAGS 7
#define PYPROF_CHUNK_MIN 32

/** Heaps of arenas but the main one are as long, and aligned so. */
#define PYPROF_MALLOC_HEAP (UINT64_C(64) << 20)

/** The word at an address; false when it is not there. */
static inline bool pyprof_malloc_word(const struct pyprof_memory *memory,
				      uint64_t address, uint64_t *ret)
{
	const uint8_t *bytes = pyprof_memory_at(memory, address, 8);
	if (bytes)
		memcpy(ret, bytes, 8);
	return bytes != NULL;
}

/** What is found of the arenas, on the way. */
struct pyprof_malloc_search {
	const struct pyprof_memory *memory;
	const struct pyprof_mapping *mappings;
	size_t mapping_count;
	struct pyprof_malloc *heap;
	/** How far into a state its bins are. */
	uint64_t bins;
};

/** Find the main arena and those that it leads to. */
struct pyprof_error *
pyprof_malloc_find_arenas(struct pyprof_malloc_search *search)
	PYPROF_MUST_CHECK;

/** Collect the chunks of a thread's cache, if that is what a chunk holds. */
bool pyprof_malloc_add_cache(const struct pyprof_memory *memory,
			     struct pyprof_malloc *heap, uint64_t chunk,
			     uint64_t size);
/** Collect those of an arena's fast bins. */
void pyprof_malloc_add_fast(const struct pyprof_malloc_search *search,
			    uint64_t arena);

#endif /* PYPROF_HEAP_MALLOC_STATE_H */
