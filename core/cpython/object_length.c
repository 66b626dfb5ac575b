// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/cpython/object.h"

/* Bits of tp_flags that subclasses have, too. */
enum { LIST = 25, TUPLE = 26, BYTES = 27, UNICODE = 28, DICT = 29 };

/** Where the length stands in an object of a type; PYPROF_ABSENT: it has none
 * that is known of. */
static int32_t length_offset(const struct pyprof_layout *layout,
			     const struct pyprof_type *type)
{
	static const char *const counted[] = {"bytearray", "collections.deque",
					      "array.array", NULL};
	const struct pyprof_offsets *at = &layout->at;
	if (type->flags >> DICT & 1)
		return at->dict.used;
	if (type->flags >> UNICODE & 1)
		return at->unicode.length;
	if (type->flags >> LIST & 1 || type->flags >> TUPLE & 1 ||
	    type->flags >> BYTES & 1)
		return at->object.var_size;
	if (!type->kind)
		return PYPROF_ABSENT;
	if (strcmp(type->kind->name, "set") == 0 ||
	    strcmp(type->kind->name, "frozenset") == 0)
		return at->set.used;
	for (size_t i = 0; counted[i]; i++)
		if (strcmp(type->kind->name, counted[i]) == 0)
			return at->object.var_size;
	return PYPROF_ABSENT;
}

bool pyprof_object_length(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret)
{
	int32_t offset = length_offset(types->layout, object->type);
	if (offset == PYPROF_ABSENT || offset < 0 ||
	    offset + 8 > object->type->basicsize)
		return false;
	uint64_t length = pyprof_word(object->bytes, offset);
	if (length >> 47)
		return false;
	*ret = length;
	return true;
}
