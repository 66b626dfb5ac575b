// SPDX-License-Identifier: Apache-2.0
#include "core/heap/edges.h"

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
