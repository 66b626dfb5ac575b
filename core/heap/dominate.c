// SPDX-License-Identifier: Apache-2.0
#include "core/base/large.h"
#include "core/heap/heap.h"

/* What the weights of objects are read with; they are asked for in order. */
struct weights {
	const struct pyprof_heap *heap;
	struct pyprof_index_walk walk;
	uint32_t id;
	uint64_t address;
	/* By id: index of the type. */
	uint32_t *types;
};

static uint64_t weigh(void *context, uint32_t node)
{
	struct weights *weights = context;
	const struct pyprof_heap *heap = weights->heap;
	struct pyprof_object object;
	struct pyprof_object_sizes sizes;
	do {
		if (!pyprof_index_next(&heap->index, &weights->walk,
				       &weights->id, &weights->address))
			return 0;
	} while (weights->id < node);
	/* One more, for what is no object, though it was one before. */
	weights->types[node] = (uint32_t)heap->by_type.count;
	if (!pyprof_object_known(heap->types, weights->address, &object))
		return 0;
	if (object.type->index < heap->by_type.count)
		weights->types[node] = object.type->index;
	pyprof_heap_sizes(heap, &object, &sizes);
	return sizes.exclusive;
}

/*
 * The tree of dominators, of objects whose types hold something: others are
 * above none of their own type, and most objects are such.
 */
struct tree {
	const struct pyprof_dominators *dominators;
	const uint32_t *types;
	/* By type: whether one dominates anything; how many are above. */
	bool *holds;
	uint32_t *above;
	/* By node; that of `node_count` is above all. */
	uint32_t *child, *sibling;
	uint64_t *retained;
	const struct pyprof_progress *progress;
};

static struct pyprof_error *tell(const struct tree *tree, uint32_t done)
{
	return pyprof_progress_of_many(tree->progress, "sizes by type", done,
				       tree->dominators->node_count);
}

static struct pyprof_error *find_holders(struct tree *tree)
{
	const struct pyprof_dominators *dominators = tree->dominators;
	for (uint32_t node = 0; node < dominators->node_count; node++) {
		struct pyprof_error *err = tell(tree, node);
		if (err)
			return err;
		if (!pyprof_is_reached(dominators, node))
			continue;
		uint32_t up = dominators->idom[node];
		if (up != PYPROF_NO_NODE)
			tree->holds[tree->types[up]] = true;
	}
	return NULL;
}

static struct pyprof_error *plant(struct tree *tree)
{
	uint32_t top = tree->dominators->node_count;
	for (uint32_t node = top; node-- > 0;) {
		struct pyprof_error *err = tell(tree, node);
		if (err)
			return err;
		if (!pyprof_is_reached(tree->dominators, node))
			continue;
		uint32_t type = tree->types[node];
		if (!tree->holds[type]) {
			tree->retained[type] +=
				tree->dominators->retained[node];
			continue;
		}
		uint32_t up = tree->dominators->idom[node];
		uint32_t *head = &tree->child[up == PYPROF_NO_NODE ? top : up];
		tree->sibling[node] = *head;
		*head = node;
	}
	return NULL;
}

static void enter(struct tree *tree, uint32_t node)
{
	uint32_t type = tree->types[node];
	if (!tree->above[type]++)
		tree->retained[type] += tree->dominators->retained[node];
}

/* Down and up again, counting the objects of each type that are above. */
static struct pyprof_error *climb(struct tree *tree)
{
	uint32_t top = tree->dominators->node_count;
	uint32_t node = tree->child[top];
	for (uint32_t done = 0; node != PYPROF_NO_NODE; done++) {
		struct pyprof_error *err = tell(tree, done);
		if (err)
			return err;
		enter(tree, node);
		if (tree->child[node] != PYPROF_NO_NODE) {
			node = tree->child[node];
			continue;
		}
		while (tree->sibling[node] == PYPROF_NO_NODE) {
			tree->above[tree->types[node]]--;
			node = tree->dominators->idom[node];
			if (node == PYPROF_NO_NODE)
				return NULL;
		}
		tree->above[tree->types[node]]--;
		node = tree->sibling[node];
	}
	return NULL;
}

static struct pyprof_error *
sum_types(struct pyprof_heap *heap, const struct pyprof_dominators *dominators,
	  const uint32_t *types, const struct pyprof_progress *progress)
{
	size_t type_count = heap->by_type.count;
	uint32_t node_count = dominators->node_count;
	_cleanup_free_ bool *holds = calloc(type_count + 1, sizeof(*holds));
	_cleanup_free_ uint32_t *above = calloc(type_count + 1, sizeof(*above));
	_cleanup_free_ uint64_t *retained =
		calloc(type_count + 1, sizeof(*retained));
	_cleanup_free_ uint32_t *child =
		pyprof_large_filled(node_count + 1ul, sizeof(*child), 0xff);
	_cleanup_free_ uint32_t *sibling =
		pyprof_large_filled(node_count + 1ul, sizeof(*sibling), 0xff);
	if (!holds || !above || !retained || !child || !sibling)
		return pyprof_error_oom();
	struct tree tree = {
		.dominators = dominators,
		.types = types,
		.holds = holds,
		.above = above,
		.child = child,
		.sibling = sibling,
		.retained = retained,
		.progress = progress,
	};
	struct pyprof_error *err = find_holders(&tree);
	if (!err)
		err = plant(&tree);
	if (!err)
		err = climb(&tree);
	for (size_t i = 0; i < type_count && !err; i++)
		heap->by_type.items[i].retained = retained[i];
	return err;
}

struct pyprof_error *
pyprof_heap_dominate(struct pyprof_heap *heap,
		     const struct pyprof_progress *progress)
{
	struct pyprof_error *err = pyprof_heap_link(heap, progress);
	if (err || heap->is_dominated)
		return err;
	size_t root_count = heap->roots.count;
	_cleanup_free_ uint32_t *roots = calloc(root_count + 1, sizeof(*roots));
	_cleanup_free_ uint32_t *types =
		pyprof_large_alloc(heap->index.count, sizeof(*types));
	if (!roots || !types)
		return pyprof_error_oom();
	for (size_t i = 0; i < root_count; i++)
		roots[i] = heap->roots.items[i].object;
	struct weights weights = {.heap = heap, .types = types};
	struct pyprof_dominators dominators;
	err = pyprof_dominators_compute(&heap->graph, roots, root_count, weigh,
					&weights, progress, &dominators);
	if (err)
		return err;
	err = sum_types(heap, &dominators, types, progress);
	if (err) {
		pyprof_dominators_deinit(&dominators);
		return err;
	}
	heap->dominators = dominators;
	heap->type_of = no_cleanup_ptr(types);
	heap->is_dominated = true;
	return NULL;
}
