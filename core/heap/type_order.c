// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/heap/heap.h"

/** By what types are sorted: figures, then names. */
static int compare_types(const struct pyprof_heap_type *one,
			 const struct pyprof_heap_type *other, uint64_t key,
			 uint64_t other_key)
{
	if (key != other_key)
		return key < other_key ? 1 : -1;
	int names = strcmp(one->type->name, other->type->name);
	return names ? names : pyprof_type_compare(one->type, other->type);
}

#define COMPARE(name, member)                                                  \
	static int compare_##name(const void *a, const void *b)                \
	{                                                                      \
		const struct pyprof_heap_type *const *one = a, *const *other = \
								       b;      \
		return compare_types(*one, *other, (*one)->member,             \
				     (*other)->member);                        \
	}
COMPARE(size, exclusive)
COMPARE(retained, retained)
COMPARE(count, count)
#undef COMPARE

struct pyprof_error *
pyprof_heap_sort_types(const struct pyprof_heap *heap,
		       enum pyprof_heap_sort sort,
		       const struct pyprof_heap_type ***ret, size_t *count_ret)
{
	static int (*const compares[])(const void *a, const void *b) = {
		[PYPROF_HEAP_BY_SIZE] = compare_size,
		[PYPROF_HEAP_BY_RETAINED] = compare_retained,
		[PYPROF_HEAP_BY_COUNT] = compare_count,
	};
	size_t count = 0;
	const struct pyprof_heap_type **types = calloc(
		heap->by_type.count + 1, sizeof(struct pyprof_heap_type *));
	if (!types)
		return pyprof_error_oom();
	for (size_t i = 0; i < heap->by_type.count; i++)
		if (heap->by_type.items[i].type && heap->by_type.items[i].count)
			types[count++] = &heap->by_type.items[i];
	qsort(types, count, sizeof(*types), compares[sort]);
	*ret = types;
	*count_ret = count;
	return NULL;
}
