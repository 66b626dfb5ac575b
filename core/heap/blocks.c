// SPDX-License-Identifier: Apache-2.0
#include "core/heap/blocks.h"

#include <string.h>

#define LEAF_SHIFT 30
#define DIRECTORY_SIZE (1 << (47 - LEAF_SHIFT))

#define ALIGNMENT 16

/* Pools between two calls of whoever watches. */
#define WATCH_EVERY 4096

struct reader {
	const struct pyprof_memory *memory;
	const struct pyprof_layout *layout;
	const struct pyprof_allocators *allocators;
	const struct pyprof_progress *progress;
	struct pyprof_blocks *blocks;
	struct pyprof_blocks_counts *counts;
	uint64_t pools_done, pools_all;
	size_t word_capacity;
};

void pyprof_blocks_deinit(struct pyprof_blocks *blocks)
{
	for (size_t i = 0; i < blocks->leaves.count; i++)
		free(blocks->leaves.items[i]);
	pyprof_vec_deinit(&blocks->leaves);
	free(blocks->directory);
	free(blocks->planes[0]);
	free(blocks->planes[1]);
	*blocks = (struct pyprof_blocks){};
}

/* Where what is known of a pool goes; NULL when out of memory. */
static struct pyprof_block_pool *slot_of(struct pyprof_blocks *blocks,
					 uint64_t address)
{
	struct pyprof_block_pool **leaf =
		&blocks->directory[address >> LEAF_SHIFT];
	if (!*leaf && pyprof_vec_reserve(&blocks->leaves, 1)) {
		*leaf = calloc(UINT64_C(1) << (LEAF_SHIFT - blocks->pool_shift),
			       sizeof(**leaf));
		if (*leaf)
			blocks->leaves.items[blocks->leaves.count++] = *leaf;
	}
	if (!*leaf)
		return NULL;
	return &(*leaf)[(address & ((UINT64_C(1) << LEAF_SHIFT) - 1)) >>
			blocks->pool_shift];
}

/* Make room for a pool's blocks in the planes. */
static bool grow(struct reader *reader, size_t words)
{
	struct pyprof_blocks *blocks = reader->blocks;
	size_t capacity[2] = {reader->word_capacity, reader->word_capacity};
	for (int i = 0; i < 2; i++)
		if (!pyprof_vec_grow((void **)&blocks->planes[i], &capacity[i],
				     blocks->word_count + words,
				     sizeof(*blocks->planes[i])))
			return false;
	reader->word_capacity = capacity[0];
	return true;
}

static struct pyprof_error *add_pool(struct reader *reader,
				     const struct pyprof_pool *pool)
{
	struct pyprof_blocks *blocks = reader->blocks;
	size_t words = (pool->block_count + 63) / 64;
	struct pyprof_block_pool *slot = slot_of(blocks, pool->address);
	if (!slot || !grow(reader, words))
		return pyprof_error_oom();
	if (blocks->word_count + words > UINT32_MAX)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "too many small blocks");
	*slot = (struct pyprof_block_pool){
		.first = (uint32_t)blocks->word_count,
		.count = (uint16_t)pool->block_count,
		.size = (uint8_t)(pool->block_size / ALIGNMENT),
	};
	uint64_t *low = blocks->planes[0] + blocks->word_count;
	for (size_t i = 0; i < words; i++)
		low[i] = ~pool->is_free[i];
	if (pool->block_count & 63)
		low[words - 1] &= (UINT64_C(1) << (pool->block_count & 63)) - 1;
	memset(blocks->planes[1] + blocks->word_count, 0, words * sizeof(*low));
	blocks->word_count += words;

	struct pyprof_blocks_counts *counts = reader->counts;
	uint64_t free_count = pool->block_count - pool->used_count;
	counts->pools_used++;
	counts->blocks += pool->used_count;
	counts->block_bytes += (uint64_t)pool->used_count * pool->block_size;
	counts->blocks_free += free_count;
	counts->header_bytes += (uint32_t)reader->layout->at.pool.size;
	/* What was never handed out, and what is too little for a block. */
	counts->free_bytes += reader->allocators->pool_size -
			      (uint32_t)reader->layout->at.pool.size -
			      (uint64_t)pool->used_count * pool->block_size;
	return NULL;
}

