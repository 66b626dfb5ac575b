// SPDX-License-Identifier: Apache-2.0
//
// set and frozenset.
#include "core/cpython/object.h"

/* An entry: the key and its hash, which is -1 where one was deleted. */
#define ENTRY_SIZE 16
#define DELETED UINT64_MAX
#define MASK_MAX (UINT64_C(1) << 40)

/* The slots of the table; false when there cannot be as many. */
static bool slots_of(const struct pyprof_types *types,
		     const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t mask = pyprof_word(object->bytes, types->layout->at.set.mask);
	*ret = mask + 1;
	return mask <= MASK_MAX && !(mask & (mask + 1));
}

/* The table of a set that is not small, else 0. */
static uint64_t table_of(const struct pyprof_types *types,
			 const struct pyprof_object *object)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t table = pyprof_word(object->bytes, at->set.table);
	return table == object->address + (uint64_t)at->set.smalltable ? 0
								       : table;
}

static bool set_size(const struct pyprof_types *types,
		     const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t slots;
	if (!slots_of(types, object, &slots))
		return false;
	*ret = (uint64_t)object->type->basicsize;
	if (table_of(types, object))
		*ret += slots * ENTRY_SIZE;
	return true;
}

static bool set_edges(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_edge_sink *sink)
{
	uint64_t slots;
	if (!slots_of(types, object, &slots))
		return false;
	const uint8_t *table = pyprof_memory_at(
		types->memory,
		pyprof_word(object->bytes, types->layout->at.set.table),
		slots * ENTRY_SIZE);
	if (!table)
		return false;
	for (uint64_t i = 0; i < slots; i++, table += ENTRY_SIZE) {
		uint64_t key = pyprof_word(table, 0);
		if (key && pyprof_word(table, 8) != DELETED)
			sink->edge(sink, key, PYPROF_EDGE_KEY, i);
	}
	return true;
}

static bool set_buffers(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buffer_sink *sink)
{
	uint64_t slots, table = table_of(types, object);
	if (!slots_of(types, object, &slots))
		return false;
	if (table)
		sink->buffer(sink, table, slots * ENTRY_SIZE);
	return true;
}

static void show_set(const struct pyprof_types *types,
		     const struct pyprof_object *object, struct pyprof_buf *buf)
{
	pyprof_buf_printf(buf, "of %llu items",
			  (unsigned long long)pyprof_word(
				  object->bytes, types->layout->at.set.used));
}

const struct pyprof_kind pyprof_kind_set = {
	.name = "set",
	.size_position = PYPROF_SIZE_OF(set),
	.size = set_size,
	.edges = set_edges,
	.buffers = set_buffers,
	.show = show_set,
};

const struct pyprof_kind pyprof_kind_frozenset = {
	.name = "frozenset",
	.size_position = PYPROF_SIZE_OF(set),
	.size = set_size,
	.edges = set_edges,
	.buffers = set_buffers,
	.show = show_set,
};
