// SPDX-License-Identifier: Apache-2.0
#include "core/heap/garbage.h"

#include <stdlib.h>

#include "core/cpython/collector.h"
#include "core/heap/garbage_graph.h"

static int by_bytes(const void *a, const void *b)
{
	const struct pyprof_garbage_type *left = a, *right = b;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return pyprof_type_compare(left->type, right->type);
}

static struct pyprof_error *
count_types(const struct pyprof_garbage_graph *garbage,
	    struct pyprof_garbage *found)
{
	found->objects = garbage->graph.node_count;
	for (uint32_t i = 0; i < garbage->graph.node_count; i++)
		found->bytes += garbage->bytes[i];
	if (!pyprof_vec_reserve(&found->types, garbage->heap->by_type.count))
		return pyprof_error_oom();
	found->types.count = pyprof_garbage_sum_types(
		garbage, PYPROF_ALL_COMPONENTS, found->types.items);
	if (found->types.count)
		qsort(found->types.items, found->types.count,
		      sizeof(*found->types.items), by_bytes);
	return NULL;
}

/** How much of it was put aside by gc.freeze(). */
static void count_frozen(const struct pyprof_heap *heap,
			 struct pyprof_garbage *found)
{
	struct pyprof_collector collector;
	struct pyprof_error *err =
		pyprof_collector_read(heap->memory, heap->python, &collector);
	if (err) {
		/* Then nothing is known to be frozen. */
		pyprof_error_destroy(err);
		return;
	}
	uint64_t link = collector.permanent;
	for (uint32_t i = 0; i < heap->index.count; i++) {
		uint64_t address = pyprof_collector_next_frozen(
			heap->memory, &collector, &link);
		uint32_t id = address ? pyprof_heap_find(heap, address)
				      : PYPROF_NO_OBJECT;
		if (id != PYPROF_NO_OBJECT &&
		    !pyprof_is_reached(&heap->dominators, id))
			found->frozen_objects++;
		if (!address)
			break;
	}
}

struct pyprof_error *pyprof_garbage_find(struct pyprof_heap *heap, size_t limit,
					 const struct pyprof_progress *progress,
					 struct pyprof_garbage *ret)
{
	struct pyprof_garbage_graph graph = {};
	struct pyprof_garbage found = {};
	struct pyprof_error *err = pyprof_heap_dominate(heap, progress);
	if (!err)
		err = pyprof_garbage_graph_init(heap, progress, &graph);
	if (!err)
		err = count_types(&graph, &found);
	if (!err && found.objects)
		err = pyprof_garbage_cycles(&graph, limit, &found);
	pyprof_garbage_graph_deinit(&graph);
	if (err) {
		pyprof_garbage_deinit(&found);
		return err;
	}
	if (found.objects)
		count_frozen(heap, &found);
	*ret = found;
	return NULL;
}

void pyprof_garbage_deinit(struct pyprof_garbage *garbage)
{
	pyprof_vec_deinit(&garbage->types);
	pyprof_vec_deinit(&garbage->members);
	pyprof_vec_deinit(&garbage->cycles);
	pyprof_vec_deinit(&garbage->links);
}
