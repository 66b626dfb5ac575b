// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/base/intern.h"
#include "core/heap/path_tree.h"

/** Objects between two looks at whether the user wants it to end. */
#define PROGRESS_EVERY (1u << 16)

/** More than these are not told apart, nor steps beyond these. */
#define MAX_SHAPES (1u << 16)
#define MAX_DEPTH 64

#define NO_SHAPE UINT32_MAX

/** A shape: that of the object before, and the step from there. */
struct shape {
	uint32_t before;
	/** An id of the heap's `strings`. */
	uint32_t step;
	/** How well the step tells what it is; the same step came before. */
	uint16_t rank, is_repeated;
	uint16_t depth;
	/** It leads to a dict of attributes; a word was found. */
	uint8_t is_dict, is_scanned;

	/* Behind what makes it that shape: how many objects have it. */

	uint64_t count, bytes, most;
	uint32_t biggest;
};

struct shaper {
	struct pyprof_edge_sink sink;
	struct pyprof_paths *paths;
	struct pyprof_heap *heap;
	const struct pyprof_path_tree *tree;
	struct pyprof_intern shapes;
	/** The shape of each object, and whether its references were seen;
	 * one array for each tree. */
	uint32_t *of_object[2];
	uint64_t *is_seen[2];
	unsigned which;
	/** The object whose references are being looked at. */
	uint32_t parent;
	struct pyprof_buf text;
	/** Objects of a way that is climbed. */
	PYPROF_VEC(uint32_t) way;
	struct pyprof_error *err;
};

static struct shape *shape_at(const struct shaper *shaper, uint32_t shape)
{
	return (struct shape *)shaper->shapes.items + shape;
}

static uint32_t intern_shape(struct shaper *shaper, const struct shape *shape)
{
	uint32_t ret = 0;
	if (!shaper->err && shaper->shapes.count < MAX_SHAPES)
		shaper->err = pyprof_intern(&shaper->shapes, shape, &ret);
	return ret;
}

static uint32_t intern_text(struct shaper *shaper, const char *text)
{
	uint32_t ret = 0;
	if (!shaper->err)
		shaper->err = pyprof_strtab_intern(shaper->heap->strings, text,
						   strlen(text), &ret);
	return ret;
}

/** What a step is called, all items of a container being the same. */
static const char *generic_step(struct shaper *shaper,
				const struct pyprof_edge *edge)
{
	pyprof_buf_clear(&shaper->text);
	switch (edge->kind & PYPROF_EDGE_KIND_MASK) {
	case PYPROF_EDGE_ITEM:
	case PYPROF_EDGE_VALUE:
	case PYPROF_EDGE_STACK:
		return "[…]";
	case PYPROF_EDGE_KEY:
		return "{…}";
	case PYPROF_EDGE_SCANNED:
		return "→?";
	default:
		pyprof_edge_show(shaper->heap->types, edge->kind, edge->label,
				 &shaper->text);
		return shaper->text.data;
	}
}

/** The shape of a step from `before`, which may stay the same. */
static uint32_t step_from(struct shaper *shaper, uint32_t before,
			  const char *step, const struct pyprof_edge *edge)
{
	const struct shape *from = shape_at(shaper, before);
	unsigned kind = edge->kind & PYPROF_EDGE_KIND_MASK;
	struct shape shape = {
		.before = before,
		.step = intern_text(shaper, step),
		.rank = (uint16_t)pyprof_edge_rank(edge->kind),
		.depth = from->depth + 1,
		.is_dict = pyprof_path_is_dict_step(edge),
		.is_scanned = from->is_scanned || kind == PYPROF_EDGE_SCANNED,
	};
	if (from->depth >= MAX_DEPTH)
		return before;
	if (from->before != NO_SHAPE && from->step == shape.step) {
		const struct shape *older = shape_at(shaper, from->before);
		if (from->is_repeated)
			return before;
		if (older->before != NO_SHAPE && older->step == shape.step) {
			/* The third in a row, and all behind it. */
			shape.before = from->before;
			shape.is_repeated = 1;
		}
	}
	return intern_shape(shaper, &shape);
}

/** The shape of what an object of a shape refers to. */
static uint32_t step_on(struct shaper *shaper, uint32_t before,
			const struct pyprof_edge *edge)
{
	const struct shape *from = shape_at(shaper, before);
	if (from->is_dict) {
		const char *attribute = pyprof_path_attribute(
			shaper->heap, edge, &shaper->text);
		/* A module's dict is where the path begins. */
		uint32_t owner =
			from->before == NO_SHAPE ? before : from->before;
		if (attribute)
			return step_from(shaper, owner, attribute, edge);
	}
	return step_from(shaper, before, generic_step(shaper, edge), edge);
}

/** A reference of `parent`: if the way to the target leads over it, the
 * target's shape is known. */
