// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/text_view.h"

#include <string.h>

/* Py_TPFLAGS_BYTES_SUBCLASS and Py_TPFLAGS_UNICODE_SUBCLASS. */
#define TYPE_IS_BYTES (UINT64_C(1) << 27)
#define TYPE_IS_STR (UINT64_C(1) << 28)

/* From the lowest bit of a str's kind to the bits behind it. */
#define COMPACT_BIT 3
#define ASCII_BIT 4

bool pyprof_text_is_plain(const struct pyprof_type *type)
{
	if (type->is_heap_type)
		return false;
	if (type->flags & TYPE_IS_STR)
		return strcmp(type->name, "str") == 0;
	return type->flags & TYPE_IS_BYTES && strcmp(type->name, "bytes") == 0;
}

static bool view_bytes(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_text_view *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t size = pyprof_word(object->bytes, at->object.var_size);
	const uint8_t *bytes = pyprof_memory_at(
		types->memory, object->address + at->bytes.data, size);
	if (!bytes)
		return false;
	*ret = (struct pyprof_text_view){bytes, size, size, false};
	return true;
}

static bool view_str(const struct pyprof_types *types,
		     const struct pyprof_object *object,
		     struct pyprof_text_view *ret)
{
	const struct pyprof_layout *layout = types->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint32_t state;
	memcpy(&state, object->bytes + at->unicode.state, sizeof(state));
	state >>= layout->unicode_kind_shift;
	unsigned width = state & 7;
	bool is_ascii = state >> ASCII_BIT & 1;
	if ((width != 1 && width != 2 && width != 4) ||
	    (is_ascii && width != 1))
		return false;
	uint64_t length = pyprof_word(object->bytes, at->unicode.length);
	uint64_t where = object->address, size;
	if (__builtin_mul_overflow(length, width, &size))
		return false;
	if (!(state >> COMPACT_BIT & 1))
		where = pyprof_word(object->bytes, at->unicode.data);
	else
		where += is_ascii ? at->unicode.ascii_data
				  : at->unicode.compact_data;
	const uint8_t *bytes = pyprof_memory_at(types->memory, where, size);
	if (!bytes)
		return false;
	*ret = (struct pyprof_text_view){bytes, size, length, true};
	return true;
}

bool pyprof_text_view(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_text_view *ret)
{
	if (object->type->flags & TYPE_IS_STR)
		return view_str(types, object, ret);
	if (object->type->flags & TYPE_IS_BYTES)
		return view_bytes(types, object, ret);
	return false;
}
