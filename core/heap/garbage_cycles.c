// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/heap/garbage_graph.h"

/** The way round an example is looked for among so many of its objects. */
#define MAX_WAY 100000

/** A component that is a cycle. */
struct cycle {
	/** Of its number of objects, and of their types. */
	uint64_t key;
	uint32_t objects;
	uint32_t component;
	/** One of its objects, one of a class of the program if there is. */
	uint32_t node;
	uint64_t bytes;
};

struct finder {
	const struct pyprof_garbage_graph *garbage;
	struct pyprof_garbage *found;
	/** By component, then those alone that are cycles. */
	struct cycle *cycles;
	size_t count;
	/** Of nodes that a way round led to: the one before; else NO_NODE. */
	uint32_t *before;
	uint32_t *queue;
};

static const struct pyprof_type *type_of(const struct finder *finder,
					 uint32_t node)
{
	const struct pyprof_heap *heap = finder->garbage->heap;
	uint32_t type = finder->garbage->types[node];
	return type < heap->by_type.count ? heap->by_type.items[type].type
					  : NULL;
}

/** Whether one refers to itself. */
static bool is_own_cycle(const struct pyprof_graph *graph, uint32_t node)
{
	for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
		if (graph->targets[i] == node)
			return true;
	return false;
}

static uint64_t mixed(uint64_t value)
{
	value = (value + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (value ^ value >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

/** An instance of a class of the program tells more than its dict. */
static unsigned dullness(const struct finder *finder, uint32_t node)
{
	const struct pyprof_type *type = type_of(finder, node);
	if (!type)
		return 3;
	if (type->is_heap_type)
		return 0;
	return type->is_type ? 1 : 2;
}

static void see_node(struct finder *finder, uint32_t node)
{
	const struct pyprof_dominators *dominators =
		&finder->garbage->dominators;
	const uint32_t *components = finder->garbage->components;
	struct cycle *cycle = &finder->cycles[components[node]];
	if (!cycle->objects++ ||
	    dullness(finder, node) < dullness(finder, cycle->node))
		cycle->node = node;
	cycle->component = components[node];
	cycle->key += mixed(finder->garbage->types[node]);
	/* What others of the cycle hold is in theirs already. */
	uint32_t holder = dominators->idom[node];
	if (holder == PYPROF_NO_NODE || components[holder] != cycle->component)
		cycle->bytes += dominators->retained[node];
}

static int by_key(const void *a, const void *b)
{
	const struct cycle *left = a, *right = b;
	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	if (left->objects != right->objects)
		return left->objects < right->objects ? -1 : 1;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->node > right->node) - (left->node < right->node);
}

static struct pyprof_error *find_cycles(struct finder *finder)
{
	const struct pyprof_garbage_graph *garbage = finder->garbage;
	finder->cycles =
		calloc(garbage->component_count + 1ul, sizeof(struct cycle));
	if (!finder->cycles)
		return pyprof_error_oom();
	for (uint32_t i = 0; i < garbage->graph.node_count; i++)
		see_node(finder, i);
	for (uint32_t i = 0; i < garbage->component_count; i++) {
		const struct cycle *cycle = &finder->cycles[i];
		if (cycle->objects > 1 ||
		    is_own_cycle(&garbage->graph, cycle->node))
			finder->cycles[finder->count++] = *cycle;
		else
			finder->found->outside_cycles++;
	}
	finder->found->cycle_count = finder->count;
	if (finder->count)
		qsort(finder->cycles, finder->count, sizeof(struct cycle),
		      by_key);
	return NULL;
}

/** What kept cycles are made of is found later; until then `first_link` is the
 * number of the example among `cycles`. */
static struct pyprof_error *group_cycles(struct finder *finder)
{
	struct pyprof_garbage *found = finder->found;
	for (size_t i = 0; i < finder->count; i++) {
		const struct cycle *cycle = &finder->cycles[i];
		bool is_like_last = i && cycle->key == cycle[-1].key &&
				    cycle->objects == cycle[-1].objects;
		struct pyprof_garbage_cycle group = {
			.objects = cycle->objects,
			.example_bytes = cycle->bytes,
			.first_link = (uint32_t)i,
		};
		if (!is_like_last && !pyprof_vec_push(&found->cycles, group))
			return pyprof_error_oom();
		struct pyprof_garbage_cycle *last =
			&found->cycles.items[found->cycles.count - 1];
		last->count++;
		last->bytes += cycle->bytes;
	}
	found->cycle_kinds = found->cycles.count;
	return NULL;
}

static int by_bytes(const void *a, const void *b)
{
	const struct pyprof_garbage_cycle *left = a, *right = b;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->first_link > right->first_link) -
	       (left->first_link < right->first_link);
}

/** The shortest way from a node of a cycle back to it: nodes in `queue`'s
 * beginning, the first one first. How many; 0 when it was too long. */
static uint32_t find_way(struct finder *finder, const struct cycle *cycle)
{
	const struct pyprof_graph *graph = &finder->garbage->graph;
	const uint32_t *components = finder->garbage->components;
	uint32_t *queue = finder->queue, next = 0, end = 0, last = cycle->node;
	bool is_round = false;
	queue[end++] = cycle->node;
	while (next < end && !is_round && end < MAX_WAY) {
		last = queue[next++];
		for (uint32_t i = graph->first[last];
		     i < graph->first[last + 1] && !is_round; i++) {
			uint32_t target = graph->targets[i];
			is_round = target == cycle->node;
			if (is_round ||
			    components[target] != cycle->component ||
			    finder->before[target] != PYPROF_NO_NODE)
				continue;
			finder->before[target] = last;
			queue[end++] = target;
		}
	}
	/* Count the way back, then write it from its end on. */
	uint32_t length = 1;
	for (uint32_t at = last; at != cycle->node; at = finder->before[at])
		length++;
	uint32_t *way = malloc(length * sizeof(uint32_t));
	uint32_t at = last;
	for (uint32_t i = length; way && i-- > 0;) {
		way[i] = at;
		at = at == cycle->node ? at : finder->before[at];
	}
	for (uint32_t i = 1; i < end; i++)
		finder->before[queue[i]] = PYPROF_NO_NODE;
	if (way)
		memcpy(queue, way, length * sizeof(uint32_t));
	bool is_found = is_round && way;
	free(way);
	return is_found ? length : 0;
}

static struct pyprof_error *put_links(struct finder *finder, uint32_t length,
				      struct pyprof_garbage_cycle *group)
{
	const struct pyprof_garbage_graph *garbage = finder->garbage;
	group->first_link = (uint32_t)finder->found->links.count;
	group->link_count = length;
	for (uint32_t i = 0; i < length; i++) {
		struct pyprof_garbage_link link = {
			.object = garbage->objects[finder->queue[i]],
			.edge = {.kind = PYPROF_EDGE_SCANNED},
		};
		uint32_t next =
			garbage->objects[finder->queue[(i + 1) % length]];
		(void)pyprof_heap_edge(garbage->heap, link.object, next,
				       &link.edge);
		if (!pyprof_vec_push(&finder->found->links, link))
			return pyprof_error_oom();
	}
	return NULL;
}

static int by_count(const void *a, const void *b)
{
	const struct pyprof_garbage_type *left = a, *right = b;
	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return pyprof_type_compare(left->type, right->type);
}

/** The types of a cycle's objects: of all nodes, those of its component. */
static struct pyprof_error *put_members(struct finder *finder,
					const struct cycle *cycle,
					struct pyprof_garbage_cycle *group)
{
	struct pyprof_garbage *found = finder->found;
	if (!pyprof_vec_reserve(&found->members,
				finder->garbage->heap->by_type.count))
		return pyprof_error_oom();
	group->first_member = (uint32_t)found->members.count;
	group->member_count = (uint32_t)pyprof_garbage_sum_types(
		finder->garbage, cycle->component,
		found->members.items + group->first_member);
	found->members.count += group->member_count;
	if (group->member_count)
		qsort(found->members.items + group->first_member,
		      group->member_count, sizeof(*found->members.items),
		      by_count);
	return NULL;
}

static struct pyprof_error *describe(struct finder *finder)
{
	struct pyprof_garbage *found = finder->found;
	uint32_t count = finder->garbage->graph.node_count;
	finder->before = malloc((count + 1ul) * sizeof(uint32_t));
	finder->queue = malloc((count + 1ul) * sizeof(uint32_t));
	if (!finder->before || !finder->queue)
		return pyprof_error_oom();
	memset(finder->before, 0xff, (count + 1ul) * sizeof(uint32_t));
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < found->cycles.count && !err; i++) {
		struct pyprof_garbage_cycle *group = &found->cycles.items[i];
		const struct cycle *cycle = &finder->cycles[group->first_link];
		err = put_members(finder, cycle, group);
		if (!err)
			err = put_links(finder, find_way(finder, cycle), group);
	}
	return err;
}

struct pyprof_error *
pyprof_garbage_cycles(const struct pyprof_garbage_graph *garbage, size_t limit,
		      struct pyprof_garbage *found)
{
	struct finder finder = {.garbage = garbage, .found = found};
	struct pyprof_error *err = find_cycles(&finder);
	if (!err)
		err = group_cycles(&finder);
	if (!err) {
		if (found->cycles.count)
			qsort(found->cycles.items, found->cycles.count,
			      sizeof(*found->cycles.items), by_bytes);
		if (found->cycles.count > limit)
			found->cycles.count = limit;
		err = describe(&finder);
	}
	free(finder.cycles);
	free(finder.before);
	free(finder.queue);
	return err;
}
