// SPDX-License-Identifier: Apache-2.0
#include "core/heap/garbage_graph.h"

#include <stdlib.h>

/** Of each 64 objects: which are garbage, and how many are before them. */
struct rank {
	uint64_t bits;
	uint32_t before;
};

static uint32_t number_of(const struct rank *ranks, uint32_t object)
{
	const struct rank *rank = &ranks[object >> 6];
	uint64_t below = rank->bits & ((UINT64_C(1) << (object & 63)) - 1);
	return rank->before + (uint32_t)__builtin_popcountll(below);
}

static bool is_ranked(const struct rank *ranks, uint32_t object)
{
	return ranks[object >> 6].bits >> (object & 63) & 1;
}

/** Number what is not reached; how many that is. */
static uint32_t rank_all(const struct pyprof_heap *heap, struct rank *ranks)
{
	uint32_t count = heap->index.count, found = 0;
	for (uint32_t i = 0; i < count; i += 64) {
		uint32_t left = count - i < 64 ? count - i : 64;
		uint64_t all =
			left == 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
		ranks[i >> 6].bits = ~heap->dominators.reached[i >> 6] & all;
		ranks[i >> 6].before = found;
		found += (uint32_t)__builtin_popcountll(ranks[i >> 6].bits);
	}
	return found;
}

static struct pyprof_error *allocate(struct pyprof_garbage_graph *garbage,
				     uint32_t count, uint32_t edges)
{
	garbage->graph.node_count = count;
	garbage->graph.first = calloc(count + 1ul, sizeof(uint32_t));
	garbage->graph.targets = calloc(edges + 1ul, sizeof(uint32_t));
	garbage->objects = calloc(count + 1ul, sizeof(uint32_t));
	garbage->types = calloc(count + 1ul, sizeof(uint32_t));
	garbage->bytes = calloc(count + 1ul, sizeof(uint64_t));
	return garbage->graph.first && garbage->graph.targets &&
			       garbage->objects && garbage->types &&
			       garbage->bytes
		       ? NULL
		       : pyprof_error_oom();
}

static void see_object(struct pyprof_garbage_graph *garbage, uint32_t node,
		       uint32_t id)
{
	struct pyprof_object object;
	struct pyprof_object_sizes sizes = {};
	garbage->objects[node] = id;
	garbage->types[node] = UINT32_MAX;
	if (!pyprof_heap_object(garbage->heap, id, &object))
		return;
	pyprof_heap_sizes(garbage->heap, &object, &sizes);
	garbage->types[node] = object.type->index;
	garbage->bytes[node] = sizes.exclusive;
}

/** Copy the edges of what is garbage: it is referred to by garbage alone, but
 * refers to all sorts. */
static void copy_edges(struct pyprof_garbage_graph *garbage,
		       const struct rank *ranks)
{
	const struct pyprof_graph *from = &garbage->heap->graph;
	struct pyprof_graph *to = &garbage->graph;
	uint32_t node = 0, edge = 0;
	for (uint32_t i = 0; i < from->node_count; i++) {
		if (!is_ranked(ranks, i))
			continue;
		to->first[node] = edge;
		for (uint32_t j = from->first[i]; j < from->first[i + 1]; j++)
			if (is_ranked(ranks, from->targets[j]))
				to->targets[edge++] =
					number_of(ranks, from->targets[j]);
		see_object(garbage, node++, i);
	}
	to->first[node] = edge;
}

static uint32_t count_edges(const struct pyprof_heap *heap,
			    const struct rank *ranks)
{
	const struct pyprof_graph *graph = &heap->graph;
	uint32_t count = 0;
	for (uint32_t i = 0; i < graph->node_count; i++)
		if (is_ranked(ranks, i))
			count += graph->first[i + 1] - graph->first[i];
	return count;
}

static uint64_t weight(void *context, uint32_t node)
{
	const struct pyprof_garbage_graph *garbage = context;
	return garbage->bytes[node];
}

