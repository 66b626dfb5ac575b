// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Conditions on objects, for `heap find --where`: comparisons joined by `and`.
 *
 *     size > 1mb
 *     len >= 10 and refcount == 1
 *     .name == 'x'
 *
 * `size` (with the buffers that the object owns), `shallow`, `block`, `len`,
 * `refcount` and `retained` are numbers, with a unit or not. Any other name is
 * an attribute, and so is any with a point in front; its value is an int, or a
 * str in quotes, or True, False or None. An object without the attribute, or
 * with one of another type, does not meet the condition, not even by `!=`.
 */
#ifndef PYPROF_COMMAND_HEAP_WHERE_H
#define PYPROF_COMMAND_HEAP_WHERE_H

#include "core/heap/heap.h"

struct pyprof_where;

/** USAGE, quoting what is wrong. */
struct pyprof_error *pyprof_where_parse(const char *text,
					struct pyprof_where **ret)
	PYPROF_MUST_CHECK;
void pyprof_where_destroy(struct pyprof_where *where);
PYPROF_DEFINE_CLEANUP(pyprof_where, struct pyprof_where *, pyprof_where_destroy)

/** Whether a heap has to be dominated to tell. */
bool pyprof_where_needs_retained(const struct pyprof_where *where);

bool pyprof_where_matches(struct pyprof_where *where,
			  const struct pyprof_heap *heap, uint32_t id,
			  const struct pyprof_object *object);

#endif /* PYPROF_COMMAND_HEAP_WHERE_H */
