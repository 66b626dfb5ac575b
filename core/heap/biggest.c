// SPDX-License-Identifier: Apache-2.0
#include "core/heap/biggest.h"

#include <stdlib.h>

/** How many objects are looked at between two looks at the user. */
#define OBJECTS_A_LOOK (1 << 16)

struct pyprof_error *pyprof_biggest_init(const struct pyprof_heap *heap,
					 size_t limit,
					 struct pyprof_biggest *ret)
{
	if (limit > heap->index.count)
		limit = heap->index.count;
	struct pyprof_big *items = calloc(limit + 1, sizeof(*items));
	if (!items)
		return pyprof_error_oom();
	*ret = (struct pyprof_biggest){.items = items, .limit = limit};
	return NULL;
}

void pyprof_biggest_deinit(struct pyprof_biggest *biggest)
{
	free(biggest->items);
	*biggest = (struct pyprof_biggest){};
}

static bool is_smaller(const struct pyprof_big *a, const struct pyprof_big *b)
{
	return a->size != b->size ? a->size < b->size : a->object > b->object;
}

/* Once all room is taken, the items are a heap with the smallest on top. */
static void sift(struct pyprof_biggest *biggest, size_t at)
{
	for (;;) {
		size_t least = at;
		for (size_t i = 2 * at + 1;
		     i <= 2 * at + 2 && i < biggest->count; i++)
			if (is_smaller(&biggest->items[i],
				       &biggest->items[least]))
				least = i;
		if (least == at)
			return;
		struct pyprof_big other = biggest->items[least];
		biggest->items[least] = biggest->items[at];
		biggest->items[at] = other;
		at = least;
	}
}

void pyprof_biggest_offer(struct pyprof_biggest *biggest, struct pyprof_big big)
{
	if (biggest->count < biggest->limit) {
		biggest->items[biggest->count++] = big;
		if (biggest->count == biggest->limit)
			for (size_t i = biggest->count / 2 + 1; i-- > 0;)
				sift(biggest, i);
	} else if (biggest->limit && is_smaller(&biggest->items[0], &big)) {
		biggest->items[0] = big;
		sift(biggest, 0);
	}
}

bool pyprof_biggest_excludes(const struct pyprof_biggest *biggest,
			     uint64_t size)
{
	return biggest->count == biggest->limit && biggest->limit &&
	       size <= biggest->items[0].size;
}

static int compare(const void *a, const void *b)
{
	return is_smaller(a, b) ? 1 : is_smaller(b, a) ? -1 : 0;
}

void pyprof_biggest_sort(struct pyprof_biggest *biggest)
{
	qsort(biggest->items, biggest->count, sizeof(*biggest->items), compare);
}

/** Whether it holds no more than the least of the biggest, itself included. */
static bool is_small(const struct pyprof_heap *heap, uint32_t id,
		     const struct pyprof_biggest *biggest)
{
	return heap->is_dominated && pyprof_is_reached(&heap->dominators, id) &&
	       pyprof_biggest_excludes(biggest, heap->dominators.retained[id]);
}

struct pyprof_error *
pyprof_biggest_objects(const struct pyprof_heap *heap,
		       const struct pyprof_progress *progress,
		       struct pyprof_biggest *biggest)
{
	struct pyprof_index_walk walk = {};
	uint64_t address = 0;
	uint32_t id = 0;
	while (pyprof_index_next(&heap->index, &walk, &id, &address)) {
		struct pyprof_object object;
		struct pyprof_object_sizes sizes = {};
		if (!is_small(heap, id, biggest) &&
		    pyprof_object_known(heap->types, address, &object))
			pyprof_heap_sizes(heap, &object, &sizes);
		pyprof_biggest_offer(biggest,
				     (struct pyprof_big){sizes.exclusive, id});
		if (id % OBJECTS_A_LOOK)
			continue;
		struct pyprof_error *err =
			pyprof_progress(progress, "looking for big objects", id,
					heap->index.count);
		if (err)
			return err;
	}
	return NULL;
}
