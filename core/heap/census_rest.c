// SPDX-License-Identifier: Apache-2.0
#include "core/heap/census.h"

/*
 * Whether a block is one that a type keeps for its next object: a type that
 * goes with it, and no count, or a link to the next such block instead.
 */
static bool is_spare(struct pyprof_census_worker *worker, const uint8_t *bytes,
		     uint64_t size)
{
	const struct pyprof_offsets *at = &worker->heap->python->layout.at;
	bytes += worker->block_header;
	size -= worker->block_header;
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		uint32_t presize = pyprof_presizes[i];
		if (presize + (uint64_t)at->object.size > size)
			continue;
		const uint8_t *object = bytes + presize;
		uint64_t first = pyprof_word(object, at->object.refcount);
		if (first && !pyprof_blocks_has(&worker->heap->blocks, first))
			continue;
		const struct pyprof_type *type = pyprof_type_find(
			worker->types, pyprof_word(object, at->object.type));
		if (type && type->presize == presize &&
		    presize + (uint64_t)type->basicsize <= size)
			return true;
	}
	return false;
}

/* Count the spare ones of a pool, whose bytes are there. */
static void count_spare(struct pyprof_census_worker *worker,
			const struct pyprof_block_pool *pool,
			const uint8_t *bytes)
{
	const struct pyprof_blocks *blocks = &worker->heap->blocks;
	uint32_t size = pool->size * 16u;
	for (uint32_t i = 0; i * 64 < pool->count; i++) {
		uint64_t left = blocks->planes[0][pool->first + i] &
				~blocks->planes[1][pool->first + i];
		for (; left; left &= left - 1) {
			uint32_t bit = (uint32_t)__builtin_ctzll(left);
			uint32_t offset =
				blocks->header_size + (i * 64 + bit) * size;
			if (!is_spare(worker, bytes + offset, size))
				continue;
			worker->counts.freelist_blocks++;
			worker->counts.freelist_bytes += size;
		}
	}
}

void pyprof_census_rest(struct pyprof_census_worker *worker,
			const struct pyprof_arena *arena)
{
	const struct pyprof_heap *heap = worker->heap;
	uint32_t pool_size = heap->allocators.pool_size;
	for (uint64_t at = arena->start; at < arena->used_end;
	     at += pool_size) {
		const struct pyprof_block_pool *pool =
			pyprof_blocks_pool(&heap->blocks, at);
		const uint8_t *bytes =
			pyprof_memory_at(heap->memory, at, pool_size);
		if (pool && pool->size && bytes)
			count_spare(worker, pool, bytes);
	}
}
