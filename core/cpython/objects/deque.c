// SPDX-License-Identifier: Apache-2.0
//
// collections.deque: blocks of 64 items in a list.
#include "core/cpython/object.h"

#define LENGTH_MAX (UINT64_C(1) << 40)
#define SPARE_MAX 16

struct deque {
	/** The first item's position in the first block. */
	uint64_t first;
	uint64_t length, block_items;
};

static bool read_deque(const struct pyprof_types *types,
		       const struct pyprof_object *object, struct deque *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	ret->block_items =
		(uint64_t)(at->deque_block.right - at->deque_block.items) / 8;
	ret->first = pyprof_word(object->bytes, at->deque.leftindex);
	ret->length = pyprof_word(object->bytes, at->object.var_size);
	return ret->length <= LENGTH_MAX && ret->first <= ret->block_items;
}

/* Blocks that the items take. */
static uint64_t blocks_of(const struct deque *deque)
{
	return (deque->first + deque->length + deque->block_items - 1) /
	       deque->block_items;
}

static bool deque_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	struct deque deque;
	if (!read_deque(types, object, &deque))
		return false;
	*ret = (uint64_t)object->type->basicsize +
	       blocks_of(&deque) * (uint64_t)types->layout->at.deque_block.size;
	return true;
}

static bool deque_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct deque deque;
	if (!read_deque(types, object, &deque))
		return false;
	uint64_t block = pyprof_word(object->bytes, at->deque.leftblock);
	uint64_t place = deque.first;
	const uint8_t *bytes = NULL;
	for (uint64_t i = 0; i < deque.length; i++, place++) {
		if (place == deque.block_items) {
			if (!bytes)
				return false;
			block = pyprof_word(bytes, at->deque_block.right);
			bytes = NULL;
			place = 0;
		}
		if (!bytes)
			bytes = pyprof_memory_at(
				types->memory, block,
				(uint64_t)at->deque_block.size);
		if (!bytes)
			return false;
		pyprof_edge(
			sink,
			pyprof_word(bytes + place * 8, at->deque_block.items),
			PYPROF_EDGE_ITEM, i);
	}
	return true;
}

static void tell_spare(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (at->deque.free_blocks == PYPROF_ABSENT)
		return;
	uint64_t count = pyprof_word(object->bytes, at->deque.free_count);
	for (uint64_t i = 0; i < count && i < SPARE_MAX; i++)
		sink->buffer(sink,
			     pyprof_word(object->bytes + i * 8,
					 at->deque.free_blocks),
			     (uint64_t)at->deque_block.size);
}

static bool deque_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t size = (uint64_t)at->deque_block.size;
	struct deque deque;
	if (!read_deque(types, object, &deque))
		return false;
	tell_spare(types, object, sink);
	uint64_t block = pyprof_word(object->bytes, at->deque.leftblock);
	uint64_t last = pyprof_word(object->bytes, at->deque.rightblock);
	for (uint64_t i = 0; i <= blocks_of(&deque); i++) {
		const uint8_t *bytes =
			pyprof_memory_at(types->memory, block, size);
		if (!bytes)
			return false;
		sink->buffer(sink, block, size);
		if (block == last)
			return true;
		block = pyprof_word(bytes, at->deque_block.right);
	}
	return false;
}

static void show_deque(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_buf *buf)
{
	const struct pyprof_offsets *at = &types->layout->at;
	pyprof_buf_printf(buf, "of %llu items",
			  (unsigned long long)pyprof_word(object->bytes,
							  at->object.var_size));
}

const struct pyprof_kind pyprof_kind_deque = {
	.name = "collections.deque",
	.size_position = PYPROF_SIZE_OF(deque),
	.size = deque_size,
	.edges = deque_edges,
	.buffers = deque_buffers,
	.show = show_deque,
};
