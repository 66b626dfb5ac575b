// SPDX-License-Identifier: Apache-2.0
#include "core/heap/path_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpython/text.h"

/** Attributes have short names; what is longer is shown as a key. */
#define MAX_ATTRIBUTE 200

/** So many steps are written anew; a mark is a kilobyte or two. */
#define MARK_EVERY 1024

/** What is gathered while the seeds are found. */
struct gatherer {
	struct pyprof_edge_sink sink;
	struct pyprof_paths *paths;
	bool failed;
};

static void add_seed(struct gatherer *gatherer, struct pyprof_path_tree *tree,
		     uint32_t object, uint32_t name,
		     enum pyprof_path_start from)
{
	struct pyprof_path_seed seed = {object, (uint32_t)tree->seeds.count,
					name, from};
	gatherer->failed |= !pyprof_vec_push(&tree->seeds, seed);
}

static void add_part(struct gatherer *gatherer, uint32_t object)
{
	gatherer->failed |= !pyprof_vec_push(&gatherer->paths->parts, object);
}

static bool is_kind(const struct pyprof_object *object, const char *name)
{
	return object->type->kind &&
	       strcmp(object->type->kind->name, name) == 0;
}

/** Append the text of a str at an address; false when it is none. */
static bool put_str(const struct pyprof_heap *heap, uint64_t address,
		    struct pyprof_buf *buf)
{
	struct pyprof_error *err =
		pyprof_text_read_str(heap->python, address, MAX_ATTRIBUTE, buf);
	pyprof_error_destroy(err);
	return !err;
}

