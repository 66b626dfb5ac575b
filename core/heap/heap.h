// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A heap: all Python objects in a memory, and, computed when first asked for,
 * who refers to whom and who holds how much.
 *
 * Stages, each needing the one before: pyprof_heap_create() finds and counts
 * the objects (census.c); pyprof_heap_link() collects references and roots
 * (link.c); pyprof_heap_dominate() computes dominators and retained sizes. The
 * questions of the commands are one file each: paths.c, strings.c, garbage.c,
 * suspects.c, diff.c, frag.c, over this structure.
 *
 * Sizes: *shallow* is what sys.getsizeof() says; *block* is what the allocator
 * gave for the object itself, 0 for static ones; *exclusive* is block and the
 * blocks of the buffers that it owns. Retained sizes are sums of exclusive.
 */
#ifndef PYPROF_HEAP_HEAP_H
#define PYPROF_HEAP_HEAP_H

#include "core/base/strtab.h"
#include "core/cpython/object.h"
#include "core/cpython/obmalloc.h"
#include "core/heap/blocks.h"
#include "core/heap/chunk.h"
#include "core/heap/graph.h"
#include "core/heap/index.h"

/** What is known of all objects of one type. */
struct pyprof_heap_type {
	/** NULL for types of which there are none. */
	const struct pyprof_type *type;
	uint64_t count;
	uint64_t shallow, block, exclusive;
	/** Bytes freed if all objects of the type went; those of an object that
	 * is held by another of the same type are counted once. Valid when
	 * dominated. */
	uint64_t retained;
};

/** What the bytes of the small-object allocator are used for, and what could
 * not be made sense of. Sums are exact. */
struct pyprof_census {
	uint64_t arenas, damaged_arenas, arena_bytes;
	/** Arrays of arenas that cannot be read: pools are what looks so. */
	uint64_t lost_arrays;
	uint64_t pools_used, pools_free, pools_damaged, pools_missing;
	/** Blocks in use: objects, buffers claimed by their owners, objects
	 * on free lists, and the rest; and blocks that are free. */
	uint64_t blocks, blocks_free;
	uint64_t object_blocks, buffer_blocks, freelist_blocks, other_blocks;
	uint64_t object_bytes, buffer_bytes, freelist_bytes, other_bytes;
	uint64_t free_bytes, header_bytes;
	/** Blocks served by the C library as Python counts them, or -1. */
	int64_t raw_blocks;
	/** Objects outside of pools: on the C library's heap, static. */
	uint64_t large_objects, static_objects;
	/** Blocks that were taken for objects until their owners told. */
	uint64_t disowned_objects;
	/**
	 * Objects whose sizes or references cannot be; references out of pools
	 * to what is no object;
	 * lists that did not come back to their head, which are followed where
	 * pools are damaged, missing or not used.
	 */
	uint64_t damaged_objects, damaged_edges, cut_gc_lists;
	/** Objects of types whose names are in files that are not at hand. */
	uint64_t nameless_objects;
	/** Bytes of the target that the memory should hold and does not. */
	uint64_t missing_bytes;
	/** A collection was under way: its lists are in flux. */
	bool is_collecting;
};

/** A root: a reference into the heap from outside of it. */
struct pyprof_heap_root {
	uint32_t object;
	/** What it is, to show: "sys.modules", "in f (app.py:17): rows",
	 * "static", "held from outside". An id of `strings`. */
	uint32_t name;
	/** Where from, in the order of preference for paths. */
	enum pyprof_heap_root_kind {
		PYPROF_HEAP_ROOT_FRAME,
		PYPROF_HEAP_ROOT_INTERPRETER,
		PYPROF_HEAP_ROOT_THREAD,
		/** A static or immortal object. */
		PYPROF_HEAP_ROOT_STATIC,
		/** Its count exceeds the references found in the heap. */
		PYPROF_HEAP_ROOT_OUTSIDE,
	} kind;
};

struct pyprof_heap {
	/** Owned. */
	struct pyprof_memory *memory;
	struct pyprof_target *target;
	struct pyprof_python *python;
	struct pyprof_types *types;
	struct pyprof_strtab *strings;

	struct pyprof_allocators allocators;
	struct pyprof_blocks blocks;
	struct pyprof_static_ranges statics;
	struct pyprof_index index;
	struct pyprof_census census;
	/** By index of type. */
	PYPROF_VEC(struct pyprof_heap_type) by_type;
	uint64_t shallow, block, exclusive;

	/** From pyprof_heap_link() on. */
	bool is_linked;
	/** Strong references; ids of `index` are its nodes. */
	struct pyprof_graph graph;
	PYPROF_VEC(struct pyprof_heap_root) roots;
	uint64_t damaged_stacks;
	/** References into small blocks in which no object is. */
	uint64_t lost_edges;

	/** From pyprof_heap_dominate() on. */
	bool is_dominated;
	struct pyprof_dominators dominators;
	/** By id, of objects that are reached: the index of the type;
	 * `by_type.count` when damaged. */
	uint32_t *type_of;
};

/**
 * Find and count all objects in a memory, which it takes over on success
 * alone: a snapshot whose analysis was interrupted is a snapshot still.
 *
 * @param base For read-only parts of files, or NULL; borrowed, may go.
 */
struct pyprof_error *pyprof_heap_create(struct pyprof_memory *memory,
					struct pyprof_target *base,
					const struct pyprof_progress *progress,
					struct pyprof_heap **ret)
	PYPROF_MUST_CHECK;
void pyprof_heap_destroy(struct pyprof_heap *heap);
PYPROF_DEFINE_CLEANUP(pyprof_heap, struct pyprof_heap *, pyprof_heap_destroy)

/** Collect references and roots, unless that was done. */
struct pyprof_error *pyprof_heap_link(struct pyprof_heap *heap,
				      const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

/** Link, and compute retained sizes, unless that was done. */
struct pyprof_error *
pyprof_heap_dominate(struct pyprof_heap *heap,
		     const struct pyprof_progress *progress) PYPROF_MUST_CHECK;

/** The object of an id, which is one of the index. False when damaged. */
bool pyprof_heap_object(const struct pyprof_heap *heap, uint32_t id,
			struct pyprof_object *ret);

/**
 * The id of the object that an address lies in, from what stands before it in
 * its block to its end; what is in its buffers is not looked for.
 * PYPROF_NO_OBJECT when there is none.
 */
uint32_t pyprof_heap_find(const struct pyprof_heap *heap, uint64_t address);

/** Sizes of one object; 0 for what cannot be told. */
struct pyprof_object_sizes {
	uint64_t shallow, block, exclusive;
};
void pyprof_heap_sizes(const struct pyprof_heap *heap,
		       const struct pyprof_object *object,
		       struct pyprof_object_sizes *ret);

/**
 * Bytes of the allocator's block that an address lies in: of a pool's block,
 * or, when what was asked of it begins at the address, of the C library's
 * chunk. 0 when it is in none, as static objects are.
 */
uint64_t pyprof_heap_block(const struct pyprof_heap *heap, uint64_t address);

enum pyprof_heap_sort {
	PYPROF_HEAP_BY_SIZE,
	PYPROF_HEAP_BY_RETAINED,
	PYPROF_HEAP_BY_COUNT,
};

/**
 * The types that there are objects of, the biggest first.
 *
 * @param[out] ret To be released by free().
 */
struct pyprof_error *
pyprof_heap_sort_types(const struct pyprof_heap *heap,
		       enum pyprof_heap_sort sort,
		       const struct pyprof_heap_type ***ret, size_t *count_ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_HEAP_H */
