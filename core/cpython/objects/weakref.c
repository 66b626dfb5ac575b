// SPDX-License-Identifier: Apache-2.0
//
// Weak references and proxies.
#include "core/cpython/objects/members.h"

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER(weakref, callback, "__callback__"),
	{},
};

static bool is_none(const struct pyprof_types *types, uint64_t address)
{
	int32_t offset = types->layout->at.object.type;
	if (!pyprof_plausible_pointer(address))
		return true;
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, address, (uint64_t)offset + 8);
	return bytes && pyprof_word(bytes, offset) == types->python->none_type;
}

static bool weakref_edges(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_edge_sink *sink)
{
	pyprof_members_tell(types, object->bytes, true, members, sink);
	uint64_t target =
		pyprof_word(object->bytes, types->layout->at.weakref.object);
	/* A reference to what is gone refers to None. */
	if (!is_none(types, target))
		pyprof_edge(sink, target, PYPROF_EDGE_WEAK | PYPROF_EDGE_UNTOLD,
			    (uintptr_t) "(referent)");
	return true;
}

#define WEAKREF(symbol, type_name)                        \
	const struct pyprof_kind pyprof_kind_##symbol = { \
		.name = type_name,                        \
		.size_position = PYPROF_SIZE_OF(weakref), \
		.edges = weakref_edges,                   \
	};

WEAKREF(weakref, "weakref.ReferenceType")
WEAKREF(weakproxy, "weakref.ProxyType")
WEAKREF(weakcallableproxy, "weakref.CallableProxyType")
/* 3.8, 3.9 */
WEAKREF(old_weakref, "weakref")
WEAKREF(old_weakproxy, "weakproxy")
WEAKREF(old_weakcallableproxy, "weakcallableproxy")