static struct pyprof_error *read_pool(struct reader *reader,
				      const struct pyprof_arena *arena,
				      uint64_t address)
{
	struct pyprof_blocks_counts *counts = reader->counts;
	uint32_t pool_size = reader->allocators->pool_size;
	struct pyprof_pool pool;
	switch (pyprof_pool_read(reader->memory, reader->layout,
				 reader->allocators, arena, address, &pool)) {
	case PYPROF_POOL_EMPTY:
		counts->pools_free++;
		counts->free_bytes += pool_size;
		break;
	case PYPROF_POOL_DAMAGED:
		counts->pools_damaged++;
		break;
	case PYPROF_POOL_MISSING:
		counts->pools_missing++;
		break;
	case PYPROF_POOL_USED:
		return add_pool(reader, &pool);
	}
	return NULL;
}

static struct pyprof_error *read_arena(struct reader *reader,
				       const struct pyprof_arena *arena)
{
	struct pyprof_blocks_counts *counts = reader->counts;
	uint32_t pool_size = reader->allocators->pool_size;
	struct pyprof_error *err = NULL;
	for (uint64_t at = arena->start; !err && at < arena->used_end;
	     at += pool_size) {
		err = read_pool(reader, arena, at);
		if (!err && ++reader->pools_done % WATCH_EVERY == 0)
			err = pyprof_progress(reader->progress, "pools",
					      reader->pools_done,
					      reader->pools_all);
	}
	uint64_t unused = arena->end - arena->used_end;
	counts->arenas++;
	counts->arena_bytes += arena->end - arena->start;
	counts->pools_free += unused / pool_size;
	counts->free_bytes += unused;
	return err;
}

static struct pyprof_error *read_states(struct reader *reader)
{
	const struct pyprof_allocators *allocators = reader->allocators;
	for (size_t i = 0; i < allocators->states.count; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		reader->counts->damaged_arenas += state->damaged_arenas;
		for (size_t j = 0; j < state->arenas.count; j++)
			reader->pools_all += state->arenas.items[j].total_pools;
	}
	for (size_t i = 0; i < allocators->states.count; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++) {
			struct pyprof_error *err =
				read_arena(reader, &state->arenas.items[j]);
			if (err)
				return err;
		}
	}
	return NULL;
}

struct pyprof_error *pyprof_blocks_read(
	const struct pyprof_memory *memory, const struct pyprof_layout *layout,
	const struct pyprof_allocators *allocators,
	const struct pyprof_progress *progress, struct pyprof_blocks *ret,
	struct pyprof_blocks_counts *counts_ret)
{
	struct pyprof_blocks blocks = {
		.pool_shift = (unsigned)__builtin_ctz(allocators->pool_size),
		.header_size = (uint32_t)layout->at.pool.size,
	};
	struct pyprof_blocks_counts counts = {};
	struct reader reader = {
		.memory = memory,
		.layout = layout,
		.allocators = allocators,
		.progress = progress,
		.blocks = &blocks,
		.counts = &counts,
	};
	blocks.directory = calloc(DIRECTORY_SIZE, sizeof(*blocks.directory));
	struct pyprof_error *err =
		blocks.directory ? read_states(&reader) : pyprof_error_oom();
	if (err) {
		pyprof_blocks_deinit(&blocks);
		return err;
	}
	*ret = blocks;
	*counts_ret = counts;
	return NULL;
}

bool pyprof_blocks_find(const struct pyprof_blocks *blocks, uint64_t address,
			struct pyprof_block *ret)
{
	const struct pyprof_block_pool *pool =
		pyprof_blocks_pool(blocks, address);
	if (!pool || !pool->size)
		return false;
	uint32_t offset =
		(uint32_t)(address & ((UINT64_C(1) << blocks->pool_shift) - 1));
	if (offset < blocks->header_size)
		return false;
	uint32_t size = (uint32_t)pool->size * ALIGNMENT;
	uint32_t number = (offset - blocks->header_size) / size;
	if (number >= pool->count)
		return false;
	*ret = (struct pyprof_block){
		.start = address - offset + blocks->header_size +
			 (uint64_t)number * size,
		.size = size,
		.number = (uint64_t)pool->first * 64 + number,
	};
	return true;
}
