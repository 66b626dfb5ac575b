// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The allocators of an interpreter, as they stand in a memory: which one serves
 * what, pymalloc's arenas, pools and blocks, and the lists of the garbage
 * collector.
 *
 * The state of pymalloc is found by the layout (3.12+), by symbol, or, in
 * stripped binaries of 3.8-3.11, by what pools look like: each names its arena,
 * and the array of arenas names each pool's.
 */
#ifndef PYPROF_CPYTHON_OBMALLOC_H
#define PYPROF_CPYTHON_OBMALLOC_H

#include "core/base/vec.h"
#include "core/cpython/python.h"
#include "core/target/memory.h"

enum pyprof_allocator {
	PYPROF_ALLOCATOR_PYMALLOC,
	/** PYTHONMALLOC=malloc: the C library serves all. */
	PYPROF_ALLOCATOR_MALLOC,
	/** Free-threaded builds, PYTHONMALLOC=mimalloc. */
	PYPROF_ALLOCATOR_MIMALLOC,
	PYPROF_ALLOCATOR_UNKNOWN,
};

struct pyprof_arena {
	/** First pool, first byte behind the last pool ever used, end. */
	uint64_t start, used_end, end;
	uint32_t total_pools, free_pools;
};

/** One state of pymalloc: interpreters can have their own. */
struct pyprof_obmalloc {
	PYPROF_VEC(struct pyprof_arena) arenas;
	/** Sum of blocks served by the C library, as Python counts them. */
	int64_t raw_blocks;
};

struct pyprof_allocators {
	enum pyprof_allocator kind;
	/** Blocks have a debug header of 16 bytes, and a trailer. */
	bool has_debug_hooks;
	uint32_t pool_size, arena_size;
	/** One or more when `kind` is PYMALLOC. */
	PYPROF_VEC(struct pyprof_obmalloc) states;
	/** How it was found: "layout", "symbol", "pool headers". */
	const char *found_by;
};

/**
 * Find out all that. Never guesses: UNSUPPORTED, with the reason, when nothing
 * that fits was found. On success the caller owns `ret`.
 */
struct pyprof_error *pyprof_allocators_read(const struct pyprof_memory *memory,
					    struct pyprof_python *python,
					    struct pyprof_allocators *ret)
	PYPROF_MUST_CHECK;
void pyprof_allocators_deinit(struct pyprof_allocators *allocators);

/** A pool in use, decoded. Zero-initialise nothing: pyprof_pool_read() does. */
struct pyprof_pool {
	uint64_t address;
	const uint8_t *bytes;
	uint32_t block_size;
	/** Blocks ever handed out, and how many of them are in use. */
	uint32_t block_count, used_count;
	uint32_t size_class;
	/** Bit i: block i is on the free list. */
	uint64_t is_free[1024 / 64 + 1];
};

enum pyprof_pool_state {
	PYPROF_POOL_EMPTY,
	PYPROF_POOL_USED,
	/** Its header or its free list cannot be: `used_count` is 0. */
	PYPROF_POOL_DAMAGED,
	/** Not in the memory. */
	PYPROF_POOL_MISSING,
};

/** Decode the pool at an address inside an arena. */
enum pyprof_pool_state
pyprof_pool_read(const struct pyprof_memory *memory,
		 const struct pyprof_layout *layout,
		 const struct pyprof_allocators *allocators, uint64_t address,
		 struct pyprof_pool *ret);

/**
 * Addresses of all objects in the lists of the garbage collector of all
 * interpreters, in order of the lists. A list that is damaged, or being
 * collected, is followed as far as it goes.
 *
 * @param[out] cut_ret How many lists did not come back to their head.
 */
struct pyprof_error *pyprof_gc_lists_read(
	const struct pyprof_memory *memory, struct pyprof_python *python,
	struct pyprof_error *(*object)(void *context, uint64_t address),
	void *context, size_t *cut_ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_OBMALLOC_H */
