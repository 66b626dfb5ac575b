// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "core/base/show.h"
#include "core/heap/paths.h"
#include "core/heap/suspects.h"

/** Types that a sentence names. */
#define NAMED_TYPES 3

struct context {
	const struct pyprof_heap *heap;
	const struct pyprof_paths *paths;
	/** Objects at the top of this type are wanted. */
	uint32_t type;
};

static uint32_t type_of(void *context, uint32_t object)
{
	const struct context *in = context;
	return in->heap->type_of[object];
}

static bool is_open(void *context, uint32_t object)
{
	const struct context *in = context;
	return pyprof_paths_is_module_part(in->paths, object);
}

struct pyprof_error *
pyprof_heap_suspects(struct pyprof_heap *heap, struct pyprof_paths *paths,
		     unsigned percent, const struct pyprof_progress *progress,
		     struct pyprof_suspects *ret)
{
	struct pyprof_children children = {};
	struct context context = {.heap = heap, .paths = paths};
	struct pyprof_suspects_input input = {
		.dominators = &heap->dominators,
		.children = &children,
		.type = type_of,
		.is_open = is_open,
		.context = &context,
		.progress = progress,
		.percent = percent,
		.content_limit = 10,
	};
	struct pyprof_error *err = pyprof_heap_dominate(heap, progress);
	if (!err)
		err = pyprof_children_compute(&heap->dominators, progress,
					      &children);
	if (!err)
		err = pyprof_suspects_find(&input, ret);
	pyprof_children_deinit(&children);
	return err;
}

static const char *type_name(const struct pyprof_heap *heap, uint32_t type)
{
	const struct pyprof_type *found =
		type < heap->by_type.count ? heap->by_type.items[type].type
					   : NULL;
	return found ? found->name : "?";
}

static void put_bytes(const struct pyprof_suspects *suspects, uint64_t bytes,
		      struct pyprof_buf *out)
{
	pyprof_show_size(out, bytes);
	pyprof_buf_puts(out, " (");
	pyprof_show_percent(out, bytes, suspects->reached_bytes);
	pyprof_buf_putc(out, ')');
}

static void put_contents(const struct pyprof_heap *heap,
			 const struct pyprof_suspects *suspects,
			 const struct pyprof_suspect *suspect,
			 struct pyprof_buf *out)
{
	uint32_t count = suspect->content_count < NAMED_TYPES
				 ? suspect->content_count
				 : NAMED_TYPES;
	for (uint32_t i = 0; i < count; i++) {
		const struct pyprof_suspect_content *content =
			&suspects->contents.items[suspect->first_content + i];
		/* What holds next to nothing is not what it is about. */
		if (content->bytes < suspect->point_retained / 20)
			break;
		pyprof_buf_puts(out, i ? ", " : ": ");
		pyprof_show_grouped(out, content->count);
		pyprof_buf_printf(out, " %s (", type_name(heap, content->type));
		pyprof_show_size(out, content->bytes);
		pyprof_buf_putc(out, ')');
	}
}

static struct pyprof_error *put_single(const struct pyprof_heap *heap,
				       struct pyprof_paths *paths,
				       const struct pyprof_suspects *suspects,
				       const struct pyprof_suspect *suspect,
				       struct pyprof_buf *out)
{
	struct context context = {.heap = heap};
	struct pyprof_error *err = pyprof_path_put(paths, suspect->point, out);
	if (err)
		return err;
	pyprof_buf_printf(out, " (%s, 0x%" PRIx64 ") ",
			  type_name(heap, type_of(&context, suspect->point)),
			  pyprof_index_address(&heap->index, suspect->point));
	pyprof_buf_puts(out,
			suspect->is_chain
				? "begins a chain of references that holds "
				: "holds ");
	put_bytes(suspects, suspect->point_retained, out);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, suspect->point_objects);
	pyprof_buf_puts(out,
			suspect->point_objects == 1 ? " object" : " objects");
	put_contents(heap, suspects, suspect, out);
	return NULL;
}

static bool is_of_group(void *context, uint32_t object, uint64_t address)
{
	const struct context *in = context;
	const struct pyprof_dominators *dominators = &in->heap->dominators;
	uint32_t holder = dominators->idom[object];
	struct pyprof_object found;
	return pyprof_is_reached(dominators, object) &&
	       (holder == PYPROF_NO_NODE ||
		pyprof_paths_is_module_part(in->paths, holder)) &&
	       pyprof_object_known(in->heap->types, address, &found) &&
	       found.type->index == in->type;
}

/** Whether objects of a type are code: classes, functions, modules. */
static bool is_code(const struct pyprof_heap *heap, uint32_t index)
{
	static const char *const names[] = {"function", "code", "module"};
	const struct pyprof_type *type =
		index < heap->by_type.count ? heap->by_type.items[index].type
					    : NULL;
	if (!type)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(type->name, names[i]) == 0)
			return true;
	return type->is_type;
}

/** Where the objects of a group are: the most common shape of their paths. */
static struct pyprof_error *put_group(const struct pyprof_heap *heap,
				      struct pyprof_paths *paths,
				      const struct pyprof_suspects *suspects,
				      const struct pyprof_suspect *suspect,
				      struct pyprof_buf *out)
{
	struct context context = {heap, paths, suspect->type};
	struct pyprof_path_shapes shapes = {};
	struct pyprof_error *err = pyprof_path_shapes_find(
		paths, is_of_group, &context, 1, &shapes);
	if (err)
		return err;
	pyprof_show_grouped(out, suspect->count);
	pyprof_buf_printf(out, " objects of %s together hold ",
			  type_name(heap, suspect->type));
	put_bytes(suspects, suspect->retained, out);
	pyprof_buf_puts(out, "; no single object holds them");
	if (shapes.items.count) {
		const struct pyprof_path_shape *shape = &shapes.items.items[0];
		pyprof_buf_puts(out, ", but ");
		pyprof_show_grouped(out, shape->count);
		pyprof_buf_printf(
			out, " %s reached by %s",
			shape->count == 1 ? "is" : "are",
			pyprof_strtab_get(heap->strings, shape->text));
	}
	if (is_code(heap, suspect->type))
		pyprof_buf_puts(out, "; it is the program's own code, which "
				     "leaks only where it is made at run time");
	pyprof_path_shapes_deinit(&shapes);
	return NULL;
}

struct pyprof_error *pyprof_suspect_put(const struct pyprof_heap *heap,
					struct pyprof_paths *paths,
					const struct pyprof_suspects *suspects,
					size_t index, struct pyprof_buf *out)
{
	const struct pyprof_suspect *suspect = &suspects->items.items[index];
	if (suspect->count == 1)
		return put_single(heap, paths, suspects, suspect, out);
	return put_group(heap, paths, suspects, suspect, out);
}
