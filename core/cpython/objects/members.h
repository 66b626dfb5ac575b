// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Objects whose references are members at fixed places: tables of them, and
 * what tells of them.
 *
 * Two sorts of tables. Members that offsets.def lists are named by
 * PYPROF_MEMBER(). Small types that no header declares, and of which nothing
 * else is wanted, are rows of members.def, found by name and size.
 */
#ifndef PYPROF_CPYTHON_OBJECTS_MEMBERS_H
#define PYPROF_CPYTHON_OBJECTS_MEMBERS_H

#include "core/cpython/object.h"

/** gc.get_referents() never tells of a member. */
#define PYPROF_NEVER_TOLD 255
/** It does where it tells of the names of type variables. */
#define PYPROF_TOLD_AS_TYPE_VAR 254

struct pyprof_object_member {
	/** Where its offset stands in struct pyprof_offsets. */
	size_t position;
	/** NULL ends a table. */
	const char *name;
	/** The first version, 3.X, whose gc.get_referents() tells of it. */
	uint8_t told_from;
};

#define PYPROF_MEMBER(structure, field, name)                             \
	{                                                                 \
		offsetof(struct pyprof_offsets, structure.field), name, 0 \
	}
#define PYPROF_MEMBER_TOLD_FROM(structure, field, name, minor)                \
	{                                                                     \
		offsetof(struct pyprof_offsets, structure.field), name, minor \
	}
#define PYPROF_MEMBER_UNTOLD(structure, field, name)                    \
	{                                                               \
		offsetof(struct pyprof_offsets, structure.field), name, \
			PYPROF_NEVER_TOLD                               \
	}

/** Whether gc.get_referents() tells of what it does from a version on. */
static inline bool pyprof_is_told(const struct pyprof_layout *layout,
				  uint8_t from)
{
	if (from == PYPROF_TOLD_AS_TYPE_VAR)
		return layout->objects.type_vars_tell_name;
	return !from || (from != PYPROF_NEVER_TOLD &&
			 pyprof_layout_is_within(layout, from, INT32_MAX));
}

static inline int32_t pyprof_offset_at(const struct pyprof_layout *layout,
				       size_t position)
{
	int32_t offset;
	__builtin_memcpy(&offset, (const char *)&layout->at + position,
			 sizeof(offset));
	return offset;
}

/** Tell of the members of a table; `is_gc`: that the collector knows it. */
static inline void
pyprof_members_tell(const struct pyprof_types *types, const uint8_t *bytes,
		    bool is_gc, const struct pyprof_object_member *members,
		    struct pyprof_edge_sink *sink)
{
	for (; members->name; members++) {
		int32_t offset =
			pyprof_offset_at(types->layout, members->position);
		if (offset == PYPROF_ABSENT)
			continue;
		unsigned kind = PYPROF_EDGE_MEMBER;
		if (!is_gc ||
		    !pyprof_is_told(types->layout, members->told_from))
			kind |= PYPROF_EDGE_UNTOLD;
		pyprof_edge(sink, pyprof_word(bytes, offset), kind,
			    (uintptr_t)members->name);
	}
}

/** A function for pyprof_kind.edges that tells of a table. */
#define PYPROF_DEFINE_MEMBER_EDGES(function, table)                            \
	static bool function(const struct pyprof_types *types,                 \
			     const struct pyprof_object *object,               \
			     struct pyprof_edge_sink *sink)                    \
	{                                                                      \
		pyprof_members_tell(types, object->bytes, object->type->is_gc, \
				    table, sink);                              \
		return true;                                                   \
	}

#endif /* PYPROF_CPYTHON_OBJECTS_MEMBERS_H */
