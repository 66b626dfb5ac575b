// SPDX-License-Identifier: Apache-2.0
#include "core/heap/malloc_state.h"

#define ARENAS_MAX 10000

/* Bins that have to be empty for others to be believed. */
#define EMPTY_MIN 32

/*
 * What can be before the bins: mutex, flags, fast bins up to 2.42, top and last
 * remainder. How much it is shows where the list of arenas leads.
 */
#define BEFORE_MIN 24
#define BEFORE_MAX 160

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
		    (links[0] | links[1]) & 7)
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
		for (search->bins = BEFORE_MIN; search->bins <= BEFORE_MAX;
		     search->bins += 8)
			if (read_arenas(search, at - search->bins))
				return true;
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

/* More than this are kept of no size. */
#define CACHED_MAX 65535

/* Bins of one size each. */
#define CACHE_BINS 64

/* How a thread's cache looks in the releases that have one. */
struct cache_kind {
	/* Of its chunk; of a number; how many there are, of which the lists
	 * are behind. */
	uint64_t chunk_size;
	size_t number_size, bins;
	/* What is numbered is the room that is left, and not what is there. */
	bool is_room;
};

static const struct cache_kind cache_kinds[] = {
	/* 2.26 to 2.29, to 2.41, and since; the last bins are of many sizes. */
	{.chunk_size = 0x250, .number_size = 1, .bins = 64},
	{.chunk_size = 0x290, .number_size = 2, .bins = 64},
	{.chunk_size = 0x300, .number_size = 2, .bins = 76, .is_room = true},
};

/* Collect the lists of a cache; all have to be as long as it says. */
static bool add_cache(const struct pyprof_memory *memory,
		      struct pyprof_malloc *heap, const uint8_t *bytes,
		      const struct cache_kind *kind, bool is_mangled)
{
	size_t before = heap->cached.count;
	uint64_t room = 0;
	for (size_t i = 0; i < CACHE_BINS; i++) {
		uint64_t found = 0;
		uint16_t number = 0;
		struct chain chain = {
			.size = PYPROF_CHUNK_MIN + 16 * i,
			.most = CACHED_MAX,
		};
		memcpy(&number, bytes + i * kind->number_size,
		       kind->number_size);
		memcpy(&chain.first,
		       bytes + kind->bins * kind->number_size + i * 8, 8);
		bool is_sound =
			follow(memory, heap, &chain, is_mangled, &found);
		/* There is as much room for each size. */
		if (!i)
			room = number + found;
		if (!is_sound ||
		    (kind->is_room ? number + found != room || !room
				   : number != found)) {
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
	for (size_t i = 0; i < sizeof(cache_kinds) / sizeof(*cache_kinds);
	     i++) {
		const struct cache_kind *kind = &cache_kinds[i];
		if (size != kind->chunk_size)
			continue;
		const uint8_t *bytes =
			pyprof_memory_at(memory, chunk + 16, size - 16);
		return bytes && (add_cache(memory, heap, bytes, kind, true) ||
				 add_cache(memory, heap, bytes, kind, false));
	}
	return false;
}

void pyprof_malloc_add_fast(const struct pyprof_malloc_search *search,
			    uint64_t arena)
{
	struct pyprof_malloc *heap = search->heap;
	if (search->bins < PYPROF_MALLOC_FAST + 8)
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
