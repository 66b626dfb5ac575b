// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The GNU C library's malloc as it stands in a memory: its arenas, their heaps,
 * and every chunk in them.
 *
 * Found without symbols: the state of the main arena is the one place in the
 * library's data where empty bins refer to themselves, behind which a list of
 * arenas leads back to it. Nothing is guessed: heaps are walked chunk by chunk
 * and have to end at the top chunk that their arena names; what does not is
 * `unknown_bytes`.
 *
 * Other mallocs are refused by name. To add one: a function beside
 * pyprof_malloc_read() that fills in arenas and regions.
 */
#ifndef PYPROF_HEAP_MALLOC_H
#define PYPROF_HEAP_MALLOC_H

#include "core/base/vec.h"
#include "core/target/memory.h"

/** What a chunk is. */
enum pyprof_chunk_use {
	PYPROF_CHUNK_USED,
	/** In a bin: merged with its neighbours, given to who asks next. */
	PYPROF_CHUNK_FREE,
	/** In a thread's cache or a fast bin: free, and never merged. */
	PYPROF_CHUNK_CACHED,
	/** The end of a heap, from which new chunks are cut. */
	PYPROF_CHUNK_TOP,
	/** Of the allocator's own. */
	PYPROF_CHUNK_HEADER,
	PYPROF_CHUNK_UNKNOWN,
	PYPROF_CHUNK_USES,
};

struct pyprof_malloc_chunk {
	/** Of the chunk, whose memory begins 16 bytes behind. */
	uint64_t address, size;
	enum pyprof_chunk_use use;
	/** Position of its arena, PYPROF_NO_ARENA for one mapped alone. */
	uint32_t arena;
};

#define PYPROF_NO_ARENA UINT32_MAX

struct pyprof_malloc_arena {
	/** Of its state. */
	uint64_t address;
	bool is_main;
	/** What it says that it has. */
	uint64_t system_bytes;
	/** Found in its heaps, by use. */
	uint64_t heaps, chunks[PYPROF_CHUNK_USES], bytes[PYPROF_CHUNK_USES];

	/** Private. */
	uint64_t top;
};

/** Addresses that are malloc's. */
struct pyprof_malloc_region {
	/** From the first chunk on. */
	uint64_t start, end;
	uint32_t arena;
	/** It is one chunk that was mapped alone. */
	bool is_mapped;
};

struct pyprof_malloc {
	PYPROF_VEC(struct pyprof_malloc_arena) arenas;
	/** In order of address. */
	PYPROF_VEC(struct pyprof_malloc_region) regions;
	uint64_t mapped_chunks, mapped_bytes;
	/** The caches of threads were found; else their chunks count as used.
	 */
	bool has_caches;
	/** Chunks in caches and fast bins, in order. */
	PYPROF_VEC(uint64_t) cached;
};

/**
 * Find all that. UNSUPPORTED, with the reason, when it is another malloc, or
 * none that fits was found. To be released on success alone.
 *
 * @param target For the names of what is mapped.
 */
struct pyprof_error *pyprof_malloc_read(const struct pyprof_memory *memory,
					struct pyprof_target *target,
					struct pyprof_malloc *ret)
	PYPROF_MUST_CHECK;
void pyprof_malloc_deinit(struct pyprof_malloc *heap);

/** Tell of all chunks, in order of address; each byte of a region is in one.
 */
void pyprof_malloc_walk(const struct pyprof_memory *memory,
			const struct pyprof_malloc *heap,
			void (*chunk)(void *context,
				      const struct pyprof_malloc_chunk *chunk),
			void *context);

/** The region of an address, or NULL. */
const struct pyprof_malloc_region *
pyprof_malloc_region(const struct pyprof_malloc *heap, uint64_t address);

#endif /* PYPROF_HEAP_MALLOC_H */