/** One node of each component that no other one refers to. */
static struct pyprof_error *
find_tops(const struct pyprof_garbage_graph *garbage, uint32_t **ret,
	  size_t *count_ret)
{
	const struct pyprof_graph *graph = &garbage->graph;
	const uint32_t *components = garbage->components;
	uint32_t count = garbage->component_count;
	_cleanup_free_ uint32_t *tops = malloc((count + 1ul) * sizeof(*tops));
	if (!tops)
		return pyprof_error_oom();
	for (uint32_t i = 0; i < count; i++)
		tops[i] = PYPROF_NO_NODE;
	for (uint32_t i = graph->node_count; i-- > 0;)
		tops[components[i]] = i;
	for (uint32_t i = 0; i < graph->node_count; i++)
		for (uint32_t j = graph->first[i]; j < graph->first[i + 1]; j++)
			if (components[graph->targets[j]] != components[i])
				tops[components[graph->targets[j]]] =
					PYPROF_NO_NODE;
	size_t found = 0;
	for (uint32_t i = 0; i < count; i++)
		if (tops[i] != PYPROF_NO_NODE)
			tops[found++] = tops[i];
	*count_ret = found;
	*ret = no_cleanup_ptr(tops);
	return NULL;
}

static struct pyprof_error *analyse(struct pyprof_garbage_graph *garbage,
				    const struct pyprof_progress *progress)
{
	_cleanup_free_ uint32_t *tops = NULL;
	size_t count = 0;
	struct pyprof_error *err = pyprof_components(
		&garbage->graph, NULL, progress, &garbage->components,
		&garbage->component_count);
	if (!err)
		err = find_tops(garbage, &tops, &count);
	if (!err)
		err = pyprof_dominators_compute(&garbage->graph, tops, count,
						weight, garbage, progress,
						&garbage->dominators);
	return err;
}

struct pyprof_error *
pyprof_garbage_graph_init(const struct pyprof_heap *heap,
			  const struct pyprof_progress *progress,
			  struct pyprof_garbage_graph *garbage)
{
	*garbage = (struct pyprof_garbage_graph){.heap = heap};
	_cleanup_free_ struct rank *ranks =
		calloc(heap->index.count / 64ul + 1, sizeof(*ranks));
	if (!ranks)
		return pyprof_error_oom();
	uint32_t count = rank_all(heap, ranks);
	struct pyprof_error *err =
		allocate(garbage, count, count_edges(heap, ranks));
	if (!err && count) {
		copy_edges(garbage, ranks);
		err = analyse(garbage, progress);
	}
	if (err)
		pyprof_garbage_graph_deinit(garbage);
	return err;
}

void pyprof_garbage_graph_deinit(struct pyprof_garbage_graph *garbage)
{
	pyprof_graph_deinit(&garbage->graph);
	pyprof_dominators_deinit(&garbage->dominators);
	free(garbage->objects);
	free(garbage->types);
	free(garbage->bytes);
	free(garbage->components);
	*garbage = (struct pyprof_garbage_graph){};
}

size_t pyprof_garbage_sum_types(const struct pyprof_garbage_graph *garbage,
				uint32_t component,
				struct pyprof_garbage_type *ret)
{
	const struct pyprof_heap *heap = garbage->heap;
	size_t types = heap->by_type.count, found = 0;
	for (size_t i = 0; i < types; i++)
		ret[i] = (struct pyprof_garbage_type){
			.type = heap->by_type.items[i].type,
		};
	for (uint32_t i = 0; i < garbage->graph.node_count; i++) {
		uint32_t type = garbage->types[i];
		if (type >= types || (component != PYPROF_ALL_COMPONENTS &&
				      component != garbage->components[i]))
			continue;
		ret[type].count++;
		ret[type].bytes += garbage->bytes[i];
	}
	for (size_t i = 0; i < types; i++)
		if (ret[i].count && ret[i].type)
			ret[found++] = ret[i];
	return found;
}
