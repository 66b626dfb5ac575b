// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Breadth-first trees over a heap's graph, and what stands at their tops; what
 * paths.c and path_shapes.c share.
 */
#ifndef PYPROF_HEAP_PATH_TREE_H
#define PYPROF_HEAP_PATH_TREE_H

#include "core/heap/path_text.h"
#include "core/heap/paths.h"

/** Where paths begin. */
struct pyprof_path_seed {
	uint32_t object;
	/** In the order of preference. */
	uint32_t order;
	/** An id of the heap's `strings`. */
	uint32_t name;
	enum pyprof_path_start from;
};

struct pyprof_path_tree {
	/** In order of object, and of preference. */
	PYPROF_VEC(struct pyprof_path_seed) seeds;
	/** Of each object: the one before it; NULL until made. */
	uint32_t *parents;
};

/** A path as far as it is written. */
struct pyprof_path_writing {
	struct pyprof_buf head;
	/** Writes into `head`. */
	struct pyprof_path_text text;
	/** The last step leads to a dict of attributes, and is not written. */
	bool in_dict;
};

/**
 * What was written when a path came to an object, as all do that lead over it:
 * in a linked list of millions each goes on from there, and is not begun anew.
 */
struct pyprof_path_mark {
	uint32_t object;
	/** Copied to go on from: `text` has no place to write to here. */
	struct pyprof_path_writing writing;
};

struct pyprof_paths {
	struct pyprof_heap *heap;
	const struct pyprof_progress *progress;
	/** References looked at since it was told of. */
	uint64_t work;
	/** From modules and frames, and, when first needed, from all roots. */
	struct pyprof_path_tree near, all;
	/** Modules and their dicts, sys.modules, in order of id. */
	PYPROF_VEC(uint32_t) parts;
	/** References that were found before they are asked for, in order. */
	PYPROF_VEC(struct pyprof_edge_wanted) expected;
	/** Each so many steps of a path that is written, a mark is set. */
	size_t mark_every;
	PYPROF_VEC(struct pyprof_path_mark) marks;
	/** Bit an object: it has one; NULL until there is one. */
	uint64_t *is_marked;
};

/** References that are looked at in a few milliseconds. */
#define PYPROF_PATHS_WORK (1u << 16)

/** So many references, or steps, were looked at; whether to go on. */
static inline struct pyprof_error *PYPROF_MUST_CHECK
pyprof_paths_work(struct pyprof_paths *paths, uint64_t count)
{
	paths->work += count;
	if (paths->work < PYPROF_PATHS_WORK)
		return NULL;
	paths->work = 0;
	return pyprof_progress(paths->progress, "naming objects", 0, 0);
}

/** pyprof_heap_edge(), for what was expected without looking for it. */
struct pyprof_error *pyprof_path_edge(struct pyprof_paths *paths, uint32_t from,
				      struct pyprof_path_step *step)
	PYPROF_MUST_CHECK;

/** The seed of an object, NULL when it is none. */
const struct pyprof_path_seed *
pyprof_path_tree_seed(const struct pyprof_path_tree *tree, uint32_t object);

/** The tree that an object is in: NULL, and no error, when no root reaches it.
 */
struct pyprof_error *pyprof_path_tree_of(struct pyprof_paths *paths,
					 uint32_t object,
					 const struct pyprof_path_tree **ret)
	PYPROF_MUST_CHECK;

/**
 * The way to an object of a tree, not named, and where it begins: at one for
 * which `stops` has a bit (NULL: at none), and then with no name, or at a seed.
 */
struct pyprof_error *pyprof_path_climb(struct pyprof_paths *paths,
				       const struct pyprof_path_tree *tree,
				       uint32_t object, const uint64_t *stops,
				       struct pyprof_path *path)
	PYPROF_MUST_CHECK;

/** Whether a step leads to the dict of an object's attributes. */
bool pyprof_path_is_dict_step(const struct pyprof_edge *edge);

/**
 * The name of a dict's key when it can be written behind a point: an attribute
 * of whatever has the dict, with the point. NULL otherwise. It is in `buf`.
 */
const char *pyprof_path_attribute(const struct pyprof_heap *heap,
				  const struct pyprof_edge *edge,
				  struct pyprof_buf *buf);

void pyprof_path_marks_deinit(struct pyprof_paths *paths);

/** Append what a path that starts at an object begins with. */
void pyprof_path_put_start(const struct pyprof_heap *heap,
			   enum pyprof_path_start from, const char *name,
			   uint32_t object, struct pyprof_buf *out);

#endif /* PYPROF_HEAP_PATH_TREE_H */
