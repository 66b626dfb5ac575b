// SPDX-License-Identifier: Apache-2.0
//
// Arrays behind the objects of fixed.def: itertools, decimal, io, struct,
// ctypes, queue.
#include "core/cpython/objects/extension.h"

#include "core/cpython/objects/fixed.h"

static void tell_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
			uint64_t size)
{
	if (address && size)
		sink->buffer(sink, address, size);
}

/* basicsize + count * item. */
static bool add_array(const struct pyprof_object *object, uint64_t count,
		      uint64_t item, uint64_t *ret)
{
	if (count >= PYPROF_ARRAY_MAX)
		return false;
	*ret = (uint64_t)object->type->basicsize + count * item;
	return true;
}

/* --- itertools: arrays of indices --- */

bool pyprof_product_size(const struct pyprof_types *types,
			 const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t count;
	return pyprof_tuple_count(types, pyprof_fixed_word(types, object, 0),
				  &count) &&
	       add_array(object, count, 8, ret);
}

bool pyprof_product_buffers(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_buffer_sink *sink)
{
	uint64_t count;
	if (!pyprof_tuple_count(types, pyprof_fixed_word(types, object, 0),
				&count))
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 1), count * 8);
	return true;
}

bool pyprof_combinations_size(const struct pyprof_types *types,
			      const struct pyprof_object *object, uint64_t *ret)
{
	return add_array(object, pyprof_fixed_word(types, object, 3), 8, ret);
}

bool pyprof_combinations_buffers(const struct pyprof_types *types,
				 const struct pyprof_object *object,
				 struct pyprof_buffer_sink *sink)
{
	uint64_t count = pyprof_fixed_word(types, object, 3);
	if (count >= PYPROF_ARRAY_MAX)
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 1), count * 8);
	return true;
}

bool pyprof_permutations_size(const struct pyprof_types *types,
			      const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t count, cycles = pyprof_fixed_word(types, object, 4);
	return cycles < PYPROF_ARRAY_MAX &&
	       pyprof_tuple_count(types, pyprof_fixed_word(types, object, 0),
				  &count) &&
	       add_array(object, count + cycles, 8, ret);
}

bool pyprof_permutations_buffers(const struct pyprof_types *types,
				 const struct pyprof_object *object,
				 struct pyprof_buffer_sink *sink)
{
	uint64_t count, cycles = pyprof_fixed_word(types, object, 4);
	if (cycles >= PYPROF_ARRAY_MAX ||
	    !pyprof_tuple_count(types, pyprof_fixed_word(types, object, 0),
				&count))
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 1), count * 8);
	tell_buffer(sink, pyprof_fixed_word(types, object, 2), cycles * 8);
	return true;
}

/* --- decimal: digits outside of the object --- */

/* Flags of mpd_t: the digits are not malloc's. */
#define MPD_NOT_DYNAMIC (32 | 64 | 128)

static bool decimal_digits(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   uint64_t *count_ret)
{
	uint64_t flags = pyprof_fixed_word(types, object, 1);
	uint64_t count = pyprof_fixed_word(types, object, 5);
	*count_ret = flags & MPD_NOT_DYNAMIC ? 0 : count;
	return *count_ret < PYPROF_ARRAY_MAX;
}

bool pyprof_decimal_size(const struct pyprof_types *types,
			 const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t count;
	return decimal_digits(types, object, &count) &&
	       add_array(object, count, 8, ret);
}

bool pyprof_decimal_buffers(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_buffer_sink *sink)
{
	uint64_t count;
	if (!decimal_digits(types, object, &count))
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 6), count * 8);
	return true;
}

/* --- io --- */

/* A BytesIO counts the bytes object that it alone has. */
bool pyprof_bytesio_size(const struct pyprof_types *types,
			 const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t buffer = pyprof_fixed_word(types, object, 0);
	*ret = (uint64_t)object->type->basicsize;
	if (!buffer)
		return true;
	if (!pyprof_plausible_pointer(buffer))
		return false;
	const uint8_t *bytes = pyprof_memory_at(types->memory, buffer,
						(uint64_t)at->bytes.data);
	if (!bytes)
		return false;
	bool is_immortal = false;
	if (pyprof_refcount(types, bytes, &is_immortal) > 1 || is_immortal)
		return true;
	uint64_t length = pyprof_word(bytes, at->object.var_size);
	*ret += (uint64_t)at->bytes.data + 1 + length;
	return length < PYPROF_ARRAY_MAX;
}

