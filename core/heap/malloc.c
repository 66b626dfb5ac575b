// SPDX-License-Identifier: Apache-2.0
#include "core/heap/malloc.h"

#include <stdlib.h>

#include "core/heap/chunk.h"
#include "core/heap/malloc_state.h"

/* Where a heap can begin that is not at the beginning of its mapping. */
#define STARTS_MAX 65536

/* Heaps of one arena: more than there are addresses for. */
#define HEAPS_MAX (UINT64_C(1) << 21)

/* Chunks smaller than that can be in a cache. */
#define CACHED_SIZE_MAX 0x420

void pyprof_malloc_deinit(struct pyprof_malloc *heap)
{
	pyprof_vec_deinit(&heap->arenas);
	pyprof_vec_deinit(&heap->regions);
	pyprof_vec_deinit(&heap->cached);
}

/* The one of an address among `count` regions in order of address. */
static const struct pyprof_malloc_region *
find_region(const struct pyprof_malloc_region *regions, size_t count,
	    uint64_t address)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pyprof_malloc_region *region = &regions[middle];
		if (address < region->start)
			high = middle;
		else if (address >= region->end)
			low = middle + 1;
		else
			return region;
	}
	return NULL;
}

const struct pyprof_malloc_region *
pyprof_malloc_region(const struct pyprof_malloc *heap, uint64_t address)
{
	return find_region(heap->regions.items, heap->regions.count, address);
}

/*
 * Walking a region.
 */

/* The size of the chunk at an address inside of [.., end); 0: none can be. */
static uint64_t chunk_size(const struct pyprof_memory *memory, uint64_t address,
			   uint64_t end)
{
	uint64_t word;
	if (end - address < 16 ||
	    !pyprof_malloc_word(memory, address + 8, &word))
		return 0;
	uint64_t size = word & ~(uint64_t)PYPROF_CHUNK_FLAGS;
	if (size < 16 || (size & 15) || size > end - address)
		return 0;
	return size;
}

/* Whether the end of a heap that has been left for another begins here. */
static bool is_fence(const struct pyprof_memory *memory, uint64_t address,
		     uint64_t size)
{
	uint64_t word;
	return size == 16 ||
	       (!size && pyprof_malloc_word(memory, address + 8, &word) &&
		word == PYPROF_CHUNK_PREVIOUS_USED);
}

