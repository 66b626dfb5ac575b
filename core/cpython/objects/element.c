// SPDX-License-Identifier: Apache-2.0
//
// xml.etree.ElementTree.Element. Attributes and children are in a block of
// their own, which has room for a few children itself.
#include "core/cpython/objects/fixed.h"

/* Words of an element, and of that block. */
enum {
	ELEMENT_TAG,
	ELEMENT_TEXT,
	ELEMENT_TAIL,
	ELEMENT_EXTRA,
	ELEMENT_WEAKREFS,
	ELEMENT_WORDS,
};
enum {
	EXTRA_ATTRIBUTES,
	EXTRA_LENGTH,
	EXTRA_ALLOCATED,
	EXTRA_CHILDREN,
	EXTRA_OWN_CHILDREN,
	EXTRA_WORDS = EXTRA_OWN_CHILDREN + 4,
};
#define CHILDREN_MAX (UINT64_C(1) << 40)
/* Of text that is a list of pieces still to be joined. */
#define TO_BE_JOINED UINT64_C(1)

struct extra {
	/* NULL: there is none. */
	const uint8_t *bytes;
	uint64_t address, length, allocated, children;
	/* The children are outside of the block. */
	bool has_array;
};

static bool read_extra(const struct pyprof_types *types,
		       const struct pyprof_object *object, struct extra *ret)
{
	*ret = (struct extra){
		.address = pyprof_fixed_word(types, object, ELEMENT_EXTRA),
	};
	if (!ret->address)
		return true;
	ret->bytes =
		pyprof_memory_at(types->memory, ret->address, 8 * EXTRA_WORDS);
	if (!ret->bytes)
		return false;
	ret->length = pyprof_word(ret->bytes, 8 * EXTRA_LENGTH);
	ret->allocated = pyprof_word(ret->bytes, 8 * EXTRA_ALLOCATED);
	ret->children = pyprof_word(ret->bytes, 8 * EXTRA_CHILDREN);
	ret->has_array = ret->children != ret->address + 8 * EXTRA_OWN_CHILDREN;
	return ret->length <= ret->allocated && ret->allocated < CHILDREN_MAX;
}

static bool element_edges(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_edge_sink *sink)
{
	static const char *const names[] = {"tag", "text", "tail"};
	for (int i = ELEMENT_TAG; i <= ELEMENT_TAIL; i++)
		pyprof_edge(sink,
			    pyprof_fixed_word(types, object, i) & ~TO_BE_JOINED,
			    PYPROF_EDGE_MEMBER, (uintptr_t)names[i]);
	struct extra extra;
	if (!read_extra(types, object, &extra))
		return false;
	if (!extra.bytes)
		return true;
	pyprof_edge(sink, pyprof_word(extra.bytes, 8 * EXTRA_ATTRIBUTES),
		    PYPROF_EDGE_MEMBER, (uintptr_t) "attrib");
	const uint8_t *children = pyprof_memory_at(
		types->memory, extra.children, 8 * extra.length);
	if (extra.length && !children)
		return false;
	for (uint64_t i = 0; i < extra.length; i++)
		pyprof_edge(sink, pyprof_word(children + 8 * i, 0),
			    PYPROF_EDGE_ITEM, i);
	return true;
}

static bool element_size(const struct pyprof_types *types,
			 const struct pyprof_object *object, uint64_t *ret)
{
	struct extra extra;
	if (!read_extra(types, object, &extra))
		return false;
	*ret = (uint64_t)object->type->basicsize;
	if (extra.bytes)
		*ret += 8 * EXTRA_WORDS;
	if (extra.has_array)
		*ret += 8 * extra.allocated;
	return true;
}

static bool element_buffers(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_buffer_sink *sink)
{
	struct extra extra;
	if (!read_extra(types, object, &extra))
		return false;
	if (extra.bytes)
		sink->buffer(sink, extra.address, 8 * EXTRA_WORDS);
	if (extra.has_array && extra.children)
		sink->buffer(sink, extra.children, 8 * extra.allocated);
	return true;
}

static bool element_fits(const struct pyprof_kind *kind,
			 const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return basicsize == layout->at.object.size + 8 * ELEMENT_WORDS;
}

const struct pyprof_kind pyprof_kind_element = {
	.name = "xml.etree.ElementTree.Element",
	.size_position = -1,
	.fits = element_fits,
	.size = element_size,
	.edges = element_edges,
	.buffers = element_buffers,
};
