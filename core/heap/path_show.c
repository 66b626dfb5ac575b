// SPDX-License-Identifier: Apache-2.0
//
// Paths as text, and what was written of long ones, to go on from.
#include <stdlib.h>

#include "core/heap/bits.h"
#include "core/heap/path_tree.h"

static void begin(const struct pyprof_paths *paths,
		  const struct pyprof_path *path,
		  struct pyprof_path_writing *ret)
{
	ret->in_dict = path->from == PYPROF_PATH_VARIABLES;
	pyprof_buf_init(&ret->head);
	pyprof_path_put_start(paths->heap, path->from, path->name, path->start,
			      &ret->head);
	pyprof_path_text_begin(&ret->text, &ret->head);
}

/** `ret` stays where it is: its text points into it. */
static void copy(const struct pyprof_path_writing *writing,
		 struct pyprof_path_writing *ret)
{
	ret->in_dict = writing->in_dict;
	pyprof_buf_init(&ret->head);
	pyprof_buf_append(&ret->head, writing->head.data, writing->head.length);
	pyprof_path_text_copy(&writing->text, &ret->head, &ret->text);
}

static void deinit(struct pyprof_path_writing *writing)
{
	pyprof_path_text_deinit(&writing->text);
	pyprof_buf_deinit(&writing->head);
}

/** Write one step; an attribute is one even where a dict is in between. */
static void put_step(const struct pyprof_heap *heap,
		     const struct pyprof_path_step *step,
		     struct pyprof_path_writing *writing)
{
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	if (!writing->in_dict && !step->is_unknown &&
	    pyprof_path_is_dict_step(&step->edge)) {
		writing->in_dict = true;
		return;
	}
	if (writing->in_dict) {
		writing->in_dict = false;
		const char *attribute =
			pyprof_path_attribute(heap, &step->edge, &name);
		if (attribute) {
			pyprof_path_text_step(&writing->text, attribute);
			return;
		}
		pyprof_path_text_step(&writing->text, ".__dict__");
	}
	if (step->is_unknown)
		pyprof_buf_puts(&name, "→?");
	else
		pyprof_edge_show(heap->types, step->edge.kind, step->edge.label,
				 &name);
	pyprof_path_text_step(&writing->text, name.data);
}

/** Write the end, hand all of it over, and release what it holds. */
static struct pyprof_error *end(struct pyprof_path_writing *writing,
				struct pyprof_buf *out)
{
	if (writing->in_dict)
		pyprof_path_text_step(&writing->text, ".__dict__");
	pyprof_path_text_end(&writing->text);
	struct pyprof_error *err = pyprof_buf_error(&writing->head);
	pyprof_buf_append(out, writing->head.data, writing->head.length);
	pyprof_buf_deinit(&writing->head);
	return err;
}

struct pyprof_error *pyprof_path_show(struct pyprof_paths *paths,
				      const struct pyprof_path *path,
				      struct pyprof_buf *out)
{
	struct pyprof_path_writing writing;
	struct pyprof_error *err = NULL;
	begin(paths, path, &writing);
	for (size_t i = 0; i < path->steps.count && !err; i++) {
		put_step(paths->heap, &path->steps.items[i], &writing);
		err = pyprof_paths_work(paths, 1);
	}
	if (!err)
		return end(&writing, out);
	deinit(&writing);
	return err;
}

/*
 * Marks.
 */

static const struct pyprof_path_mark *mark_of(const struct pyprof_paths *paths,
					      uint32_t object)
{
	if (!paths->is_marked || !pyprof_bit(paths->is_marked, object))
		return NULL;
	for (size_t i = 0; i < paths->marks.count; i++)
		if (paths->marks.items[i].object == object)
			return &paths->marks.items[i];
	return NULL;
}

static struct pyprof_error *set_mark(struct pyprof_paths *paths,
				     uint32_t object,
				     const struct pyprof_path_writing *writing)
{
	if (!paths->is_marked)
		paths->is_marked = pyprof_bits_alloc(paths->heap->index.count);
	if (!paths->is_marked || !pyprof_vec_reserve(&paths->marks, 1))
		return pyprof_error_oom();
	struct pyprof_path_mark *mark =
		&paths->marks.items[paths->marks.count++];
	mark->object = object;
	copy(writing, &mark->writing);
	/* It moves with the others. */
	mark->writing.text.out = NULL;
	pyprof_bit_set(paths->is_marked, object);
	return pyprof_buf_error(&mark->writing.head);
}

void pyprof_path_marks_deinit(struct pyprof_paths *paths)
{
	for (size_t i = 0; i < paths->marks.count; i++)
		deinit(&paths->marks.items[i].writing);
	pyprof_vec_deinit(&paths->marks);
	free(paths->is_marked);
}

/** Name and write the steps of a path, and set marks on the way. */
static struct pyprof_error *write_steps(struct pyprof_paths *paths,
					struct pyprof_path *path,
					struct pyprof_path_writing *writing)
{
	struct pyprof_error *err = NULL;
	uint32_t from = path->start;
	for (size_t i = 0; i < path->steps.count && !err; i++) {
		struct pyprof_path_step *step = &path->steps.items[i];
		if (i && i % paths->mark_every == 0)
			err = set_mark(paths, from, writing);
		if (!err)
			err = pyprof_path_edge(paths, from, step);
		if (!err)
			put_step(paths->heap, step, writing);
		from = step->object;
	}
	return err;
}

/** Write a path whose way is known, from a mark on or all of it. */
static struct pyprof_error *write_path(struct pyprof_paths *paths,
				       struct pyprof_path *path,
				       struct pyprof_buf *out)
{
	struct pyprof_path_writing writing;
	const struct pyprof_path_mark *mark = mark_of(paths, path->start);
	if (mark)
		copy(&mark->writing, &writing);
	else
		begin(paths, path, &writing);
	struct pyprof_error *err = write_steps(paths, path, &writing);
	if (!err)
		return end(&writing, out);
	deinit(&writing);
	return err;
}

struct pyprof_error *pyprof_path_put(struct pyprof_paths *paths,
				     uint32_t object, struct pyprof_buf *out)
{
	const struct pyprof_path_tree *tree = NULL;
	struct pyprof_path path = {};
	struct pyprof_error *err = pyprof_path_tree_of(paths, object, &tree);
	if (!err && !tree)
		pyprof_buf_puts(out, "unreachable");
	if (err || !tree)
		return err;
	err = pyprof_path_climb(paths, tree, object, paths->is_marked, &path);
	if (!err)
		err = write_path(paths, &path, out);
	pyprof_path_deinit(&path);
	return err;
}
