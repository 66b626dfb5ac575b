// SPDX-License-Identifier: Apache-2.0
#include "core/heap/paths.h"

#include "core/heap/bits.h"
#include "core/heap/path_tree.h"

/** Name the references of a path whose objects are known. */
static struct pyprof_error *name_steps(struct pyprof_paths *paths,
				       struct pyprof_path *path)
{
	uint32_t from = path->start;
	for (size_t i = 0; i < path->steps.count; i++) {
		struct pyprof_path_step *step = &path->steps.items[i];
		struct pyprof_error *err = pyprof_path_edge(paths, from, step);
		if (err)
			return err;
		path->is_scanned |= (step->edge.kind & PYPROF_EDGE_KIND_MASK) ==
				    PYPROF_EDGE_SCANNED;
		from = step->object;
	}
	return NULL;
}

struct pyprof_error *pyprof_path_climb(struct pyprof_paths *paths,
				       const struct pyprof_path_tree *tree,
				       uint32_t object, const uint64_t *stops,
				       struct pyprof_path *path)
{
	const uint32_t *parents = tree->parents;
	for (uint32_t at = object;
	     parents[at] != PYPROF_NO_NODE && !(stops && pyprof_bit(stops, at));
	     at = parents[at]) {
		struct pyprof_path_step step = {.object = at};
		if (!pyprof_vec_push(&path->steps, step))
			return pyprof_error_oom();
		struct pyprof_error *err = pyprof_paths_work(paths, 1);
		if (err)
			return err;
	}
	for (size_t i = 0, j = path->steps.count; i + 1 < j; i++) {
		struct pyprof_path_step swap = path->steps.items[i];
		path->steps.items[i] = path->steps.items[--j];
		path->steps.items[j] = swap;
	}
	path->start = path->steps.count ? parents[path->steps.items[0].object]
					: object;
	if (stops && pyprof_bit(stops, path->start))
		return NULL;
	const struct pyprof_path_seed *seed =
		pyprof_path_tree_seed(tree, path->start);
	if (!seed)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "a path that begins nowhere");
	path->name = pyprof_strtab_get(paths->heap->strings, seed->name);
	path->from = seed->from;
	return NULL;
}

struct pyprof_error *pyprof_path_find(struct pyprof_paths *paths,
				      uint32_t object, struct pyprof_path *ret)
{
	const struct pyprof_path_tree *tree = NULL;
	struct pyprof_path path = {};
	struct pyprof_error *err = pyprof_path_tree_of(paths, object, &tree);
	if (!err && !tree)
		err = pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					  "no root reaches it: it is garbage, "
					  "which the next collection frees");
	if (!err)
		err = pyprof_path_climb(paths, tree, object, NULL, &path);
	if (!err)
		err = name_steps(paths, &path);
	if (err) {
		pyprof_path_deinit(&path);
		return err;
	}
	*ret = path;
	return NULL;
}

void pyprof_path_deinit(struct pyprof_path *path)
{
	pyprof_vec_deinit(&path->steps);
}
