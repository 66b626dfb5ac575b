// SPDX-License-Identifier: Apache-2.0
//
// collections.OrderedDict: a dict, a list of nodes, and a table of them.
#include "core/cpython/objects/dict_table.h"

#define SLOTS_MAX (UINT64_C(1) << 40)

static uint64_t slots_of(const struct pyprof_types *types,
			 const struct pyprof_object *object)
{
	return pyprof_word(object->bytes,
			   types->layout->at.odict.fast_nodes_size);
}

static bool odict_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t size, slots = slots_of(types, object);
	uint64_t used = pyprof_word(object->bytes, at->dict.used);
	if (slots > SLOTS_MAX || used > SLOTS_MAX ||
	    !pyprof_dict_size(types, object, &size))
		return false;
	size += slots * 8;
	if (pyprof_word(object->bytes, at->odict.first))
		size += used * (uint64_t)at->odict_node.size;
	*ret = size;
	return true;
}

/*
 * Calls for each node, at most one an item. False when one is not there, or
 * there are more.
 */
static bool for_each_node(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  void (*node)(void *context, uint64_t address,
				       uint64_t key, uint64_t index),
			  void *context)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t used = pyprof_word(object->bytes, at->dict.used);
	uint64_t address = pyprof_word(object->bytes, at->odict.first);
	for (uint64_t i = 0; address; i++) {
		const uint8_t *bytes = pyprof_memory_at(
			types->memory, address, (uint64_t)at->odict_node.size);
		if (!bytes || i == used)
			return false;
		node(context, address, pyprof_word(bytes, at->odict_node.key),
		     i);
		address = pyprof_word(bytes, at->odict_node.next);
	}
	return true;
}

static void tell_key(void *context, uint64_t address, uint64_t key,
		     uint64_t index)
{
	(void)address;
	pyprof_edge(context, key, PYPROF_EDGE_KEY, index);
}

/* The nodes hold the keys once more. */
static bool odict_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	bool is_good = pyprof_dict_edges(types, object, sink);
	return for_each_node(types, object, tell_key, sink) && is_good;
}

struct node_buffers {
	struct pyprof_buffer_sink *sink;
	uint64_t node_size;
};

static void tell_node(void *context, uint64_t address, uint64_t key,
		      uint64_t index)
{
	(void)key;
	(void)index;
	struct node_buffers *buffers = context;
	buffers->sink->buffer(buffers->sink, address, buffers->node_size);
}

static bool odict_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	bool is_good = pyprof_dict_buffers(types, object, sink);
	uint64_t table = pyprof_word(object->bytes, at->odict.fast_nodes);
	uint64_t slots = slots_of(types, object);
	if (slots > SLOTS_MAX)
		return false;
	if (table && slots)
		sink->buffer(sink, table, slots * 8);
	struct node_buffers buffers = {sink, (uint64_t)at->odict_node.size};
	return for_each_node(types, object, tell_node, &buffers) && is_good;
}

static void show_odict(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_buf *buf)
{
	pyprof_kind_dict.show(types, object, buf);
}

const struct pyprof_kind pyprof_kind_odict = {
	.name = "collections.OrderedDict",
	.size_position = PYPROF_SIZE_OF(odict),
	.size = odict_size,
	.edges = odict_edges,
	.buffers = odict_buffers,
	.show = show_odict,
};
