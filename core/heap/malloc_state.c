// SPDX-License-Identifier: Apache-2.0
#include "core/heap/malloc_state.h"

#define ARENAS_MAX 10000

/* Bins that have to be empty for others to be believed. */
#define EMPTY_MIN 32

/*
 * Where the bins can be: behind mutex, flags, and fast bins, before and since
 * 2.27; and without fast bins.
 */
static const uint64_t layouts[] = {112, 104, 24};

static bool is_libc(const char *path)
{
	const char *name = strrchr(path, '/');
	return name && (strncmp(name, "/libc.so", 8) == 0 ||
			strncmp(name, "/libc-2", 7) == 0);
}

/* Whether bins can begin at an address: the empty ones name themselves. */
static bool are_bins(const struct pyprof_memory *memory, uint64_t bins)
{
	const uint8_t *bytes =
		pyprof_memory_at(memory, bins, PYPROF_MALLOC_BINS * 16);
	size_t empty = 0;
	for (size_t i = 0; bytes && i < PYPROF_MALLOC_BINS; i++) {
		uint64_t links[2], self = bins + 16 * i - 16;
		memcpy(links, bytes + 16 * i, sizeof(links));
		if ((links[0] == self) != (links[1] == self) || !links[0] ||
		    (links[0] | links[1]) & 15)
			return false;
		empty += links[0] == self;
	}
	return empty >= EMPTY_MIN;
}

/* What an arena with its bins at an address says of itself, if it can be. */
static bool read_arena(const struct pyprof_malloc_search *search,
		       uint64_t address, struct pyprof_malloc_arena *ret,
		       uint64_t *next_ret)
{
	const struct pyprof_memory *memory = search->memory;
	uint64_t bins = address + search->bins, size, most, top, top_size, next;
	if (!are_bins(memory, bins) ||
	    !pyprof_malloc_word(memory, bins + PYPROF_MALLOC_NEXT, &next) ||
	    !pyprof_malloc_word(memory, bins + PYPROF_MALLOC_SYSTEM, &size) ||
	    !pyprof_malloc_word(memory, bins + PYPROF_MALLOC_SYSTEM + 8,
				&most) ||
	    !pyprof_malloc_word(memory, bins - PYPROF_MALLOC_TOP, &top) ||
	    !pyprof_malloc_word(memory, top + 8, &top_size))
		return false;
	if (size > most || (size & (PYPROF_PAGE_SIZE - 1)) || (top & 15) ||
	    !(top_size & PYPROF_CHUNK_PREVIOUS_USED) || (next & 7))
		return false;
	*ret = (struct pyprof_malloc_arena){
		.address = address,
		.system_bytes = size,
		.top = top,
	};
	*next_ret = next;
	return true;
}

/* Follow the list of arenas; false when it does not lead back. */
static bool read_arenas(struct pyprof_malloc_search *search, uint64_t main)
{
	struct pyprof_malloc *heap = search->heap;
	uint64_t at = main;
	heap->arenas.count = 0;
	do {
		struct pyprof_malloc_arena arena;
		if (heap->arenas.count == ARENAS_MAX ||
		    !read_arena(search, at, &arena, &at))
			return false;
		arena.is_main = arena.address == main;
		if (!pyprof_vec_push(&heap->arenas, arena))
			return false;
	} while (at != main);
	return true;
}

/* Look for the main arena in a piece of the C library's data. */
static bool search_segment(struct pyprof_malloc_search *search,
			   const struct pyprof_memory_segment *segment)
{
	for (uint64_t at = segment->start; at < segment->end; at += 8) {
		if (!are_bins(search->memory, at))
			continue;
		for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts);
		     i++) {
			search->bins = layouts[i];
			if (read_arenas(search, at - layouts[i]))
				return true;
		}
	}
	return false;
}

