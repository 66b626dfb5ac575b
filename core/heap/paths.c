// SPDX-License-Identifier: Apache-2.0
#include "core/heap/paths.h"

#include "core/heap/path_text.h"
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

/** All objects of the way, and where it begins. */
static struct pyprof_error *climb(struct pyprof_paths *paths,
				  const struct pyprof_path_tree *tree,
				  uint32_t object, struct pyprof_path *path)
{
	const uint32_t *parents = tree->parents;
	for (uint32_t at = object; parents[at] != PYPROF_NO_NODE;
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
		err = climb(paths, tree, object, &path);
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

/** Write one step; `in_dict`: from an object's dict of attributes, which was
 * not written itself. */
static void put_step(const struct pyprof_heap *heap,
		     const struct pyprof_path_step *step, bool in_dict,
		     struct pyprof_path_text *text)
{
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	if (in_dict) {
		const char *attribute =
			pyprof_path_attribute(heap, &step->edge, &name);
		if (attribute) {
			pyprof_path_text_step(text, attribute);
			return;
		}
		pyprof_path_text_step(text, ".__dict__");
	}
	if (step->is_unknown)
		pyprof_buf_puts(&name, "→?");
	else
		pyprof_edge_show(heap->types, step->edge.kind, step->edge.label,
				 &name);
	pyprof_path_text_step(text, name.data);
}

struct pyprof_error *pyprof_path_show(struct pyprof_paths *paths,
				      const struct pyprof_path *path,
				      struct pyprof_buf *out)
{
	struct pyprof_error *err = NULL;
	bool in_dict = path->from == PYPROF_PATH_VARIABLES;
	pyprof_path_put_start(paths->heap, path->from, path->name, path->start,
			      out);
	struct pyprof_path_text text;
	pyprof_path_text_begin(&text, out);
	for (size_t i = 0; i < path->steps.count && !err; i++) {
		const struct pyprof_path_step *step = &path->steps.items[i];
		err = pyprof_paths_work(paths, 1);
		if (!in_dict && !step->is_unknown &&
		    pyprof_path_is_dict_step(&step->edge)) {
			in_dict = true;
			continue;
		}
		put_step(paths->heap, step, in_dict, &text);
		in_dict = false;
	}
	if (in_dict)
		pyprof_path_text_step(&text, ".__dict__");
	pyprof_path_text_end(&text);
	return err;
}

struct pyprof_error *pyprof_path_put(struct pyprof_paths *paths,
				     uint32_t object, struct pyprof_buf *out)
{
	struct pyprof_path path = {};
	struct pyprof_error *err = pyprof_path_find(paths, object, &path);
	if (pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND)) {
		pyprof_buf_puts(out, "unreachable");
		return NULL;
	}
	if (err)
		return err;
	err = pyprof_path_show(paths, &path, out);
	pyprof_path_deinit(&path);
	return err;
}
