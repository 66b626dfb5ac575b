// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What is found out of one type, once it is known to be one: its name, its
 * kind, and what its objects are made of. For types.c alone.
 */
#ifndef PYPROF_CPYTHON_TYPE_LESSON_H
#define PYPROF_CPYTHON_TYPE_LESSON_H

#include "core/cpython/object.h"

/** A type while it is being learned. */
struct pyprof_lesson {
	struct pyprof_types *types;
	uint64_t address;
	/** All that pyprof_offsets.type tells of is there. */
	const uint8_t *bytes;
	/** NULL for `object`. */
	const struct pyprof_type *base;
	/** What is filled in; zeros before. */
	struct pyprof_type *type;
	/** tp_name, "" when it cannot be read. */
	char tp_name[256];
	/** Its kind is that of its own name, and not one of its base's. */
	bool has_own_kind;
};

/**
 * Fill in `type`. False when it is none after all, and, `types->failed`, when
 * out of memory.
 */
bool pyprof_lesson_take(struct pyprof_lesson *lesson);

#endif /* PYPROF_CPYTHON_TYPE_LESSON_H */
