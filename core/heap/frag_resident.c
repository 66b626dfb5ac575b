// SPDX-License-Identifier: Apache-2.0
//
// What resident memory is used for. Each stretch of addresses is claimed once,
// as far as its pages were the process's own; what is left over is not known.
#include <stdlib.h>
#include <string.h>

#include "core/heap/bits.h"
#include "core/heap/frag.h"

/* Stacks of threads have a guard of pages that nobody may touch below them. */
#define GUARD_MAX (UINT64_C(1) << 16)

/* How often to tell of progress, in objects. */
#define STEP 0x3ffff

struct claims {
	const struct pyprof_heap *heap;
	const struct pyprof_progress *progress;
	struct pyprof_frag *frag;
	/* What Python owns outside of pools, in order of address. */
	PYPROF_VEC(uint64_t) owned;
	/* The next of them to be looked at. */
	size_t next;
	/* Of a core, a bit for each page that is not all zeros; else NULL. */
	uint64_t *filled;
	bool failed;
};

static bool is_own(const struct claims *claims, uint32_t page)
{
	return claims->filled
		       ? pyprof_bit(claims->filled, page)
		       : pyprof_memory_is_own(claims->heap->memory, page);
}

/*
 * A core does not tell which pages were never touched: some debuggers write
 * them, and what nobody may touch, as zeros.
 */
static bool find_filled(struct claims *claims)
{
	static const uint8_t zeros[PYPROF_PAGE_SIZE];
	const struct pyprof_memory *memory = claims->heap->memory;
	if (memory->own)
		return true;
	claims->filled = pyprof_bits_alloc((size_t)memory->page_count + 1);
	for (uint32_t i = 1; claims->filled && i <= memory->page_count; i++)
		if (memcmp(memory->pages[i].bytes, zeros, sizeof(zeros)) != 0)
			pyprof_bit_set(claims->filled, i);
	return claims->filled;
}

/* Bytes of [start, end) on pages of the process's own. */
static uint64_t own_bytes(const struct claims *claims, uint64_t start,
			  uint64_t end)
{
	const struct pyprof_memory *memory = claims->heap->memory;
	uint64_t bytes = 0;
	while (start < end) {
		uint64_t next =
			(start & ~(PYPROF_PAGE_SIZE - 1)) + PYPROF_PAGE_SIZE;
		if (next > end)
			next = end;
		uint32_t page = pyprof_memory_page(memory, start);
		if (page && is_own(claims, page))
			bytes += next - start;
		start = next;
	}
	return bytes;
}

static void claim(struct claims *claims, enum pyprof_frag_category category,
		  uint64_t start, uint64_t end)
{
	claims->frag->bytes[category] += own_bytes(claims, start, end);
}

/*
 * Arenas.
 */

static void claim_blocks(struct claims *claims, uint64_t address,
			 const struct pyprof_block_pool *pool, bool is_whole)
{
	static const enum pyprof_frag_category categories[] = {
		[PYPROF_BLOCK_FREE] = PYPROF_FRAG_FREE_BLOCKS,
		[PYPROF_BLOCK_OTHER] = PYPROF_FRAG_OTHER_BLOCKS,
		[PYPROF_BLOCK_BUFFER] = PYPROF_FRAG_BUFFERS,
		[PYPROF_BLOCK_OBJECT] = PYPROF_FRAG_OBJECTS,
	};
	const struct pyprof_blocks *blocks = &claims->heap->blocks;
	uint32_t size = pool->size * 16u;
	uint32_t capacity =
		(claims->heap->allocators.pool_size - blocks->header_size) /
		size;
	uint64_t at = address + blocks->header_size;
	for (uint32_t i = 0; i < capacity; i++, at += size) {
		enum pyprof_block_use use = PYPROF_BLOCK_FREE;
		if (i < pool->count)
			use = pyprof_block_use(blocks,
					       pool->first * UINT64_C(64) + i);
		if (is_whole)
			claims->frag->bytes[categories[use]] += size;
		else
			claim(claims, categories[use], at, at + size);
	}
}

static uint64_t sum_of(const struct pyprof_frag *frag)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < PYPROF_FRAG_CATEGORIES; i++)
		sum += frag->bytes[i];
	return sum;
}

