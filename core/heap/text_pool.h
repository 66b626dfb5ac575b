// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * All plain text of a heap, one by one: str and bytes objects with a hash of
 * their contents; a part of strings.c.
 */
#ifndef PYPROF_HEAP_TEXT_POOL_H
#define PYPROF_HEAP_TEXT_POOL_H

#include "core/cpython/text_view.h"
#include "core/heap/heap.h"

/** A str or bytes object. */
struct pyprof_pooled_text {
	uint32_t id;
	uint32_t hash;
	struct pyprof_object object;
	struct pyprof_text_view view;
};

/** Tell of all, in order of id. What `each` returns ends it. */
struct pyprof_error *pyprof_text_pool_walk(
	const struct pyprof_heap *heap, const struct pyprof_progress *progress,
	struct pyprof_error *(*each)(void *context,
				     const struct pyprof_pooled_text *text),
	void *context) PYPROF_MUST_CHECK;

/** One of them again, by its id. */
bool pyprof_text_pool_get(const struct pyprof_heap *heap, uint32_t id,
			  struct pyprof_pooled_text *ret);

static inline bool pyprof_text_is_equal(const struct pyprof_pooled_text *a,
					const struct pyprof_pooled_text *b)
{
	return a->object.type == b->object.type &&
	       a->view.size == b->view.size &&
	       a->view.length == b->view.length &&
	       __builtin_memcmp(a->view.bytes, b->view.bytes, a->view.size) ==
		       0;
}

#endif /* PYPROF_HEAP_TEXT_POOL_H */
