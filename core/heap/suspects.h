// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Leak suspects, by the rule of Eclipse MAT: single objects, or all objects of
 * one type, at the top of the dominator tree that hold more than a tenth of
 * what is reached; and below each the point where it accumulates.
 *
 * sys.modules, modules and their dicts hold everything and say nothing: what
 * stands directly below them is taken for top, too.
 */
#ifndef PYPROF_HEAP_SUSPECTS_H
#define PYPROF_HEAP_SUSPECTS_H

#include "core/heap/heap.h"

/** Objects of one type below an accumulation point. */
struct pyprof_suspect_content {
	/** Index of a type, and the object of it that holds most. */
	uint32_t type, biggest;
	/** How many, and what they hold; their own bytes in a chain. */
	uint64_t count, bytes;
};

struct pyprof_suspect {
	/** The object, or the biggest of a group. */
	uint32_t object;
	/** Index of its type. */
	uint32_t type;
	/** Objects at the top: 1 for a single one. */
	uint64_t count;
	uint64_t retained;
	/** Where it piles up, the object itself perhaps, and what that holds
	 * alone: bytes, and all objects down to the last. */
	uint32_t point;
	uint64_t point_retained, point_objects;
	/** From the point on each holds the next, as in a linked list: it piles
	 * up nowhere. */
	bool is_chain;
	/** What is directly below the point, or, of a chain, anywhere below it;
	 * by type, most bytes first: from `contents.items[first_content]` on.
	 * Of groups: nothing. */
	uint32_t first_content, content_count;
};

struct pyprof_suspects {
	/** Most bytes first. */
	PYPROF_VEC(struct pyprof_suspect) items;
	PYPROF_VEC(struct pyprof_suspect_content) contents;
	/** What their shares are of. */
	uint64_t reached_bytes;
};

/** What suspects are looked for in; all pointers are borrowed. */
struct pyprof_suspects_input {
	const struct pyprof_dominators *dominators;
	const struct pyprof_children *children;
	/** Index of an object's type. */
	uint32_t (*type)(void *context, uint32_t object);
	/** What holds everything and says nothing. NULL: nothing does. */
	bool (*is_open)(void *context, uint32_t object);
	void *context;
	/** NULL: nobody watches. */
	const struct pyprof_progress *progress;
	/** Share of the reached bytes that makes a suspect, percent. */
	unsigned percent;
	/** Types kept in `contents` for each. */
	size_t content_limit;
};

struct pyprof_error *
pyprof_suspects_find(const struct pyprof_suspects_input *input,
		     struct pyprof_suspects *ret) PYPROF_MUST_CHECK;
void pyprof_suspects_deinit(struct pyprof_suspects *suspects);

struct pyprof_paths;

/** The same on a heap, which is dominated when that was not done. */
struct pyprof_error *
pyprof_heap_suspects(struct pyprof_heap *heap, struct pyprof_paths *paths,
		     unsigned percent, const struct pyprof_progress *progress,
		     struct pyprof_suspects *ret) PYPROF_MUST_CHECK;

/** Append one as a sentence: "app.cache (dict, 0x…) holds 412 MB (83.1 %) in
 * 1,000,001 objects: 1,000,000 str (400 MB)". */
struct pyprof_error *pyprof_suspect_put(const struct pyprof_heap *heap,
					struct pyprof_paths *paths,
					const struct pyprof_suspects *suspects,
					size_t index, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_HEAP_SUSPECTS_H */
