// SPDX-License-Identifier: Apache-2.0
//
// functools.lru_cache() and itertools.tee().
#include "core/cpython/objects/fixed.h"
#include "core/cpython/objects/members.h"

/* Elements of one cache. */
#define ELEMENTS_MAX (UINT64_C(1) << 32)

static const struct pyprof_object_member lru_members[] = {
	PYPROF_MEMBER(lru_cache, cache, "(cache)"),
	PYPROF_MEMBER(lru_cache, function, "__wrapped__"),
	PYPROF_MEMBER(lru_cache, cache_info_type, "(cache_info)"),
	PYPROF_MEMBER(lru_cache, kwd_mark, "(mark)"),
	PYPROF_MEMBER(lru_cache, element_type, "(element)"),
	{},
};

/* The element after one; NULL at the end of the ring, or when it is damaged. */
static const uint8_t *next_element(const struct pyprof_types *types,
				   const struct pyprof_object *object,
				   const uint8_t *element, uint64_t *address,
				   uint64_t *left, bool *is_good)
{
	const struct pyprof_offsets *at = &types->layout->at;
	*address = pyprof_word(element, at->lru_element.next);
	if (!*address || *address == object->address)
		return NULL;
	element = NULL;
	if (pyprof_plausible_pointer(*address) && *left) {
		--*left;
		element = pyprof_memory_at(types->memory, *address,
					   (uint64_t)at->lru_element.size);
	}
	*is_good = element != NULL;
	return element;
}

/*
 * The elements are values of the cache's dict, which holds them; they hold
 * keys and results, of which only the cache tells. It begins with an element,
 * the root of their ring.
 */
static bool lru_edges(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	bool is_good = true;
	bool has_type = pyprof_has(types->layout, lru_cache.element_type);
	unsigned kind = PYPROF_EDGE_MEMBER | PYPROF_EDGE_BORROWED;
	pyprof_members_tell(types, object->bytes, true, lru_members, sink);
	uint64_t address, left = ELEMENTS_MAX;
	const uint8_t *element = object->bytes;
	while ((element = next_element(types, object, element, &address, &left,
				       &is_good))) {
		pyprof_edge(sink, pyprof_word(element, at->lru_element.key),
			    kind, (uintptr_t) "(key)");
		pyprof_edge(sink, pyprof_word(element, at->lru_element.result),
			    kind, (uintptr_t) "(result)");
		if (has_type)
			pyprof_edge(sink, pyprof_word(element, at->object.type),
				    kind, (uintptr_t) "(element)");
	}
	return is_good;
}

const struct pyprof_kind pyprof_kind_lru_cache = {
	.name = "functools._lru_cache_wrapper",
	.size_position = PYPROF_SIZE_OF(lru_cache),
	.edges = lru_edges,
};

/* Words: iterator, how many were read, the next block, the values. */
#define TEE_VALUES 57

static bool tee_edges(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_edge_sink *sink)
{
	uint32_t count = (uint32_t)pyprof_fixed_word(types, object, 1);
	pyprof_edge(sink, pyprof_fixed_word(types, object, 0),
		    PYPROF_EDGE_MEMBER, (uintptr_t) "it");
	pyprof_edge(sink, pyprof_fixed_word(types, object, 2),
		    PYPROF_EDGE_MEMBER, (uintptr_t) "next");
	if (count > TEE_VALUES)
		return false;
	for (uint32_t i = 0; i < count; i++)
		pyprof_edge(sink, pyprof_fixed_word(types, object, 3 + (int)i),
			    PYPROF_EDGE_ITEM, i);
	return true;
}

static bool tee_fits(const struct pyprof_kind *kind,
		     const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return basicsize == layout->at.object.size + 8 * (3 + TEE_VALUES);
}

const struct pyprof_kind pyprof_kind_tee_data = {
	.name = "itertools._tee_dataobject",
	.size_position = -1,
	.fits = tee_fits,
	.edges = tee_edges,
};