static void claim_arena(struct claims *claims,
			const struct pyprof_frag_arena *arena)
{
	const struct pyprof_heap *heap = claims->heap;
	uint32_t pool_size = heap->allocators.pool_size;
	for (uint64_t at = arena->start; at < arena->end; at += pool_size) {
		const struct pyprof_block_pool *pool =
			pyprof_blocks_pool(&heap->blocks, at);
		uint64_t bytes = own_bytes(claims, at, at + pool_size);
		uint64_t before = sum_of(claims->frag);
		if (bytes && pool && pool->size)
			claim_blocks(claims, at, pool, bytes == pool_size);
		/* Headers, ends, and pools without blocks. */
		claims->frag->bytes[PYPROF_FRAG_SLACK] +=
			bytes - (sum_of(claims->frag) - before);
	}
}

/* Which blocks are on free lists is known in sum only. */
static void split_freelists(struct claims *claims)
{
	uint64_t *bytes = claims->frag->bytes;
	uint64_t listed = claims->heap->census.freelist_bytes;
	if (listed > bytes[PYPROF_FRAG_OTHER_BLOCKS])
		listed = bytes[PYPROF_FRAG_OTHER_BLOCKS];
	bytes[PYPROF_FRAG_OTHER_BLOCKS] -= listed;
	bytes[PYPROF_FRAG_FREELISTS] += listed;
}

/*
 * The C library's chunks.
 */

struct owner {
	struct pyprof_buffer_sink sink;
	struct claims *claims;
};

static void own(struct claims *claims, uint64_t address)
{
	if (!pyprof_blocks_has(&claims->heap->blocks, address) &&
	    pyprof_malloc_region(&claims->frag->malloc, address) &&
	    !pyprof_vec_push(&claims->owned, address))
		claims->failed = true;
}

