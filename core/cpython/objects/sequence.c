// SPDX-License-Identifier: Apache-2.0
//
// tuple, with struct sequences, and list.
#include "core/base/show.h"
#include "core/cpython/object.h"

#define ITEMS_MAX (UINT64_C(1) << 40)

/* Tell of the words at an address. */
static bool tell_items(const struct pyprof_types *types, uint64_t address,
		       uint64_t count, struct pyprof_edge_sink *sink)
{
	if (count > ITEMS_MAX)
		return false;
	const uint8_t *items =
		pyprof_memory_at(types->memory, address, count * 8);
	if (!items)
		return !count;
	for (uint64_t i = 0; i < count; i++)
		pyprof_edge(sink, pyprof_word(items + i * 8, 0),
			    PYPROF_EDGE_ITEM, i);
	return true;
}

static uint64_t length_of(const struct pyprof_types *types,
			  const struct pyprof_object *object)
{
	return pyprof_word(object->bytes, types->layout->at.object.var_size);
}

static bool tuple_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	return tell_items(
		types,
		object->address + (uint64_t)types->layout->at.tuple.items,
		length_of(types, object) + object->type->hidden_items, sink);
}

static bool list_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t allocated =
		pyprof_word(object->bytes, types->layout->at.list.allocated);
	if (allocated > ITEMS_MAX)
		return false;
	*ret = (uint64_t)object->type->basicsize + allocated * 8;
	return true;
}

static bool list_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t length = length_of(types, object);
	return length <= pyprof_word(object->bytes, at->list.allocated) &&
	       tell_items(types, pyprof_word(object->bytes, at->list.items),
			  length, sink);
}

static bool list_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t allocated = pyprof_word(object->bytes, at->list.allocated);
	uint64_t items = pyprof_word(object->bytes, at->list.items);
	if (!items || !allocated)
		return true;
	if (allocated > ITEMS_MAX)
		return false;
	/* The array knows its size itself in free-threaded builds. */
	uint64_t before = types->layout->is_free_threaded ? 8 : 0;
	sink->buffer(sink, items - before, allocated * 8 + before);
	return true;
}

static void show_length(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buf *buf)
{
	pyprof_buf_puts(buf, "of ");
	pyprof_show_count(buf, length_of(types, object), "item");
}

const struct pyprof_kind pyprof_kind_tuple = {
	.name = "tuple",
	.subclass_bit = 26,
	.size_position = PYPROF_SIZE_OF(tuple),
	.edges = tuple_edges,
	.show = show_length,
};

const struct pyprof_kind pyprof_kind_list = {
	.name = "list",
	.subclass_bit = 25,
	.size_position = PYPROF_SIZE_OF(list),
	.size = list_size,
	.edges = list_edges,
	.buffers = list_buffers,
	.show = show_length,
};
