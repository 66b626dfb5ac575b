// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Why an object is there: the shortest path to it, with a name on each step as
 * one would write it in Python: `app.cache['users'][17].name`.
 *
 * Paths begin, where they can, at a module's variables or at a variable of a
 * frame that runs; what neither reaches is found from the other roots. An
 * attribute is one step even where a dict stands in between.
 *
 * How steps become text is in path_text.h.
 */
#ifndef PYPROF_HEAP_PATHS_H
#define PYPROF_HEAP_PATHS_H

#include "core/heap/edges.h"

struct pyprof_paths;

/**
 * Make ready to answer about a heap, which it links when that was not done and
 * borrows. Costs one pass over the graph. All that is asked of it later tells
 * `progress`, too, which has to stay until then.
 */
struct pyprof_error *pyprof_paths_create(struct pyprof_heap *heap,
					 const struct pyprof_progress *progress,
					 struct pyprof_paths **ret)
	PYPROF_MUST_CHECK;
void pyprof_paths_destroy(struct pyprof_paths *paths);
PYPROF_DEFINE_CLEANUP(pyprof_paths, struct pyprof_paths *, pyprof_paths_destroy)

/** One reference of a path. */
struct pyprof_path_step {
	/** The object that it leads to. */
	uint32_t object;
	struct pyprof_edge edge;
	/** The object that has it does not tell of it. */
	bool is_unknown;
};

struct pyprof_path {
	/** Its first object: a root, a module, or the dict of one. */
	uint32_t start;
	/** "in f (app.py:17): rows", "app", "held from outside"; borrowed. */
	const char *name;
	enum pyprof_path_start {
		/** The dict of the module `name`. */
		PYPROF_PATH_VARIABLES,
		/** The module `name` itself. */
		PYPROF_PATH_MODULE,
		PYPROF_PATH_FRAME,
		/** Something that has a name: "sys.modules". */
		PYPROF_PATH_NAMED,
		/** Of another root: the name says of which kind, and the
		 * object is to be shown, too. */
		PYPROF_PATH_OTHER,
	} from;
	PYPROF_VEC(struct pyprof_path_step) steps;
	/** A step was found by scanning words. */
	bool is_scanned;
};

/**
 * The path to an object. NOT_FOUND when no root reaches it: it is garbage.
 * Release it by pyprof_path_deinit().
 */
struct pyprof_error *pyprof_path_find(struct pyprof_paths *paths,
				      uint32_t object, struct pyprof_path *ret)
	PYPROF_MUST_CHECK;
void pyprof_path_deinit(struct pyprof_path *path);

/** Append a path as one line: `app.cache['users'][17]`. The middle of a very
 * long one is left out, and says so. */
struct pyprof_error *pyprof_path_show(struct pyprof_paths *paths,
				      const struct pyprof_path *path,
				      struct pyprof_buf *out) PYPROF_MUST_CHECK;

/**
 * The paths of these objects are going to be asked for. Without, the name of
 * each is looked for in all of what its holder refers to; so, holders that
 * refer to much are looked at once for all. Changes nothing in what paths are;
 * objects named in an earlier call are no longer expected.
 */
struct pyprof_error *pyprof_paths_expect(struct pyprof_paths *paths,
					 const uint32_t *objects, size_t count)
	PYPROF_MUST_CHECK;

/** pyprof_path_find() and pyprof_path_show(); "unreachable" when there is no
 * path. For sentences that only mention an object. */
struct pyprof_error *pyprof_path_put(struct pyprof_paths *paths,
				     uint32_t object, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** Paths that differ only in indices and keys. */
struct pyprof_path_shape {
	/** `app.cache[…].name`; an id of the heap's `strings`. */
	uint32_t text;
	/** How many objects, and bytes of theirs alone. */
	uint64_t count, bytes;
	/** The biggest of the objects, by retained size when that is known. */
	uint32_t object;
	bool is_scanned;
};

struct pyprof_path_shapes {
	/** Most objects first. */
	PYPROF_VEC(struct pyprof_path_shape) items;
	/** How many there are, those left out included. */
	uint64_t shapes;
	uint64_t objects;
	/** Of them those that no root reaches. */
	uint64_t unreached;
};

/**
 * The shapes of the paths to all objects for which `wanted`, asked of each in
 * order of id with its address, says true; `limit` of them at most.
 */
struct pyprof_error *pyprof_path_shapes_find(
	struct pyprof_paths *paths,
	bool (*wanted)(void *context, uint32_t object, uint64_t address),
	void *context, size_t limit, struct pyprof_path_shapes *ret)
	PYPROF_MUST_CHECK;
void pyprof_path_shapes_deinit(struct pyprof_path_shapes *shapes);

/**
 * Whether an object is part of how modules are stored rather than something
 * that a program keeps: sys.modules, a module, the dict of one.
 */
bool pyprof_paths_is_module_part(const struct pyprof_paths *paths,
				 uint32_t object);

#endif /* PYPROF_HEAP_PATHS_H */