/** A value of sys.modules: the module and its dict are seeds. */
static void see_module(struct pyprof_edge_sink *sink, uint64_t target,
		       unsigned kind, uint64_t label)
{
	struct gatherer *gatherer = (struct gatherer *)sink;
	struct pyprof_heap *heap = gatherer->paths->heap;
	uint32_t id = pyprof_heap_find(heap, target);
	struct pyprof_object object;
	if ((kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_VALUE ||
	    id == PYPROF_NO_OBJECT || !pyprof_heap_object(heap, id, &object) ||
	    !is_kind(&object, "module"))
		return;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	uint32_t name = 0;
	if (!put_str(heap, label, &text))
		return;
	struct pyprof_error *err = pyprof_strtab_intern(
		heap->strings, text.data, text.length, &name);
	gatherer->failed |= err != NULL;
	pyprof_error_destroy(err);
	uint64_t dict_address =
		pyprof_word(object.bytes, heap->types->layout->at.module.dict);
	uint32_t dict = pyprof_heap_find(heap, dict_address);
	if (dict != PYPROF_NO_OBJECT) {
		add_seed(gatherer, &gatherer->paths->near, dict, name,
			 PYPROF_PATH_VARIABLES);
		add_part(gatherer, dict);
	}
	add_seed(gatherer, &gatherer->paths->near, id, name,
		 PYPROF_PATH_MODULE);
	add_part(gatherer, id);
}

static void see_modules(struct gatherer *gatherer)
{
	const struct pyprof_heap *heap = gatherer->paths->heap;
	for (size_t i = 0; i < heap->roots.count; i++) {
		const struct pyprof_heap_root *root = &heap->roots.items[i];
		struct pyprof_object object;
		/* Those of other interpreters are called the same, and more. */
		if (root->kind != PYPROF_HEAP_ROOT_INTERPRETER ||
		    strncmp(pyprof_strtab_get(heap->strings, root->name),
			    "sys.modules", strlen("sys.modules")) != 0 ||
		    !pyprof_heap_object(heap, root->object, &object))
			continue;
		add_part(gatherer, root->object);
		(void)pyprof_object_edges(heap->types, &object,
					  &gatherer->sink);
	}
}

static enum pyprof_path_start start_of(const struct pyprof_heap_root *root)
{
	switch (root->kind) {
	case PYPROF_HEAP_ROOT_FRAME:
		return PYPROF_PATH_FRAME;
	case PYPROF_HEAP_ROOT_INTERPRETER:
	case PYPROF_HEAP_ROOT_THREAD:
		return PYPROF_PATH_NAMED;
	case PYPROF_HEAP_ROOT_STATIC:
	case PYPROF_HEAP_ROOT_OUTSIDE:
		break;
	}
	return PYPROF_PATH_OTHER;
}

static void see_roots(struct gatherer *gatherer, struct pyprof_path_tree *tree,
		      bool only_frames)
{
	const struct pyprof_heap *heap = gatherer->paths->heap;
	for (size_t i = 0; i < heap->roots.count; i++) {
		const struct pyprof_heap_root *root = &heap->roots.items[i];
		if (!only_frames || root->kind == PYPROF_HEAP_ROOT_FRAME)
			add_seed(gatherer, tree, root->object, root->name,
				 start_of(root));
	}
}

static int by_object(const void *a, const void *b)
{
	const struct pyprof_path_seed *left = a, *right = b;
	if (left->object != right->object)
		return left->object < right->object ? -1 : 1;
	return left->order < right->order ? -1 : 1;
}

static int by_id(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static struct pyprof_error *make_tree(struct pyprof_paths *paths,
				      struct pyprof_path_tree *tree)
{
	_cleanup_free_ uint32_t *starts =
		calloc(tree->seeds.count + 1, sizeof(*starts));
	if (!starts)
		return pyprof_error_oom();
	for (size_t i = 0; i < tree->seeds.count; i++)
		starts[i] = tree->seeds.items[i].object;
	struct pyprof_error *err = pyprof_shortest_paths(
		&paths->heap->graph, starts, tree->seeds.count, paths->progress,
		&tree->parents);
	if (!err && tree->seeds.count)
		qsort(tree->seeds.items, tree->seeds.count,
		      sizeof(*tree->seeds.items), by_object);
	return err;
}

static struct pyprof_error *make_near(struct pyprof_paths *paths)
{
	struct gatherer gatherer = {.sink = {see_module}, .paths = paths};
	see_modules(&gatherer);
	see_roots(&gatherer, &paths->near, true);
	if (gatherer.failed)
		return pyprof_error_oom();
	if (paths->parts.count)
		qsort(paths->parts.items, paths->parts.count, sizeof(uint32_t),
		      by_id);
	return make_tree(paths, &paths->near);
}

struct pyprof_error *pyprof_paths_create(struct pyprof_heap *heap,
					 const struct pyprof_progress *progress,
					 struct pyprof_paths **ret)
{
	struct pyprof_error *err = pyprof_heap_link(heap, progress);
	if (err)
		return err;
	_cleanup_(pyprof_paths_cleanup) struct pyprof_paths *paths =
		calloc(1, sizeof(*paths));
	if (!paths)
		return pyprof_error_oom();
	paths->heap = heap;
	paths->progress = progress;
	paths->mark_every = MARK_EVERY;
	err = make_near(paths);
	if (err)
		return err;
	*ret = no_cleanup_ptr(paths);
	return NULL;
}

static void deinit_tree(struct pyprof_path_tree *tree)
{
	pyprof_vec_deinit(&tree->seeds);
	free(tree->parents);
}

void pyprof_paths_destroy(struct pyprof_paths *paths)
{
	if (!paths)
		return;
	deinit_tree(&paths->near);
	deinit_tree(&paths->all);
	pyprof_vec_deinit(&paths->parts);
	pyprof_vec_deinit(&paths->expected);
	pyprof_path_marks_deinit(paths);
	free(paths);
}

const struct pyprof_path_seed *
pyprof_path_tree_seed(const struct pyprof_path_tree *tree, uint32_t object)
{
	size_t low = 0, high = tree->seeds.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tree->seeds.items[middle].object < object)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < tree->seeds.count &&
		     tree->seeds.items[low].object == object;
	return found ? &tree->seeds.items[low] : NULL;
}

static bool is_in(const struct pyprof_path_tree *tree, uint32_t object)
{
	return tree->parents[object] != PYPROF_NO_NODE ||
	       pyprof_path_tree_seed(tree, object);
}

struct pyprof_error *pyprof_path_tree_of(struct pyprof_paths *paths,
					 uint32_t object,
					 const struct pyprof_path_tree **ret)
{
	if (is_in(&paths->near, object)) {
		*ret = &paths->near;
		return NULL;
	}
	if (!paths->all.parents) {
		struct gatherer gatherer = {.paths = paths};
		paths->all.seeds.count = 0;
		see_roots(&gatherer, &paths->all, false);
		struct pyprof_error *err =
			gatherer.failed ? pyprof_error_oom()
					: make_tree(paths, &paths->all);
		if (err)
			return err;
	}
	*ret = is_in(&paths->all, object) ? &paths->all : NULL;
	return NULL;
}

bool pyprof_paths_is_module_part(const struct pyprof_paths *paths,
				 uint32_t object)
{
	return paths->parts.count &&
	       bsearch(&object, paths->parts.items, paths->parts.count,
		       sizeof(uint32_t), by_id);
}

bool pyprof_path_is_dict_step(const struct pyprof_edge *edge)
{
	return (edge->kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_MEMBER &&
	       edge->label &&
	       strcmp((const char *)(uintptr_t)edge->label, "__dict__") == 0;
}

const char *pyprof_path_attribute(const struct pyprof_heap *heap,
				  const struct pyprof_edge *edge,
				  struct pyprof_buf *buf)
{
	pyprof_buf_clear(buf);
	if ((edge->kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_VALUE)
		return NULL;
	pyprof_buf_putc(buf, '.');
	if (put_str(heap, edge->label, buf) &&
	    pyprof_is_identifier(buf->data + 1, buf->length - 1))
		return buf->data;
	pyprof_buf_clear(buf);
	return NULL;
}

void pyprof_path_put_start(const struct pyprof_heap *heap,
			   enum pyprof_path_start from, const char *name,
			   uint32_t object, struct pyprof_buf *out)
{
	pyprof_buf_puts(out, name);
	if (from != PYPROF_PATH_OTHER)
		return;
	uint64_t address = pyprof_index_address(&heap->index, object);
	const struct pyprof_type *type = pyprof_type_find(heap->types, address);
	struct pyprof_object at = {};
	if (type)
		pyprof_buf_printf(out, ": %s", type->name);
	else if (pyprof_heap_object(heap, object, &at))
		pyprof_buf_printf(out, ": <%s at 0x%" PRIx64 ">", at.type->name,
				  address);
	else
		pyprof_buf_printf(out, ": <0x%" PRIx64 ">", address);
}
