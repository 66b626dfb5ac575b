// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The blocks of the small-object allocator, and what each is used for: two
 * bits a block, so that every block is counted once and nothing twice. Knows
 * nothing of objects.
 *
 * Pools are found by address without touching them: a table that fits into
 * the processor's caches says which block an address lies in.
 */
#ifndef PYPROF_HEAP_BLOCKS_H
#define PYPROF_HEAP_BLOCKS_H

#include "core/cpython/obmalloc.h"

/** What a block is; the bits are those of `planes`. */
enum pyprof_block_use {
	PYPROF_BLOCK_FREE = 0,
	/** Handed out, and not known what for. */
	PYPROF_BLOCK_OTHER = 1,
	/** Memory that an object owns. */
	PYPROF_BLOCK_BUFFER = 2,
	PYPROF_BLOCK_OBJECT = 3,
};

/** A pool in use. */
struct pyprof_block_pool {
	/** Where its blocks begin in the planes, in words of 64 of them. */
	uint32_t first;
	/** Blocks ever handed out. */
	uint16_t count;
	/** Size of a block by 16; 0: not a pool in use. */
	uint8_t size;
};

struct pyprof_blocks {
	/** [address >> 30][address >> pool_shift]; NULL where no pools are. */
	struct pyprof_block_pool **directory;
	/** All that the directory has: it is large and nearly empty. */
	PYPROF_VEC(struct pyprof_block_pool *) leaves;
	unsigned pool_shift;
	uint32_t header_size;
	/** Low and high bit of the use of each block. */
	uint64_t *planes[2];
	size_t word_count;
};

/** A block of a pool in use. */
struct pyprof_block {
	uint64_t start;
	uint32_t size;
	/** Its number in the planes. */
	uint64_t number;
};

/** What was counted on the way. */
struct pyprof_blocks_counts {
	uint64_t arenas, damaged_arenas, arena_bytes;
	uint64_t pools_used, pools_free, pools_damaged, pools_missing;
	uint64_t blocks, blocks_free, block_bytes, free_bytes, header_bytes;
};

/**
 * Read the pools of all arenas. Blocks are FREE or OTHER then; pools that are
 * damaged or missing are counted and have no blocks.
 */
struct pyprof_error *pyprof_blocks_read(
	const struct pyprof_memory *memory, const struct pyprof_layout *layout,
	const struct pyprof_allocators *allocators,
	const struct pyprof_progress *progress, struct pyprof_blocks *ret,
	struct pyprof_blocks_counts *counts_ret) PYPROF_MUST_CHECK;
void pyprof_blocks_deinit(struct pyprof_blocks *blocks);

/** The pool that an address lies in; NULL, or of size 0, when in none. */
static inline const struct pyprof_block_pool *
pyprof_blocks_pool(const struct pyprof_blocks *blocks, uint64_t address)
{
	if (address >> 47 || !blocks->directory)
		return NULL;
	const struct pyprof_block_pool *leaf = blocks->directory[address >> 30];
	if (!leaf)
		return NULL;
	return &leaf[(address & ((UINT64_C(1) << 30) - 1)) >>
		     blocks->pool_shift];
}

/** Whether an address lies in a pool in use. */
static inline bool pyprof_blocks_has(const struct pyprof_blocks *blocks,
				     uint64_t address)
{
	const struct pyprof_block_pool *pool =
		pyprof_blocks_pool(blocks, address);
	return pool && pool->size;
}

/** The block that an address lies in; false when in none. */
bool pyprof_blocks_find(const struct pyprof_blocks *blocks, uint64_t address,
			struct pyprof_block *ret);

/**
 * What a block is. Threads may ask and change at a time: a block leaves OTHER
 * by its high bit, and who sets that has it.
 */
static inline enum pyprof_block_use
pyprof_block_use(const struct pyprof_blocks *blocks, uint64_t number)
{
	unsigned bit = number & 63;
	uint64_t low = __atomic_load_n(&blocks->planes[0][number >> 6],
				       __ATOMIC_RELAXED);
	uint64_t high = __atomic_load_n(&blocks->planes[1][number >> 6],
					__ATOMIC_RELAXED);
	low = low >> bit & 1;
	high = high >> bit & 1;
	return (enum pyprof_block_use)(low | high << 1);
}

/**
 * Let the blocks of a word that have a bit in `objects` be objects. Returns
 * those that are something else already.
 */
static inline uint64_t pyprof_blocks_be_objects(struct pyprof_blocks *blocks,
						size_t word, uint64_t objects)
{
	return objects & __atomic_fetch_or(&blocks->planes[1][word], objects,
					   __ATOMIC_RELAXED);
}

/** Let a block that is OTHER be a buffer; false when it is something else. */
static inline bool pyprof_block_be_buffer(struct pyprof_blocks *blocks,
					  uint64_t number)
{
	uint64_t bit = UINT64_C(1) << (number & 63);
	if (__atomic_fetch_or(&blocks->planes[1][number >> 6], bit,
			      __ATOMIC_RELAXED) &
	    bit)
		return false;
	__atomic_fetch_and(&blocks->planes[0][number >> 6], ~bit,
			   __ATOMIC_RELAXED);
	return true;
}

/** Let an object's block be a buffer after all; one thread alone. */
static inline void pyprof_block_disown(struct pyprof_blocks *blocks,
				       uint64_t number)
{
	blocks->planes[0][number >> 6] &= ~(UINT64_C(1) << (number & 63));
}

#endif /* PYPROF_HEAP_BLOCKS_H */
