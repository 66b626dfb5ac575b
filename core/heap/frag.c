// SPDX-License-Identifier: Apache-2.0
#include "core/heap/frag.h"

#include <stdlib.h>

const char *const pyprof_frag_keys[] = {
#define CATEGORY(name, key, text) [PYPROF_FRAG_##name] = key,
#include "core/heap/frag.def"
#undef CATEGORY
};

const char *const pyprof_frag_texts[] = {
#define CATEGORY(name, key, text) [PYPROF_FRAG_##name] = text,
#include "core/heap/frag.def"
#undef CATEGORY
};

/* Sizes of blocks by 16. */
#define CLASSES 256

void pyprof_frag_deinit(struct pyprof_frag *frag)
{
	pyprof_vec_deinit(&frag->classes);
	pyprof_vec_deinit(&frag->arenas);
	pyprof_malloc_deinit(&frag->malloc);
	pyprof_error_destroy(frag->malloc_error);
}

/* Blocks of a pool that are in use. */
static uint64_t count_used(const struct pyprof_blocks *blocks,
			   const struct pyprof_block_pool *pool)
{
	uint64_t used = 0;
	size_t words = (pool->count + 63u) / 64;
	for (size_t i = pool->first; i < pool->first + words; i++)
		used += (uint64_t)__builtin_popcountll(blocks->planes[0][i] |
						       blocks->planes[1][i]);
	return used;
}

/* Count the pools of an arena. */
static void count_arena(const struct pyprof_heap *heap,
			struct pyprof_frag_arena *arena,
			struct pyprof_frag_class *classes)
{
	const struct pyprof_blocks *blocks = &heap->blocks;
	uint32_t pool_size = heap->allocators.pool_size;
	for (uint64_t at = arena->start; at < arena->end; at += pool_size) {
		const struct pyprof_block_pool *pool =
			pyprof_blocks_pool(blocks, at);
		if (!pool || !pool->size)
			continue;
		uint32_t size = pool->size * 16u;
		uint64_t used = count_used(blocks, pool);
		struct pyprof_frag_class *of = &classes[pool->size];
		of->pools++;
		of->capacity += (pool_size - blocks->header_size) / size;
		of->used += used;
		arena->used_pools++;
		arena->used_blocks += used;
		arena->used_bytes += used * size;
	}
}

static int compare_arenas(const void *a, const void *b)
{
	const struct pyprof_frag_arena *x = a, *y = b;
	if (x->used_bytes != y->used_bytes)
		return x->used_bytes < y->used_bytes ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static struct pyprof_error *count_pools(const struct pyprof_heap *heap,
					struct pyprof_frag *frag)
{
	struct pyprof_frag_class classes[CLASSES] = {};
	for (size_t i = 0; i < heap->allocators.states.count; i++) {
		const struct pyprof_obmalloc *state =
			&heap->allocators.states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++) {
			struct pyprof_frag_arena arena = {
				.start = state->arenas.items[j].start,
				.end = state->arenas.items[j].end,
			};
			count_arena(heap, &arena, classes);
			if (!pyprof_vec_push(&frag->arenas, arena))
				return pyprof_error_oom();
		}
	}
	if (frag->arenas.count)
		qsort(frag->arenas.items, frag->arenas.count,
		      sizeof(*frag->arenas.items), compare_arenas);
	for (uint32_t i = 0; i < CLASSES; i++) {
		classes[i].block_size = i * 16;
		if (classes[i].pools &&
		    !pyprof_vec_push(&frag->classes, classes[i]))
			return pyprof_error_oom();
	}
	return NULL;
}

/* Whether something lies in an arena of Python's. */
static bool is_in_arena(const struct pyprof_frag *frag, uint64_t start,
			uint64_t end)
{
	for (size_t i = 0; i < frag->arenas.count; i++)
		if (start < frag->arenas.items[i].end &&
		    end > frag->arenas.items[i].start)
			return true;
	return false;
}

/* A page of an arena can look like a chunk that was mapped alone. */
static void drop_false_chunks(struct pyprof_frag *frag)
{
	struct pyprof_malloc *heap = &frag->malloc;
	size_t kept = 0;
	for (size_t i = 0; i < heap->regions.count; i++) {
		struct pyprof_malloc_region region = heap->regions.items[i];
		if (region.is_mapped &&
		    is_in_arena(frag, region.start, region.end)) {
			heap->mapped_chunks--;
			heap->mapped_bytes -= region.end - region.start;
		} else {
			heap->regions.items[kept++] = region;
		}
	}
	heap->regions.count = kept;
}

struct pyprof_error *pyprof_frag_read(const struct pyprof_heap *heap,
				      const struct pyprof_progress *progress,
				      struct pyprof_frag *ret)
{
	struct pyprof_frag frag = {};
	struct pyprof_error *err = count_pools(heap, &frag);
	if (!err) {
		frag.malloc_error = pyprof_malloc_read(
			heap->memory, heap->target, &frag.malloc);
		drop_false_chunks(&frag);
		err = pyprof_frag_resident(heap, progress, &frag);
	}
	if (err) {
		pyprof_frag_deinit(&frag);
		return err;
	}
	*ret = frag;
	return NULL;
}

/*
 * What keeps an arena.
 */

struct pin {
	uint32_t id;
	uint64_t bytes;
};

static int compare_pins(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

struct pyprof_error *pyprof_frag_pins(const struct pyprof_heap *heap,
				      const struct pyprof_frag_arena *arena,
				      uint32_t *ids, size_t limit,
				      size_t *count_ret)
{
	PYPROF_VEC(struct pin) pins = {};
	uint32_t pool_size = heap->allocators.pool_size;
	bool ok = true;
	for (uint64_t at = arena->start; ok && at < arena->end;
	     at += pool_size) {
		const struct pyprof_block_pool *pool =
			pyprof_blocks_pool(&heap->blocks, at);
		for (uint32_t i = 0;
		     pool && ok && pool->size && i < pool->count; i++) {
			uint32_t size = pool->size * 16u;
			if (pyprof_block_use(&heap->blocks,
					     pool->first * UINT64_C(64) + i) !=
			    PYPROF_BLOCK_OBJECT)
				continue;
			uint32_t id = pyprof_heap_find(
				heap, at + heap->blocks.header_size +
					      (uint64_t)i * size);
			struct pin pin = {id, size};
			if (id != PYPROF_NO_OBJECT)
				ok = pyprof_vec_push(&pins, pin);
		}
	}
	if (ok && pins.count)
		qsort(pins.items, pins.count, sizeof(*pins.items),
		      compare_pins);
	for (size_t i = 0; ok && i < pins.count && i < limit; i++)
		ids[i] = pins.items[i].id;
	*count_ret = pins.count;
	pyprof_vec_deinit(&pins);
	return ok ? NULL : pyprof_error_oom();
}
