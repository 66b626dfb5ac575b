// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The characters of str and bytes objects where they stand in a memory: looked
 * at by the million, and not copied. text.h reads single ones.
 */
#ifndef PYPROF_CPYTHON_TEXT_VIEW_H
#define PYPROF_CPYTHON_TEXT_VIEW_H

#include "core/cpython/object.h"

struct pyprof_text_view {
	const uint8_t *bytes;
	/** Bytes, and code points (of a bytes object: bytes). */
	uint64_t size, length;
	bool is_str;
};

/** Whether a type is str or bytes itself, and not derived from them. */
bool pyprof_text_is_plain(const struct pyprof_type *type);

/**
 * The text of an object of such a type, or of one derived; false when it is
 * another one, damaged, or not all there. Equal texts of one type have equal
 * bytes: a str is stored in the narrowest way that it fits.
 */
bool pyprof_text_view(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_text_view *ret);

#endif /* PYPROF_CPYTHON_TEXT_VIEW_H */
