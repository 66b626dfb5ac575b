// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Sizes, buffers and references of the types in fixed.def that have their
 * own.
 */
#ifndef PYPROF_CPYTHON_OBJECTS_EXTENSION_H
#define PYPROF_CPYTHON_OBJECTS_EXTENSION_H

#include "core/cpython/object.h"

#define SIZE(type)                                                    \
	bool pyprof_##type##_size(const struct pyprof_types *types,   \
				  const struct pyprof_object *object, \
				  uint64_t *ret)
#define BUFFERS(type)                                                    \
	bool pyprof_##type##_buffers(const struct pyprof_types *types,   \
				     const struct pyprof_object *object, \
				     struct pyprof_buffer_sink *sink)

#define EDGES(type)                                                    \
	bool pyprof_##type##_edges(const struct pyprof_types *types,   \
				   const struct pyprof_object *object, \
				   struct pyprof_edge_sink *sink)

SIZE(product);
SIZE(combinations);
SIZE(permutations);
SIZE(decimal);
SIZE(bytesio);
SIZE(buffered);
SIZE(struct);
/* Scalars of so many bytes. */
SIZE(numpy_1);
SIZE(numpy_2);
SIZE(numpy_4);
SIZE(numpy_8);
SIZE(numpy_16);
SIZE(numpy_32);
BUFFERS(product);
BUFFERS(combinations);
BUFFERS(permutations);
BUFFERS(decimal);
BUFFERS(stringio);
BUFFERS(buffered);
BUFFERS(struct);
BUFFERS(cdata);

SIZE(queue);
BUFFERS(queue);
EDGES(queue);
SIZE(pickler);
BUFFERS(pickler);
EDGES(pickler);
SIZE(unpickler);
BUFFERS(unpickler);
EDGES(unpickler);

#undef SIZE
#undef BUFFERS
#undef EDGES

/** No array of an object is longer. */
#define PYPROF_ARRAY_MAX (UINT64_C(1) << 48)

/** Items of a tuple in the target; false when it is none. */
static inline bool pyprof_tuple_count(const struct pyprof_types *types,
				      uint64_t tuple, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!pyprof_plausible_pointer(tuple))
		return false;
	const uint8_t *bytes = pyprof_memory_at(types->memory, tuple,
						(uint64_t)at->tuple.items);
	if (!bytes)
		return false;
	*ret = pyprof_word(bytes, at->object.var_size);
	return *ret < PYPROF_ARRAY_MAX;
}

#endif /* PYPROF_CPYTHON_OBJECTS_EXTENSION_H */
