// SPDX-License-Identifier: Apache-2.0
#include "core/heap/edges.h"

#include "core/heap/bits.h"

unsigned pyprof_edge_rank(unsigned kind)
{
	static const unsigned char ranks[PYPROF_EDGE_KIND_MASK + 1] = {
		[PYPROF_EDGE_ATTRIBUTE] = 0, [PYPROF_EDGE_SLOT] = 0,
		[PYPROF_EDGE_LOCAL] = 0,     [PYPROF_EDGE_VALUE] = 1,
		[PYPROF_EDGE_ITEM] = 1,	     [PYPROF_EDGE_MEMBER] = 2,
		[PYPROF_EDGE_KEY] = 3,	     [PYPROF_EDGE_STACK] = 4,
		[PYPROF_EDGE_TYPE] = 5,	     [PYPROF_EDGE_SCANNED] = 6,
		[PYPROF_EDGE_WEAK] = 7,
	};
	return ranks[kind & PYPROF_EDGE_KIND_MASK];
}

struct search {
	struct pyprof_edge_sink sink;
	uint64_t target;
	struct pyprof_edge found;
	unsigned rank;
};

static void look(struct pyprof_edge_sink *sink, uint64_t target, unsigned kind,
		 uint64_t label)
{
	struct search *search = (struct search *)sink;
	if (target != search->target || !pyprof_edge_is_strong(kind))
		return;
	unsigned rank = pyprof_edge_rank(kind);
	if (rank >= search->rank)
		return;
	search->rank = rank;
	search->found = (struct pyprof_edge){kind, label};
}

bool pyprof_heap_edge(const struct pyprof_heap *heap, uint32_t from,
		      uint32_t to, struct pyprof_edge *ret)
{
	struct pyprof_object object;
	struct search search = {
		.sink = {look},
		.target = pyprof_index_address(&heap->index, to),
		.rank = UINT32_MAX,
	};
	if (!pyprof_heap_object(heap, from, &object))
		return false;
	/* What a damaged object told until then stands. */
	(void)pyprof_object_edges(heap->types, &object, &search.sink);
	if (search.rank == UINT32_MAX)
		return false;
	*ret = search.found;
	return true;
}

/* Bits that tell which addresses cannot be among those looked for. */
#define FILTER_LOG2 15

/** References of one object. */
struct search_many {
	struct pyprof_edge_sink sink;
	/** In order of address. */
	struct pyprof_edge_wanted *wanted;
	size_t count;
	uint64_t filter[(1u << FILTER_LOG2) / 64];
};

static uint32_t filter_bit(uint64_t address)
{
	return (uint32_t)(address * UINT64_C(0x9e3779b97f4a7c15) >>
			  (64 - FILTER_LOG2));
}

static void look_for_many(struct pyprof_edge_sink *sink, uint64_t target,
			  unsigned kind, uint64_t label)
{
	struct search_many *search = (struct search_many *)sink;
	if (!pyprof_bit(search->filter, filter_bit(target)) ||
	    !pyprof_edge_is_strong(kind))
		return;
	size_t low = 0, high = search->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (search->wanted[middle].target < target)
			low = middle + 1;
		else
			high = middle;
	}
	struct pyprof_edge_wanted *wanted = &search->wanted[low];
	unsigned rank = pyprof_edge_rank(kind);
	if (low == search->count || wanted->target != target ||
	    rank >= wanted->rank)
		return;
	wanted->rank = rank;
	wanted->edge = (struct pyprof_edge){kind, label};
}

static void find_of_one(const struct pyprof_heap *heap,
			struct pyprof_edge_wanted *wanted, size_t count)
{
	struct search_many search = {
		.sink = {look_for_many},
		.wanted = wanted,
		.count = count,
	};
	struct pyprof_object object;
	for (size_t i = 0; i < count; i++)
		pyprof_bit_set(search.filter, filter_bit(wanted[i].target));
	if (pyprof_heap_object(heap, wanted->from, &object))
		(void)pyprof_object_edges(heap->types, &object, &search.sink);
}

struct pyprof_error *pyprof_heap_edges(const struct pyprof_heap *heap,
				       struct pyprof_edge_wanted *wanted,
				       size_t count,
				       const struct pyprof_progress *progress)
{
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < count; i++)
		wanted[i].rank = UINT32_MAX;
	for (size_t i = 0, end; i < count && !err; i = end) {
		for (end = i;
		     end < count && wanted[end].from == wanted[i].from;)
			end++;
		find_of_one(heap, &wanted[i], end - i);
		err = pyprof_progress(progress, "naming objects", end, count);
	}
	return err;
}
