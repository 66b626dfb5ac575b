// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/cpython/roots.h"
#include "core/heap/bits.h"
#include "core/heap/heap.h"
#include "core/heap/rows.h"

/* A root as it was told. */
struct told {
	struct pyprof_heap_root root;
	/* Holds no count: it names what is held from outside. */
	bool is_uncounted;
	uint32_t order;
};

struct linker {
	struct pyprof_heap *heap;
	struct pyprof_rows rows;
	PYPROF_VEC(struct told) told;
	/* Bit an object: it has a root with a name. */
	uint64_t *named;
	PYPROF_VEC(struct pyprof_heap_root) roots;
};

static enum pyprof_heap_root_kind kind_of(enum pyprof_root_kind kind)
{
	switch (kind) {
	case PYPROF_ROOT_FRAME:
		return PYPROF_HEAP_ROOT_FRAME;
	case PYPROF_ROOT_INTERPRETER:
		return PYPROF_HEAP_ROOT_INTERPRETER;
	case PYPROF_ROOT_THREAD:
		break;
	}
	return PYPROF_HEAP_ROOT_THREAD;
}

static struct pyprof_error *take_root(void *context,
				      const struct pyprof_root *root)
{
	struct linker *linker = context;
	struct told told = {
		.root.object =
			pyprof_index_id(&linker->heap->index, root->target),
		.root.kind = kind_of(root->kind),
		.is_uncounted = root->is_uncounted,
		.order = (uint32_t)linker->told.count,
	};
	if (told.root.object == PYPROF_NO_OBJECT)
		return NULL;
	struct pyprof_error *err =
		pyprof_strtab_intern(linker->heap->strings, root->name,
				     strlen(root->name), &told.root.name);
	if (err)
		return err;
	return pyprof_vec_push(&linker->told, told) ? NULL : pyprof_error_oom();
}

/* The preferred ones first. */
static int compare(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	if (x->root.kind != y->root.kind)
		return x->root.kind < y->root.kind ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static bool add(struct linker *linker, uint32_t object,
		enum pyprof_heap_root_kind kind, uint32_t name)
{
	return pyprof_vec_push(&linker->roots, (struct pyprof_heap_root){
						       .object = object,
						       .kind = kind,
						       .name = name,
					       });
}

static int by_object_and_name(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	if (x->root.object != y->root.object)
		return x->root.object < y->root.object ? -1 : 1;
	if (x->root.name != y->root.name)
		return x->root.name < y->root.name ? -1 : 1;
	return compare(a, b);
}

/* Leave one root of those of one object that are called the same. */
static void drop_repeated(struct linker *linker)
{
	struct told *told = linker->told.items;
	size_t kept = 0;
	if (!linker->told.count)
		return;
	qsort(told, linker->told.count, sizeof(*told), by_object_and_name);
	for (size_t i = 1; i < linker->told.count; i++) {
		if (told[i].root.object != told[kept].root.object ||
		    told[i].root.name != told[kept].root.name)
			told[++kept] = told[i];
		else
			told[kept].is_uncounted &= told[i].is_uncounted;
	}
	linker->told.count = kept + 1;
	qsort(told, linker->told.count, sizeof(*told), compare);
}

/*
 * Roots with names. One that holds no count is one only where something holds
 * the object that is not known.
 */
static struct pyprof_error *add_named(struct linker *linker)
{
	for (size_t i = 0; i < linker->told.count; i++) {
		const struct told *told = &linker->told.items[i];
		if (!told->is_uncounted)
			pyprof_rows_explain(
				&linker->rows.unexplained[told->root.object]);
	}
	drop_repeated(linker);
	for (size_t i = 0; i < linker->told.count; i++) {
		const struct told *told = &linker->told.items[i];
		if (told->is_uncounted &&
		    !linker->rows.unexplained[told->root.object])
			continue;
		if (!pyprof_vec_push(&linker->roots, told->root))
			return pyprof_error_oom();
		pyprof_bit_set(linker->named, told->root.object);
	}
	return NULL;
}

/* Roots of which it is known only that they are some. */
static struct pyprof_error *add_others(struct linker *linker)
{
	static const char *const texts[] = {"static", "held from outside"};
	uint32_t names[2];
	for (size_t i = 0; i < 2; i++) {
		struct pyprof_error *err =
			pyprof_strtab_intern(linker->heap->strings, texts[i],
					     strlen(texts[i]), &names[i]);
		if (err)
			return err;
	}
	uint32_t count = linker->rows.graph.node_count;
	const uint32_t *unexplained = linker->rows.unexplained;
	for (uint32_t id = 0; id < count; id++)
		if (unexplained[id] == PYPROF_ROWS_STATIC &&
		    !pyprof_bit(linker->named, id) &&
		    !add(linker, id, PYPROF_HEAP_ROOT_STATIC, names[0]))
			return pyprof_error_oom();
	for (uint32_t id = 0; id < count; id++)
		if (unexplained[id] && unexplained[id] != PYPROF_ROWS_STATIC &&
		    !pyprof_bit(linker->named, id) &&
		    !add(linker, id, PYPROF_HEAP_ROOT_OUTSIDE, names[1]))
			return pyprof_error_oom();
	return NULL;
}

static struct pyprof_error *link_heap(struct linker *linker,
				      const struct pyprof_progress *progress,
				      size_t *damaged_ret)
{
	struct pyprof_heap *heap = linker->heap;
	struct pyprof_error *err =
		pyprof_rows_read(heap, progress, &linker->rows);
	if (err)
		return err;
	linker->named = pyprof_bits_alloc(heap->index.count);
	if (!linker->named)
		return pyprof_error_oom();
	err = pyprof_roots_read(heap->types, take_root, linker, damaged_ret);
	if (!err)
		err = add_named(linker);
	return err ? err : add_others(linker);
}

struct pyprof_error *pyprof_heap_link(struct pyprof_heap *heap,
				      const struct pyprof_progress *progress)
{
	if (heap->is_linked)
		return NULL;
	struct linker linker = {.heap = heap};
	size_t damaged = 0;
	struct pyprof_error *err = link_heap(&linker, progress, &damaged);
	free(linker.rows.unexplained);
	free(linker.named);
	pyprof_vec_deinit(&linker.told);
	if (err) {
		pyprof_graph_deinit(&linker.rows.graph);
		pyprof_vec_deinit(&linker.roots);
		return err;
	}
	heap->graph = linker.rows.graph;
	heap->roots.items = linker.roots.items;
	heap->roots.count = linker.roots.count;
	heap->roots.capacity = linker.roots.capacity;
	heap->damaged_stacks = damaged;
	heap->lost_edges = linker.rows.lost;
	heap->is_linked = true;
	return NULL;
}
