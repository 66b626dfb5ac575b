// SPDX-License-Identifier: Apache-2.0
//
// The nodes of the maps that contextvars.Context is made of.
#include "core/cpython/objects/fixed.h"

#define CHILDREN 32

static bool tell_words(const struct pyprof_types *types,
		       const struct pyprof_object *object, int first,
		       uint64_t count, struct pyprof_edge_sink *sink)
{
	for (uint64_t i = 0; i < count; i++)
		pyprof_edge(sink,
			    pyprof_fixed_word(types, object, first + (int)i),
			    PYPROF_EDGE_ITEM, i);
	return true;
}

static bool array_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	return tell_words(types, object, 0, CHILDREN, sink);
}

static bool array_fits(const struct pyprof_kind *kind,
		       const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return basicsize == layout->at.object.size + 8 * (CHILDREN + 1);
}

/* Keys and values behind the count and a word; NULL and a node, too. */
static bool list_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	uint64_t count =
		pyprof_word(object->bytes, types->layout->at.object.var_size);
	if (count > UINT64_C(1) << 24 ||
	    !pyprof_memory_at(types->memory, object->address,
			      (uint64_t)object->type->basicsize + 8 * count))
		return false;
	return tell_words(types, object, 2, count, sink);
}

static bool list_fits(const struct pyprof_kind *kind,
		      const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return basicsize == layout->at.object.size + 16;
}

const struct pyprof_kind pyprof_kind_hamt_array = {
	.name = "hamt_array_node",
	.size_position = -1,
	.fits = array_fits,
	.edges = array_edges,
};

const struct pyprof_kind pyprof_kind_hamt_bitmap = {
	.name = "hamt_bitmap_node",
	.size_position = -1,
	.fits = list_fits,
	.edges = list_edges,
};

const struct pyprof_kind pyprof_kind_hamt_collision = {
	.name = "hamt_collision_node",
	.size_position = -1,
	.fits = list_fits,
	.edges = list_edges,
};