static bool is_used(const struct pyprof_memory *memory, uint64_t address,
		    uint64_t size)
{
	uint64_t word;
	return !pyprof_malloc_word(memory, address + size + 8, &word) ||
	       (word & PYPROF_CHUNK_PREVIOUS_USED);
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static bool is_cached(const struct pyprof_malloc *heap, uint64_t address,
		      uint64_t size)
{
	return size < CACHED_SIZE_MAX && heap->cached.count &&
	       bsearch(&address, heap->cached.items, heap->cached.count,
		       sizeof(address), compare_addresses);
}

/* The chunk at an address of a region; what it is. */
static struct pyprof_malloc_chunk
chunk_at(const struct pyprof_memory *memory, const struct pyprof_malloc *heap,
	 const struct pyprof_malloc_region *region, uint64_t address)
{
	struct pyprof_malloc_chunk chunk = {
		.address = address,
		.size = region->end - address,
		.use = PYPROF_CHUNK_UNKNOWN,
		.arena = region->arena,
	};
	if (region->is_mapped) {
		chunk.use = PYPROF_CHUNK_USED;
		return chunk;
	}
	uint64_t size = chunk_size(memory, address, region->end);
	if (address == heap->arenas.items[region->arena].top) {
		chunk.use = PYPROF_CHUNK_TOP;
	} else if (is_fence(memory, address, size)) {
		chunk.use = PYPROF_CHUNK_HEADER;
	} else if (size) {
		chunk.size = size;
		chunk.use = !is_used(memory, address, size) ? PYPROF_CHUNK_FREE
			    : is_cached(heap, address, size)
				    ? PYPROF_CHUNK_CACHED
				    : PYPROF_CHUNK_USED;
	}
	return chunk;
}

void pyprof_malloc_walk(const struct pyprof_memory *memory,
			const struct pyprof_malloc *heap,
			void (*chunk)(void *context,
				      const struct pyprof_malloc_chunk *chunk),
			void *context)
{
	for (size_t i = 0; i < heap->regions.count; i++) {
		const struct pyprof_malloc_region *region =
			&heap->regions.items[i];
		uint64_t at = region->start;
		while (at < region->end) {
			struct pyprof_malloc_chunk found =
				chunk_at(memory, heap, region, at);
			chunk(context, &found);
			at += found.size;
		}
	}
}

/*
 * Finding regions.
 */

static const struct pyprof_mapping *
find_mapping(const struct pyprof_malloc_search *search, uint64_t address)
{
	for (size_t i = 0; i < search->mapping_count; i++)
		if (address >= search->mappings[i].start &&
		    address < search->mappings[i].end)
			return &search->mappings[i];
	return NULL;
}

static bool add_region(struct pyprof_malloc *heap, uint64_t start, uint64_t end,
		       uint32_t arena)
{
	struct pyprof_malloc_region region = {
		.start = start,
		.end = end,
		.arena = arena,
		.is_mapped = arena == PYPROF_NO_ARENA,
	};
	return pyprof_vec_push(&heap->regions, region);
}

/* Whether chunks that begin at an address lead to the top one. */
static bool leads_to(const struct pyprof_memory *memory, uint64_t start,
		     uint64_t top)
{
	while (start < top) {
		uint64_t size = chunk_size(memory, start, top);
		if (size < PYPROF_CHUNK_MIN)
			return false;
		start += size;
	}
	return true;
}

static bool is_heap(const struct pyprof_mapping *mapping)
{
	return mapping->writable && !*mapping->path;
}

/* Mappings that follow one another: one that was there before a fork, and
 * what the child added, stay two. */
static void widen(const struct pyprof_malloc_search *search,
		  const struct pyprof_mapping *mapping, uint64_t *start_ret,
		  uint64_t *end_ret)
{
	const struct pyprof_mapping *first = mapping, *last = mapping;
	const struct pyprof_mapping *all = search->mappings;
	while (first > all && is_heap(first - 1) &&
	       first[-1].end == first->start)
		first--;
	while (last + 1 < all + search->mapping_count && is_heap(last + 1) &&
	       last[1].start == last->end)
		last++;
	*start_ret = first->start;
	*end_ret = last->end;
}

/* The heap of the main arena, which the program break is the end of. */
static bool add_main(struct pyprof_malloc_search *search, uint32_t number)
{
	uint64_t top = search->heap->arenas.items[number].top, start, end;
	const struct pyprof_mapping *mapping = find_mapping(search, top);
	if (!mapping)
		return true;
	widen(search, mapping, &start, &end);
	/* Behind the program's own data it can begin on any page. */
	for (size_t i = 0; i < STARTS_MAX && start <= top; i++) {
		if (leads_to(search->memory, start, top)) {
			search->heap->arenas.items[number].heaps = 1;
			return add_region(search->heap, start, end, number);
		}
		start += PYPROF_PAGE_SIZE;
	}
	return true;
}

/* The heaps of another arena, from that of its top back to its first. */
static bool add_others(struct pyprof_malloc_search *search, uint32_t number)
{
	struct pyprof_malloc_arena *arena = &search->heap->arenas.items[number];
	uint64_t mask = PYPROF_MALLOC_HEAP - 1;
	uint64_t at = arena->top & ~mask, head = arena->address & mask;
	for (uint64_t i = 0; at && i < HEAPS_MAX; i++) {
		uint64_t owner, previous, size;
		if (!pyprof_malloc_word(search->memory, at, &owner) ||
		    !pyprof_malloc_word(search->memory, at + 8, &previous) ||
		    !pyprof_malloc_word(search->memory, at + 16, &size) ||
		    owner != arena->address || size > PYPROF_MALLOC_HEAP ||
		    size <= head || (previous & mask))
			break;
		bool is_first = at == (arena->address & ~mask);
		uint64_t start = is_first ? arena->address + search->bins +
						    PYPROF_MALLOC_END
					  : at + head;
		start = (start + 15) & ~UINT64_C(15);
		arena->heaps++;
		if (start < at + size &&
		    !add_region(search->heap, start, at + size, number))
			return false;
		at = previous;
	}
	return true;
}

static int compare_regions(const void *a, const void *b)
{
	const struct pyprof_malloc_region *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

/* Sort; of regions that overlap, which none should, the first is kept. */
static void put_in_order(struct pyprof_malloc *heap)
{
	struct pyprof_malloc_region *regions = heap->regions.items;
	size_t kept = 0;
	if (heap->regions.count)
		qsort(regions, heap->regions.count, sizeof(*regions),
		      compare_regions);
	for (size_t i = 0; i < heap->regions.count; i++)
		if (!kept || regions[kept - 1].end <= regions[i].start)
			regions[kept++] = regions[i];
	heap->regions.count = kept;
}

/*
 * Chunks that were mapped alone: they are pages, the first of which says so.
 * The first `region_count` regions are those of arenas.
 */
static bool add_mapped(struct pyprof_malloc_search *search,
		       const struct pyprof_memory_segment *segment,
		       size_t region_count)
{
	struct pyprof_malloc *heap = search->heap;
	const struct pyprof_mapping *mapping =
		find_mapping(search, segment->start);
	uint64_t start = 0, end = 0;
	if (mapping)
		widen(search, mapping, &start, &end);
	for (uint64_t at = segment->start; at < segment->end;) {
		uint64_t words[2];
		const struct pyprof_malloc_region *region =
			find_region(heap->regions.items, region_count, at);
		const uint8_t *bytes =
			pyprof_memory_at(search->memory, at, sizeof(words));
		if (region || !bytes) {
			at = region ? region->end : at + PYPROF_PAGE_SIZE;
			at = (at + PYPROF_PAGE_SIZE - 1) &
			     ~(PYPROF_PAGE_SIZE - 1);
			continue;
		}
		memcpy(words, bytes, sizeof(words));
		uint64_t size = pyprof_chunk_mapped_size(
			at, words[1] & ~(uint64_t)PYPROF_CHUNK_FLAGS);
		bool is_one = !words[0] && size &&
			      (words[1] & PYPROF_CHUNK_FLAGS) ==
				      PYPROF_CHUNK_MAPPED &&
			      at < end && size <= end - at;
		if (is_one && !add_region(heap, at, at + size, PYPROF_NO_ARENA))
			return false;
		at += is_one ? size : PYPROF_PAGE_SIZE;
	}
	return true;
}

static bool add_all_mapped(struct pyprof_malloc_search *search)
{
	size_t count = search->heap->regions.count;
	const struct pyprof_memory *memory = search->memory;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		if (segment->writable && !*segment->path &&
		    !add_mapped(search, segment, count))
			return false;
	}
	put_in_order(search->heap);
	return true;
}

/*
 * All of it.
 */

struct counting {
	struct pyprof_malloc *heap;
	const struct pyprof_memory *memory;
};

static void look_for_cache(void *context,
			   const struct pyprof_malloc_chunk *chunk)
{
	const struct counting *counting = context;
	if (chunk->use == PYPROF_CHUNK_USED &&
	    pyprof_malloc_add_cache(counting->memory, counting->heap,
				    chunk->address, chunk->size))
		counting->heap->has_caches = true;
}

static void count_chunk(void *context, const struct pyprof_malloc_chunk *chunk)
{
	struct pyprof_malloc *heap = ((struct counting *)context)->heap;
	if (chunk->arena == PYPROF_NO_ARENA) {
		heap->mapped_chunks++;
		heap->mapped_bytes += chunk->size;
		return;
	}
	struct pyprof_malloc_arena *arena = &heap->arenas.items[chunk->arena];
	arena->chunks[chunk->use]++;
	arena->bytes[chunk->use] += chunk->size;
}

static void collect(struct pyprof_malloc_search *search)
{
	struct pyprof_malloc *heap = search->heap;
	struct counting counting = {heap, search->memory};
	/* Nothing is cached yet: what is found now is looked up then. */
	pyprof_malloc_walk(search->memory, heap, look_for_cache, &counting);
	for (size_t i = 0; i < heap->arenas.count; i++)
		pyprof_malloc_add_fast(search, heap->arenas.items[i].address);
	if (heap->cached.count)
		qsort(heap->cached.items, heap->cached.count,
		      sizeof(*heap->cached.items), compare_addresses);
	pyprof_malloc_walk(search->memory, heap, count_chunk, &counting);
}

/* The name of a malloc that is not the C library's; NULL when there is none. */
static const char *other_malloc(const struct pyprof_malloc_search *search)
{
	static const char *const names[] = {"jemalloc", "tcmalloc", "mimalloc",
					    "ld-musl",	"scudo",    "hoard"};
	for (size_t i = 0; i < search->mapping_count; i++) {
		const char *path = search->mappings[i].path;
		const char *file = strrchr(path, '/');
		for (size_t j = 0; file && j < sizeof(names) / sizeof(*names);
		     j++)
			if (strstr(file, names[j]))
				return names[j];
	}
	return NULL;
}

static struct pyprof_error *read_all(struct pyprof_malloc_search *search)
{
	const char *other = other_malloc(search);
	if (other)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"the program uses another malloc (%s)", other);
	struct pyprof_error *err = pyprof_malloc_find_arenas(search);
	if (err)
		return err;
	for (uint32_t i = 0; i < search->heap->arenas.count; i++)
		if (!(search->heap->arenas.items[i].is_main
			      ? add_main(search, i)
			      : add_others(search, i)))
			return pyprof_error_oom();
	put_in_order(search->heap);
	if (!add_all_mapped(search))
		return pyprof_error_oom();
	collect(search);
	return NULL;
}

struct pyprof_error *pyprof_malloc_read(const struct pyprof_memory *memory,
					struct pyprof_target *target,
					struct pyprof_malloc *ret)
{
	struct pyprof_malloc heap = {};
	struct pyprof_malloc_search search = {
		.memory = memory,
		.heap = &heap,
	};
	struct pyprof_error *err = target->ops->mappings(
		target, &search.mappings, &search.mapping_count);
	if (!err)
		err = read_all(&search);
	if (err) {
		pyprof_malloc_deinit(&heap);
		return err;
	}
	*ret = heap;
	return NULL;
}