static void see_edge(struct pyprof_edge_sink *sink, uint64_t target,
		     unsigned kind, uint64_t label)
{
	struct shaper *shaper = (struct shaper *)sink;
	uint32_t *shapes = shaper->of_object[shaper->which];
	if (!pyprof_edge_is_strong(kind) || shaper->err)
		return;
	shaper->err = pyprof_paths_work(shaper->paths, 1);
	uint32_t id = pyprof_index_id(&shaper->heap->index, target);
	if (id == PYPROF_NO_OBJECT ||
	    shaper->tree->parents[id] != shaper->parent)
		return;
	if (shapes[id] != NO_SHAPE &&
	    shape_at(shaper, shapes[id])->rank <= pyprof_edge_rank(kind))
		return;
	struct pyprof_edge edge = {kind, label};
	shapes[id] = step_on(shaper, shapes[shaper->parent], &edge);
}

static void see_object(struct shaper *shaper, uint32_t object)
{
	uint64_t *seen = &shaper->is_seen[shaper->which][object >> 6];
	struct pyprof_object found;
	if (*seen >> (object & 63) & 1)
		return;
	*seen |= UINT64_C(1) << (object & 63);
	shaper->parent = object;
	if (pyprof_heap_object(shaper->heap, object, &found))
		(void)pyprof_object_edges(shaper->heap->types, &found,
					  &shaper->sink);
}

static uint32_t start_shape(struct shaper *shaper, uint32_t object)
{
	const struct pyprof_path_seed *seed =
		pyprof_path_tree_seed(shaper->tree, object);
	if (!seed)
		return 0;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	const char *name = pyprof_strtab_get(shaper->heap->strings, seed->name);
	pyprof_buf_puts(&text, name);
	if (seed->from == PYPROF_PATH_OTHER) {
		struct pyprof_object found;
		if (pyprof_heap_object(shaper->heap, object, &found))
			pyprof_buf_printf(&text, ": <%s>", found.type->name);
	}
	struct shape shape = {
		.before = NO_SHAPE,
		.step = intern_text(shaper, text.data),
		.is_dict = seed->from == PYPROF_PATH_VARIABLES,
	};
	return intern_shape(shaper, &shape);
}

/** Room for the shapes of all objects of a tree, when first needed. */
static struct pyprof_error *use_tree(struct shaper *shaper,
				     const struct pyprof_path_tree *tree)
{
	uint32_t count = shaper->heap->index.count;
	shaper->tree = tree;
	shaper->which = tree == &shaper->paths->all;
	if (shaper->of_object[shaper->which])
		return NULL;
	uint32_t *shapes = malloc((count + 1ul) * sizeof(uint32_t));
	shaper->of_object[shaper->which] = shapes;
	shaper->is_seen[shaper->which] =
		calloc(count / 64ul + 1, sizeof(uint64_t));
	if (!shapes || !shaper->is_seen[shaper->which])
		return pyprof_error_oom();
	memset(shapes, 0xff, (count + 1ul) * sizeof(uint32_t));
	return NULL;
}

/** Find the shape of one object, and of all on the way to it. */
static struct pyprof_error *find_shape(struct shaper *shaper, uint32_t object)
{
	uint32_t *shapes = shaper->of_object[shaper->which];
	const uint32_t *parents = shaper->tree->parents;
	shaper->way.count = 0;
	uint32_t at = object;
	for (; shapes[at] == NO_SHAPE && parents[at] != PYPROF_NO_NODE;
	     at = parents[at]) {
		if (!pyprof_vec_push(&shaper->way, at))
			return pyprof_error_oom();
		struct pyprof_error *err = pyprof_paths_work(shaper->paths, 1);
		if (err)
			return err;
	}
	if (shapes[at] == NO_SHAPE)
		shapes[at] = start_shape(shaper, at);
	for (size_t i = shaper->way.count; i-- > 0 && !shaper->err;) {
		uint32_t child = shaper->way.items[i];
		see_object(shaper, parents[child]);
		static const struct pyprof_edge unknown = {
			.kind = PYPROF_EDGE_SCANNED};
		if (shapes[child] == NO_SHAPE)
			shapes[child] = step_from(
				shaper, shapes[parents[child]], "→?", &unknown);
	}
	return NULL;
}

/** Bytes of an object itself, and what one is called big for. */
static uint64_t bytes_of(const struct pyprof_heap *heap, uint32_t object,
			 uint64_t address, uint64_t *held_ret)
{
	struct pyprof_object found;
	struct pyprof_object_sizes sizes = {};
	if (pyprof_object_known(heap->types, address, &found))
		pyprof_heap_sizes(heap, &found, &sizes);
	*held_ret = heap->is_dominated ? heap->dominators.retained[object]
				       : sizes.exclusive;
	return sizes.exclusive;
}