bool pyprof_stringio_buffers(const struct pyprof_types *types,
			     const struct pyprof_object *object,
			     struct pyprof_buffer_sink *sink)
{
	uint64_t size = pyprof_fixed_word(types, object, 3);
	if (size >= PYPROF_ARRAY_MAX)
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 0), size * 4);
	return true;
}

bool pyprof_buffered_size(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret)
{
	bool has_buffer = pyprof_fixed_word(types, object, 5) != 0;
	return add_array(object,
			 has_buffer ? pyprof_fixed_word(types, object, 13) : 0,
			 1, ret);
}

bool pyprof_buffered_buffers(const struct pyprof_types *types,
			     const struct pyprof_object *object,
			     struct pyprof_buffer_sink *sink)
{
	uint64_t size = pyprof_fixed_word(types, object, 13);
	if (size >= PYPROF_ARRAY_MAX)
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 5), size);
	return true;
}

/* --- struct: codes, ended by one without a definition --- */

#define CODE_SIZE 32
#define CODES_MAX 100000

static bool count_codes(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t codes = pyprof_fixed_word(types, object, 2);
	*ret = 0;
	if (!codes)
		return true;
	for (uint64_t i = 0; i < CODES_MAX; i++) {
		const uint8_t *bytes = pyprof_memory_at(
			types->memory, codes + i * CODE_SIZE, CODE_SIZE);
		if (!bytes)
			return false;
		if (!pyprof_word(bytes, 0)) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

bool pyprof_struct_size(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t count;
	if (!count_codes(types, object, &count))
		return false;
	return add_array(object, count, CODE_SIZE, ret);
}

bool pyprof_struct_buffers(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buffer_sink *sink)
{
	uint64_t count;
	if (!count_codes(types, object, &count))
		return false;
	tell_buffer(sink, pyprof_fixed_word(types, object, 2),
		    count * CODE_SIZE);
	return true;
}

/* --- ctypes: data in the object, its own outside, or somebody else's --- */

bool pyprof_cdata_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	uint64_t data = pyprof_fixed_word(types, object, 0);
	bool is_own = (uint32_t)pyprof_fixed_word(types, object, 1) != 0;
	uint64_t size = pyprof_fixed_word(types, object, 3);
	if (!is_own)
		return true;
	if (size >= PYPROF_ARRAY_MAX)
		return false;
	if (data < object->address ||
	    data >= object->address + (uint64_t)object->type->basicsize)
		tell_buffer(sink, data, size);
	return true;
}

/* --- queue: a ring (3.13+) --- */

#define RING_MAX (UINT64_C(1) << 32)

struct ring {
	uint64_t items, room, first, count;
};

static bool read_ring(const struct pyprof_types *types,
		      const struct pyprof_object *object, struct ring *ret)
{
	*ret = (struct ring){
		.items = pyprof_fixed_word(types, object, 3),
		.room = pyprof_fixed_word(types, object, 4),
		.first = pyprof_fixed_word(types, object, 2),
		.count = pyprof_fixed_word(types, object, 5),
	};
	return ret->room < RING_MAX && ret->count <= ret->room &&
	       (!ret->count || ret->first < ret->room);
}

bool pyprof_queue_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	struct ring ring;
	return read_ring(types, object, &ring) &&
	       add_array(object, ring.room, 8, ret);
}

bool pyprof_queue_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	struct ring ring;
	if (!read_ring(types, object, &ring))
		return false;
	tell_buffer(sink, ring.items, ring.room * 8);
	return true;
}

bool pyprof_queue_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	struct ring ring;
	if (!read_ring(types, object, &ring))
		return false;
	const uint8_t *items =
		pyprof_memory_at(types->memory, ring.items, ring.room * 8);
	for (uint64_t i = 0; items && i < ring.count; i++)
		pyprof_edge(
			sink,
			pyprof_word(items + (ring.first + i) % ring.room * 8,
				    0),
			PYPROF_EDGE_ITEM, i);
	return items || !ring.count;
}