struct pyprof_error *
pyprof_malloc_find_arenas(struct pyprof_malloc_search *search)
{
	const struct pyprof_memory *memory = search->memory;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		if (segment->writable && is_libc(segment->path) &&
		    search_segment(search, segment))
			return NULL;
	}
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"the state of the C library's malloc was not found");
}

/*
 * Chunks that are free and not marked so.
 */

struct chain {
	/* The first; what the others' links have to be added. */
	uint64_t first, head;
	/* Of each, and how many there can be. */
	uint64_t size, most;
};

/* Follow a list of chunks of one size; false when it is none. */
static bool follow(const struct pyprof_memory *memory,
		   struct pyprof_malloc *heap, const struct chain *chain,
		   bool is_mangled, uint64_t *count_ret)
{
	uint64_t count = 0, memory_at = chain->first;
	for (; memory_at; count++) {
		uint64_t word, next;
		if (count == chain->most || (memory_at & 15) ||
		    !pyprof_malloc_word(memory, memory_at - 8, &word) ||
		    (word & ~(uint64_t)PYPROF_CHUNK_FLAGS) != chain->size ||
		    !pyprof_malloc_word(memory, memory_at, &next) ||
		    !pyprof_vec_push(&heap->cached, memory_at - 16))
			return false;
		if (is_mangled)
			next ^= memory_at >> 12;
		memory_at = next ? next + chain->head : 0;
	}
	*count_ret = count;
	return true;
}

#define CACHE_BINS 64
/* More than this are kept of no size. */
#define CACHED_MAX 65535

static bool add_cache(const struct pyprof_memory *memory,
		      struct pyprof_malloc *heap, const uint8_t *bytes,
		      size_t count_size, bool is_mangled)
{
	size_t before = heap->cached.count;
	for (size_t i = 0; i < CACHE_BINS; i++) {
		uint64_t entry, found = 0;
		uint16_t count = 0;
		memcpy(&count, bytes + i * count_size, count_size);
		memcpy(&entry, bytes + CACHE_BINS * count_size + i * 8, 8);
		struct chain chain = {entry, 0, PYPROF_CHUNK_MIN + 16 * i,
				      count};
		if (!follow(memory, heap, &chain, is_mangled, &found) ||
		    found != count) {
			heap->cached.count = before;
			return false;
		}
	}
	return heap->cached.count > before;
}

bool pyprof_malloc_add_cache(const struct pyprof_memory *memory,
			     struct pyprof_malloc *heap, uint64_t chunk,
			     uint64_t size)
{
	/* Counts of one byte up to 2.29, then two; in 2.42 it is another. */
	size_t count_size = size == 0x250 ? 1 : size == 0x290 ? 2 : 0;
	const uint8_t *bytes =
		count_size ? pyprof_memory_at(memory, chunk + 16, size - 16)
			   : NULL;
	return bytes && (add_cache(memory, heap, bytes, count_size, true) ||
			 add_cache(memory, heap, bytes, count_size, false));
}

void pyprof_malloc_add_fast(const struct pyprof_malloc_search *search,
			    uint64_t arena)
{
	struct pyprof_malloc *heap = search->heap;
	if (search->bins < PYPROF_MALLOC_FAST)
		return;
	for (uint64_t i = 0; i < PYPROF_MALLOC_FAST_BINS; i++) {
		uint64_t chunk, count;
		uint64_t at = arena + search->bins - PYPROF_MALLOC_FAST + 8 * i;
		size_t before = heap->cached.count;
		if (!pyprof_malloc_word(search->memory, at, &chunk) || !chunk)
			continue;
		for (int is_mangled = 1; is_mangled >= 0; is_mangled--) {
			struct chain chain = {chunk + 16, 16,
					      PYPROF_CHUNK_MIN + 16 * i,
					      CACHED_MAX};
			if (follow(search->memory, heap, &chain, is_mangled,
				   &count))
				break;
			heap->cached.count = before;
		}
	}
}
