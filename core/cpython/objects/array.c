// SPDX-License-Identifier: Apache-2.0
//
// array.array and numpy.ndarray.
#include "core/cpython/objects/extension.h"
#include "core/cpython/objects/fixed.h"

/* --- array.array --- */

/* The size of items is in a description that belongs to the module. */
static bool array_bytes(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t count = pyprof_word(object->bytes, at->array.allocated);
	uint64_t descr = pyprof_word(object->bytes, at->array.descr);
	*ret = 0;
	if (!count)
		return true;
	uint32_t itemsize;
	struct pyprof_error *err = pyprof_target_read_u32(
		types->python->target,
		descr + (uint64_t)at->array.descr_itemsize, &itemsize);
	if (err) {
		pyprof_error_destroy(err);
		return false;
	}
	*ret = count * itemsize;
	return count < PYPROF_ARRAY_MAX && itemsize <= 16;
}

static bool array_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t size;
	if (!array_bytes(types, object, &size))
		return false;
	*ret = (uint64_t)object->type->basicsize + size;
	return true;
}

static bool array_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	uint64_t size;
	if (!array_bytes(types, object, &size))
		return false;
	uint64_t items =
		pyprof_word(object->bytes, types->layout->at.array.items);
	if (items && size)
		sink->buffer(sink, items, size);
	return true;
}

const struct pyprof_kind pyprof_kind_array = {
	.name = "array.array",
	.size_position = PYPROF_SIZE_OF(array),
	.size = array_size,
	.buffers = array_buffers,
};

/* --- numpy --- */

/* Words of an array behind the header. */
enum {
	NUMPY_DATA,
	NUMPY_DIMENSION_COUNT,
	NUMPY_DIMENSIONS,
	NUMPY_STRIDES,
	NUMPY_BASE,
	NUMPY_DTYPE,
	NUMPY_FLAGS,
	NUMPY_WEAKREFS,
	NUMPY_BUFFER_INFO,
	NUMPY_MEMORY_HANDLER,
};
/* The array owns its data. */
#define NUMPY_OWNDATA 4
#define NUMPY_DIMENSIONS_MAX 64

/* Words of a dtype: numpy 1 has 32 bits of item size beside the alignment,
 * numpy 2 a word, after its flags. */
#define DTYPE_SIZE_1 80
#define DTYPE_SIZE_2 104

static bool dtype_itemsize(const struct pyprof_types *types, uint64_t dtype,
			   uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	int32_t header = at->object.size;
	if (!pyprof_plausible_pointer(dtype))
		return false;
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, dtype, (uint64_t)header + 48);
	if (!bytes)
		return false;
	/* Which it is its alignment tells: a small power of two. */
	uint64_t type = pyprof_word(bytes, at->object.type);
	const uint8_t *type_bytes =
		pyprof_memory_at(types->memory, type, (uint64_t)at->type.size);
	if (!type_bytes)
		return false;
	int64_t size =
		(int64_t)pyprof_word(type_bytes, at->type.basicsize) - header;
	if (size == DTYPE_SIZE_1)
		*ret = (uint32_t)pyprof_word(bytes, header + 16);
	else if (size >= DTYPE_SIZE_2)
		*ret = pyprof_word(bytes, header + 24);
	else
		return false;
	return *ret < PYPROF_ARRAY_MAX;
}

/* The bytes of data that an array owns. */
static bool numpy_bytes(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret)
{
	*ret = 0;
	if (!(pyprof_fixed_word(types, object, NUMPY_FLAGS) & NUMPY_OWNDATA))
		return true;
	uint64_t size;
	uint32_t count = (uint32_t)pyprof_fixed_word(types, object,
						     NUMPY_DIMENSION_COUNT);
	if (count > NUMPY_DIMENSIONS_MAX ||
	    !dtype_itemsize(types,
			    pyprof_fixed_word(types, object, NUMPY_DTYPE),
			    &size))
		return false;
	const uint8_t *dimensions = pyprof_memory_at(
		types->memory,
		pyprof_fixed_word(types, object, NUMPY_DIMENSIONS), 8 * count);
	if (count && !dimensions)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t dimension = pyprof_word(dimensions, (int32_t)(8 * i));
		if (dimension && size > PYPROF_ARRAY_MAX / dimension)
			return false;
		size *= dimension;
	}
	*ret = size;
	return true;
}

static bool numpy_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t size;
	uint32_t count = (uint32_t)pyprof_fixed_word(types, object,
						     NUMPY_DIMENSION_COUNT);
	if (!numpy_bytes(types, object, &size) || count > NUMPY_DIMENSIONS_MAX)
		return false;
	*ret = (uint64_t)object->type->basicsize + size + 16 * count;
	return true;
}

static bool numpy_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	unsigned kind = PYPROF_EDGE_MEMBER | PYPROF_EDGE_UNTOLD;
	pyprof_edge(sink, pyprof_fixed_word(types, object, NUMPY_BASE), kind,
		    (uintptr_t) "base");
	pyprof_edge(sink, pyprof_fixed_word(types, object, NUMPY_DTYPE), kind,
		    (uintptr_t) "dtype");
	int32_t header = types->layout->at.object.size;
	if (object->type->basicsize >= header + 8 * (NUMPY_MEMORY_HANDLER + 1))
		pyprof_edge(
			sink,
			pyprof_fixed_word(types, object, NUMPY_MEMORY_HANDLER),
			kind, (uintptr_t) "(memory handler)");
	return true;
}

static bool numpy_buffers(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buffer_sink *sink)
{
	uint64_t size;
	uint32_t count = (uint32_t)pyprof_fixed_word(types, object,
						     NUMPY_DIMENSION_COUNT);
	if (!numpy_bytes(types, object, &size) || count > NUMPY_DIMENSIONS_MAX)
		return false;
	uint64_t data = pyprof_fixed_word(types, object, NUMPY_DATA);
	uint64_t dimensions =
		pyprof_fixed_word(types, object, NUMPY_DIMENSIONS);
	if (data && size)
		sink->buffer(sink, data, size);
	/* The strides are behind the dimensions. */
	if (dimensions && count)
		sink->buffer(sink, dimensions, 16 * count);
	return true;
}

static bool numpy_fits(const struct pyprof_kind *kind,
		       const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	int64_t words = (basicsize - layout->at.object.size) / 8;
	return words > NUMPY_WEAKREFS && words <= NUMPY_MEMORY_HANDLER + 1;
}

const struct pyprof_kind pyprof_kind_numpy_array = {
	.name = "numpy.ndarray",
	.size_position = -1,
	.fits = numpy_fits,
	.size = numpy_size,
	.edges = numpy_edges,
	.buffers = numpy_buffers,
};

#define SCALAR_SIZE(bytes)                                                   \
	bool pyprof_numpy_##bytes##_size(const struct pyprof_types *types,   \
					 const struct pyprof_object *object, \
					 uint64_t *ret)                      \
	{                                                                    \
		(void)types;                                                 \
		*ret = (uint64_t)object->type->basicsize + (bytes);          \
		return true;                                                 \
	}

SCALAR_SIZE(1)
SCALAR_SIZE(2)
SCALAR_SIZE(4)
SCALAR_SIZE(8)
SCALAR_SIZE(16)
SCALAR_SIZE(32)
