// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Finds and counts the objects of a heap: stage 1, for heap.c alone.
 *
 * Every block in use is looked at once, by as many threads as there are
 * processors (census_walk.c). What is an object is told by
 * pyprof_object_in_block(), and whatever an object says it owns is a buffer,
 * even if it looks like an object. References that lead out of the pools, links
 * of the collector's lists among them, find the objects that are elsewhere:
 * large ones and static ones (census_outside.c). census_rest.c looks at what
 * is left over.
 */
#ifndef PYPROF_HEAP_CENSUS_H
#define PYPROF_HEAP_CENSUS_H

#include "core/heap/heap.h"

/** Fill in a heap whose memory, python, types and allocators are there. */
struct pyprof_error *pyprof_census_take(struct pyprof_heap *heap,
					const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

/** Bytes that can stand before an object in its block, in order of need. */
#define PYPROF_PRESIZE_COUNT 3
extern const uint32_t pyprof_presizes[PYPROF_PRESIZE_COUNT];

/** Bytes between the begin of a block and what was asked for. */
static inline uint32_t pyprof_block_header(const struct pyprof_heap *heap)
{
	return heap->allocators.has_debug_hooks ? PYPROF_DEBUG_HEADER : 0;
}

/* The rest is for census*.c. */

/** What is to be asked of every object of a type, found out once, and sums. */
struct pyprof_census_type {
	struct pyprof_heap_type sums;
	bool is_known, has_edges, has_buffers;
	/** What sys.getsizeof() says of all of them; 0 when they differ. */
	uint64_t fixed_size;
};

/** Where a reference out of the pools leads, with these in the low bits. */
#define PYPROF_CANDIDATE_SCANNED 1
#define PYPROF_CANDIDATE_LINK 2
#define PYPROF_CANDIDATE_FLAGS UINT64_C(7)

/** A buffer that is in a block that was taken for an object's. */
struct pyprof_census_dispute {
	uint64_t buffer;
	/** Index of its owner's type. */
	uint32_t type;
};

/** The last references out of the pools, to tell of each but once or so. */
#define PYPROF_RECENT_COUNT 4096

/** What one thread works with. */
struct pyprof_census_worker {
	struct pyprof_heap *heap;
	/** The heap's own, or `copy` of them, which learns nothing. */
	struct pyprof_types *types;
	struct pyprof_types copy;
	struct pyprof_edge_sink edges;
	struct pyprof_buffer_sink buffers;
	uint32_t block_header;
	/** No other thread is at work. */
	bool is_alone;
	bool out_of_memory;

	/** By index of type. */
	PYPROF_VEC(struct pyprof_census_type) known;
	/** Blocks, objects and their bytes, buffers and theirs, damages. */
	struct pyprof_census counts;

	/** The type of the object being looked at, and what it owns. */
	uint32_t type;
	uint64_t buffer_bytes;

	PYPROF_VEC(uint64_t) candidates;
	uint64_t recent[PYPROF_RECENT_COUNT];
	PYPROF_VEC(struct pyprof_census_dispute) disputes;
	/** Blocks that need a type learned: another thread's work. */
	PYPROF_VEC(uint64_t) deferred;
};

/** A worker that learns types, or one that does not and can be a thread. */
struct pyprof_error *
pyprof_census_worker_create(struct pyprof_heap *heap, bool learns,
			    struct pyprof_census_worker **ret)
	PYPROF_MUST_CHECK;
void pyprof_census_worker_destroy(struct pyprof_census_worker *worker);

/** Look at all blocks of an arena that are not known to be something. */
void pyprof_census_walk(struct pyprof_census_worker *worker,
			const struct pyprof_arena *arena);
/** Look at the first few blocks of some pools, to learn types. */
void pyprof_census_learn(struct pyprof_census_worker *worker,
			 const struct pyprof_arena *arena);
/** Look at one block; for a worker that is alone. */
void pyprof_census_block(struct pyprof_census_worker *worker, uint64_t address);
/** Take in a buffer, as an object of this type says it owns. */
void pyprof_census_buffer(struct pyprof_census_worker *worker, uint32_t type,
			  uint64_t address, uint64_t size);
/** Count what are objects kept for reuse among an arena's other blocks. */
void pyprof_census_rest(struct pyprof_census_worker *worker,
			const struct pyprof_arena *arena);

/** Count one object, which is in the index, and note what it holds. */
void pyprof_census_object(struct pyprof_census_worker *worker,
			  const struct pyprof_object *object, uint64_t block);

/**
 * Find what is outside of pools: from the candidates of all workers, from the
 * collector's lists, and the types themselves. `worker` is alone.
 */
struct pyprof_error *
pyprof_census_outside(struct pyprof_census_worker *worker,
		      const struct pyprof_progress *progress) PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_CENSUS_H */
