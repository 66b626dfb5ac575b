// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * How a str keeps its characters. Reads nothing but the object itself.
 */
#ifndef PYPROF_CPYTHON_OBJECTS_STRING_H
#define PYPROF_CPYTHON_OBJECTS_STRING_H

#include "core/cpython/layout.h"

struct pyprof_str {
	/** Bytes a character: 1, 2, 4; 0 in a str not made ready, 3.8-3.11. */
	unsigned kind;
	bool is_compact, is_ascii;
	/** The length in characters. */
	uint64_t length;
	/** Bytes of the object: header, and characters when compact. */
	uint64_t size;
};

/** The bytes of a str that pyprof_str_read() reads. */
static inline uint64_t pyprof_str_header(const struct pyprof_layout *layout)
{
	return (uint64_t)layout->at.unicode.ascii_data;
}

/** False when it cannot be one. */
static inline bool pyprof_str_read(const struct pyprof_layout *layout,
				   const uint8_t *bytes, struct pyprof_str *ret)
{
	uint32_t state;
	__builtin_memcpy(&state, bytes + layout->at.unicode.state, 4);
	__builtin_memcpy(&ret->length, bytes + layout->at.unicode.length, 8);
	state >>= layout->unicode_kind_shift;
	ret->kind = state & 7;
	ret->is_compact = state >> 3 & 1;
	ret->is_ascii = state >> 4 & 1;
	if (ret->kind == 3 || ret->kind > 4 || ret->length >> 40 ||
	    (ret->is_compact && !ret->kind))
		return false;
	if (!ret->is_compact)
		ret->size = (uint64_t)layout->at.unicode.size;
	else if (ret->is_ascii)
		ret->size = (uint64_t)layout->at.unicode.ascii_data +
			    ret->length + 1;
	else
		ret->size = (uint64_t)layout->at.unicode.compact_data +
			    (ret->length + 1) * ret->kind;
	return true;
}

#endif /* PYPROF_CPYTHON_OBJECTS_STRING_H */
