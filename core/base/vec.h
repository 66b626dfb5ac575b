// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Typed growing arrays: `PYPROF_VEC(struct point) points = {};` declares one.
 *
 * A zeroed vector is empty and owns nothing. Elements move when it grows: keep
 * indices, not pointers.
 */
#ifndef PYPROF_BASE_VEC_H
#define PYPROF_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/** An anonymous vector type of elements of `type`. */
#define PYPROF_VEC(type)         \
	struct {                 \
		type *items;     \
		size_t count;    \
		size_t capacity; \
	}

/**
 * Grow `*items` to hold at least `needed` elements of `size` bytes.
 *
 * @return false when out of memory; nothing has changed then.
 */
static inline bool pyprof_vec_grow(void **items, size_t *capacity,
				   size_t needed, size_t size)
{
	if (needed <= *capacity)
		return true;
	size_t grown = *capacity ? *capacity * 2 : 8;
	if (grown < needed)
		grown = needed;
	void *moved = reallocarray(*items, grown, size);
	if (!moved)
		return false;
	*items = moved;
	*capacity = grown;
	return true;
}

/** Make room for `extra` more elements. False when out of memory. */
#define pyprof_vec_reserve(vec, extra)                            \
	pyprof_vec_grow((void **)&(vec)->items, &(vec)->capacity, \
			(vec)->count + (extra), sizeof(*(vec)->items))

/** Append one element. False, with nothing changed, when out of memory. */
#define pyprof_vec_push(vec, ...)                                       \
	(pyprof_vec_reserve(vec, 1)                                     \
		 ? ((vec)->items[(vec)->count++] = (__VA_ARGS__), true) \
		 : false)

/** Release the elements; the vector is empty again. */
#define pyprof_vec_deinit(vec)                      \
	do {                                        \
		free((vec)->items);                 \
		(vec)->items = NULL;                \
		(vec)->count = (vec)->capacity = 0; \
	} while (0)

#endif /* PYPROF_BASE_VEC_H */
