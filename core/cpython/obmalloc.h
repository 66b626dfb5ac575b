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
	/** Free-threaded builds, PYTHONMALLOC=mimalloc: cannot be walked. */
	PYPROF_ALLOCATOR_MIMALLOC,
};

struct pyprof_arena {
	/** First pool, first byte behind the last pool ever used, end. */
	uint64_t start, used_end, end;
	uint32_t total_pools, free_pools;
	/** Its place in the array of arenas: what its pools call it. */
	uint32_t index;
};

/** One state of pymalloc: interpreters can have their own. */
struct pyprof_obmalloc {
	/** In order of address. */
	PYPROF_VEC(struct pyprof_arena) arenas;
	/** Arenas whose description cannot be, and that are left out. */
	uint32_t damaged_arenas;
	/**
	 * Blocks served by the C library, as Python counts them; -1 when not
	 * known. `raw_is_total`: blocks of pools are counted, too (3.8).
	 */
	int64_t raw_blocks;
	bool raw_is_total;
};

struct pyprof_allocators {
	enum pyprof_allocator kind;
	/** Blocks have a debug header of 16 bytes, and a trailer. */
	bool has_debug_hooks;
	uint32_t pool_size;
	/** One or more when `kind` is PYMALLOC. */
	PYPROF_VEC(struct pyprof_obmalloc) states;
	/** States whose arrays of arenas cannot be read: another one, behind
	 * them, has what looks like pools and is in no arena of theirs. */
	uint32_t lost_arrays;
	/** How it was found: "layout", "symbol", "pool headers". */
	const char *found_by;
};

/**
 * Find out all that. What is damaged is counted, and pools tell of themselves
 * then; an error, with the reason, when nothing that fits was found. On success
 * the caller owns `ret`. `python` is found through a target that reads the
 * memory.
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

/** Decode the pool at an address inside an arena: its header alone. */
enum pyprof_pool_state
pyprof_pool_read_header(const struct pyprof_memory *memory,
			const struct pyprof_layout *layout,
			const struct pyprof_allocators *allocators,
			const struct pyprof_arena *arena, uint64_t address,
			struct pyprof_pool *ret);

/** Decode the pool at an address inside an arena, its free list, too. */
enum pyprof_pool_state
pyprof_pool_read(const struct pyprof_memory *memory,
		 const struct pyprof_layout *layout,
		 const struct pyprof_allocators *allocators,
		 const struct pyprof_arena *arena, uint64_t address,
		 struct pyprof_pool *ret);

/** The header of debug hooks, which stands before what was asked for. */
#define PYPROF_DEBUG_HEADER 16

/**
 * How many bytes were asked for, by the header of debug hooks alone; false
 * when there is none.
 *
 * @param block All of PYPROF_DEBUG_HEADER bytes.
 */
bool pyprof_debug_header(const uint8_t *block, uint64_t *ret);

/**
 * How many bytes were asked for, when debug hooks made the block.
 *
 * @param size Bytes of the block, all of which are there.
 * @return false when it has no header, or another size, of theirs.
 */
bool pyprof_debug_block(const uint8_t *block, uint64_t size, uint64_t *ret);

/** What stands before an object that the garbage collector knows. */
#define PYPROF_GC_HEAD 16
/** A link in it to the next one, without the collector's marks. */
#define PYPROF_GC_LINK_MASK (~UINT64_C(3))

/** The lists of the garbage collectors of all interpreters. */
struct pyprof_gc_heads {
	/** Addresses of their heads, which link to themselves when empty. */
	PYPROF_VEC(uint64_t) list;
	/** A collection was under way: lists are in flux. */
	bool is_collecting;
};

/** NOT_FOUND in builds that have no lists (free-threaded ones). */
struct pyprof_error *pyprof_gc_heads_read(struct pyprof_python *python,
					  struct pyprof_gc_heads *ret)
	PYPROF_MUST_CHECK;
void pyprof_gc_heads_deinit(struct pyprof_gc_heads *heads);

/**
 * Addresses of all objects in the lists, in order of the lists. A list that is
 * damaged, or being collected, is followed as far as it goes; what is told of
 * it may be no object.
 *
 * @param[out] cut_ret How many lists did not come back to their head.
 */
struct pyprof_error *pyprof_gc_lists_read(
	const struct pyprof_memory *memory, const struct pyprof_gc_heads *heads,
	struct pyprof_error *(*object)(void *context, uint64_t address),
	void *context, size_t *cut_ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_OBMALLOC_H */