static void own_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
		       uint64_t size)
{
	(void)size;
	own(((struct owner *)sink)->claims, address);
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Collect what objects there are outside of pools, and what they own there. */
static struct pyprof_error *collect_owned(struct claims *claims)
{
	const struct pyprof_heap *heap = claims->heap;
	struct owner owner = {.sink.buffer = own_buffer, .claims = claims};
	struct pyprof_index_walk walk = {};
	struct pyprof_error *err = NULL;
	uint64_t address;
	uint32_t id;
	while (!err && !claims->failed &&
	       pyprof_index_next(&heap->index, &walk, &id, &address)) {
		struct pyprof_object object;
		if (!(id & STEP))
			err = pyprof_progress(claims->progress,
					      "looking at what objects own", id,
					      heap->index.count);
		own(claims, address);
		if (pyprof_heap_object(heap, id, &object))
			pyprof_object_buffers(heap->types, &object,
					      &owner.sink);
	}
	if (claims->owned.count)
		qsort(claims->owned.items, claims->owned.count,
		      sizeof(*claims->owned.items), compare_addresses);
	return err || !claims->failed ? err : pyprof_error_oom();
}

/* Whether Python owns something in a chunk. They come in order of address. */
static bool is_owned(struct claims *claims,
		     const struct pyprof_malloc_chunk *chunk)
{
	while (claims->next < claims->owned.count &&
	       claims->owned.items[claims->next] < chunk->address)
		claims->next++;
	return claims->next < claims->owned.count &&
	       claims->owned.items[claims->next] - chunk->address < chunk->size;
}

static void claim_chunk(void *context, const struct pyprof_malloc_chunk *chunk)
{
	static const enum pyprof_frag_category categories[] = {
		[PYPROF_CHUNK_USED] = PYPROF_FRAG_MALLOC_USED,
		[PYPROF_CHUNK_FREE] = PYPROF_FRAG_MALLOC_FREE,
		[PYPROF_CHUNK_CACHED] = PYPROF_FRAG_MALLOC_FREE,
		[PYPROF_CHUNK_TOP] = PYPROF_FRAG_MALLOC_TOP,
		[PYPROF_CHUNK_HEADER] = PYPROF_FRAG_MALLOC_OWN,
		[PYPROF_CHUNK_UNKNOWN] = PYPROF_FRAG_MALLOC_OWN,
	};
	struct claims *claims = context;
	enum pyprof_frag_category category = categories[chunk->use];
	if (chunk->use == PYPROF_CHUNK_USED && is_owned(claims, chunk))
		category = PYPROF_FRAG_LARGE;
	claim(claims, category, chunk->address, chunk->address + chunk->size);
}

/*
 * Everything else.
 */

static bool is_anonymous(const struct pyprof_mapping *mapping)
{
	return mapping->writable && !*mapping->path;
}

/* Whether a mapping is a thread's stack: a guard lies below it. */
static bool is_stack(const struct pyprof_mapping *mapping,
		     const struct pyprof_mapping *before)
{
	if (!is_anonymous(mapping))
		return false;
	return mapping->is_stack ||
	       (before && !before->readable && !before->writable &&
		!*before->path && before->end == mapping->start &&
		before->end - before->start <= GUARD_MAX);
}

static struct pyprof_error *claim_stacks(struct claims *claims)
{
	const struct pyprof_mapping *mappings;
	size_t count;
	struct pyprof_target *target = claims->heap->target;
	struct pyprof_error *err =
		target->ops->mappings(target, &mappings, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (is_stack(&mappings[i], i ? &mappings[i - 1] : NULL) &&
		    !pyprof_malloc_region(&claims->frag->malloc,
					  mappings[i].end - 1))
			claim(claims, PYPROF_FRAG_STACKS, mappings[i].start,
			      mappings[i].end);
	return err;
}

static void claim_files(struct claims *claims)
{
	const struct pyprof_heap *heap = claims->heap;
	const struct pyprof_memory *memory = heap->memory;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		/* Of a core nobody knows which pages are the file's. */
		bool is_file = !memory->own && !segment->writable;
		if (*segment->path)
			claim(claims,
			      is_file ? PYPROF_FRAG_FILES : PYPROF_FRAG_DATA,
			      segment->start, segment->end);
	}
	for (size_t i = 0; i < heap->statics.list.count; i++) {
		const struct pyprof_static_range *range =
			&heap->statics.list.items[i];
		const struct pyprof_memory_segment *segment =
			pyprof_memory_segment(memory, range->start);
		if (segment && !*segment->path)
			claim(claims, PYPROF_FRAG_DATA, range->start,
			      range->end);
	}
}

/* Let the sum be what the process has. */
static void balance(struct claims *claims)
{
	const struct pyprof_memory *memory = claims->heap->memory;
	const struct pyprof_usage *usage = &memory->usage;
	struct pyprof_frag *frag = claims->frag;
	if (usage->resident) {
		frag->total = usage->resident + usage->swapped;
		if (usage->resident > usage->own)
			frag->bytes[PYPROF_FRAG_FILES] +=
				usage->resident - usage->own;
	} else {
		for (uint32_t i = 1; i <= memory->page_count; i++)
			if (is_own(claims, i))
				frag->total += PYPROF_PAGE_SIZE;
	}
	uint64_t sum = sum_of(frag);
	if (sum > frag->total)
		frag->excess = sum - frag->total;
	else
		frag->bytes[PYPROF_FRAG_UNKNOWN] = frag->total - sum;
}

struct pyprof_error *
pyprof_frag_resident(const struct pyprof_heap *heap,
		     const struct pyprof_progress *progress,
		     struct pyprof_frag *frag)
{
	struct claims claims = {
		.heap = heap,
		.progress = progress,
		.frag = frag,
	};
	if (!find_filled(&claims))
		return pyprof_error_oom();
	for (size_t i = 0; i < frag->arenas.count; i++)
		claim_arena(&claims, &frag->arenas.items[i]);
	split_freelists(&claims);
	struct pyprof_error *err = collect_owned(&claims);
	if (!err)
		pyprof_malloc_walk(heap->memory, &frag->malloc, claim_chunk,
				   &claims);
	pyprof_vec_deinit(&claims.owned);
	if (!err)
		err = claim_stacks(&claims);
	if (!err) {
		claim_files(&claims);
		balance(&claims);
	}
	free(claims.filled);
	return err;
}