static struct pyprof_error *count(struct shaper *shaper, uint32_t object,
				  uint64_t address,
				  struct pyprof_path_shapes *found)
{
	const struct pyprof_path_tree *tree = NULL;
	struct pyprof_error *err =
		pyprof_path_tree_of(shaper->paths, object, &tree);
	if (err)
		return err;
	found->objects++;
	if (!tree) {
		found->unreached++;
		return NULL;
	}
	err = use_tree(shaper, tree);
	if (!err)
		err = find_shape(shaper, object);
	if (!err && shaper->err) {
		err = shaper->err;
		shaper->err = NULL;
	}
	if (err)
		return err;
	uint32_t shape_id = shaper->of_object[shaper->which][object];
	struct shape *shape = shape_at(shaper, shape_id);
	uint64_t held = 0,
		 bytes = bytes_of(shaper->heap, object, address, &held);
	if (!shape->count++ || held > shape->most) {
		shape->most = held;
		shape->biggest = object;
	}
	shape->bytes += bytes;
	return NULL;
}

/** The text of a shape: all its steps, from the first on. */
static uint32_t shape_text(struct shaper *shaper, uint32_t shape)
{
	uint32_t way[MAX_DEPTH + 2];
	size_t depth = 0;
	for (uint32_t at = shape; at != NO_SHAPE && depth < MAX_DEPTH + 2;
	     at = shape_at(shaper, at)->before)
		way[depth++] = at;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	while (depth-- > 0) {
		const struct shape *step = shape_at(shaper, way[depth]);
		const char *name =
			pyprof_strtab_get(shaper->heap->strings, step->step);
		pyprof_buf_puts(&text, name);
		if (step->is_repeated)
			pyprof_buf_printf(&text, "%s…", name);
	}
	return intern_text(shaper, text.data);
}

static int by_count(const void *a, const void *b)
{
	const struct pyprof_path_shape *left = a, *right = b;
	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return (left->object > right->object) - (left->object < right->object);
}

static struct pyprof_error *keep(struct shaper *shaper, size_t limit,
				 struct pyprof_path_shapes *found)
{
	for (uint32_t i = 0; i < shaper->shapes.count; i++) {
		const struct shape *shape = shape_at(shaper, i);
		struct pyprof_path_shape item = {
			/* The shape itself, until the text is made. */
			.text = i,
			.count = shape->count,
			.bytes = shape->bytes,
			.object = shape->biggest,
			.is_scanned = shape->is_scanned,
		};
		if (item.count && !pyprof_vec_push(&found->items, item))
			return pyprof_error_oom();
	}
	found->shapes = found->items.count;
	if (found->items.count)
		qsort(found->items.items, found->items.count,
		      sizeof(*found->items.items), by_count);
	if (found->items.count > limit)
		found->items.count = limit;
	for (size_t i = 0; i < found->items.count; i++)
		found->items.items[i].text =
			shape_text(shaper, found->items.items[i].text);
	return no_cleanup_ptr(shaper->err);
}

static struct pyprof_error *
find(struct shaper *shaper,
     bool (*wanted)(void *context, uint32_t object, uint64_t address),
     void *context, size_t limit, struct pyprof_path_shapes *found)
{
	/* Shape 0: what is not told apart any more. */
	struct shape other = {
		.before = NO_SHAPE,
		.step = intern_text(shaper, "(too many ways to tell apart)"),
	};
	(void)intern_shape(shaper, &other);
	struct pyprof_error *err = no_cleanup_ptr(shaper->err);
	const struct pyprof_index *index = &shaper->heap->index;
	struct pyprof_index_walk walk = {};
	uint32_t object;
	uint64_t address;
	while (!err && pyprof_index_next(index, &walk, &object, &address)) {
		if (object % PROGRESS_EVERY == 0)
			err = pyprof_progress(shaper->paths->progress,
					      "finding paths", object,
					      index->count);
		if (!err && wanted(context, object, address))
			err = count(shaper, object, address, found);
	}
	return err ? err : keep(shaper, limit, found);
}

struct pyprof_error *pyprof_path_shapes_find(
	struct pyprof_paths *paths,
	bool (*wanted)(void *context, uint32_t object, uint64_t address),
	void *context, size_t limit, struct pyprof_path_shapes *ret)
{
	struct pyprof_path_shapes found = {};
	struct shaper shaper = {
		.sink = {see_edge},
		.paths = paths,
		.heap = paths->heap,
		.shapes = PYPROF_INTERN_INIT(struct shape, count),
		.text = PYPROF_BUF_INIT,
	};
	struct pyprof_error *err =
		find(&shaper, wanted, context, limit, &found);
	for (unsigned i = 0; i < 2; i++) {
		free(shaper.of_object[i]);
		free(shaper.is_seen[i]);
	}
	pyprof_intern_deinit(&shaper.shapes);
	pyprof_buf_deinit(&shaper.text);
	pyprof_vec_deinit(&shaper.way);
	if (err) {
		pyprof_path_shapes_deinit(&found);
		return err;
	}
	*ret = found;
	return NULL;
}

void pyprof_path_shapes_deinit(struct pyprof_path_shapes *shapes)
{
	pyprof_vec_deinit(&shapes->items);
}
