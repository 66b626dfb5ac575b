// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/objects/fixed.h"

#include "core/cpython/objects/extension.h"
#include "core/cpython/objects/members.h"

static bool fixed_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	const struct pyprof_fixed_kind *fixed = pyprof_fixed_kind(object);
	const struct pyprof_fixed_word *word = fixed->words;
	for (; word->name; word++) {
		unsigned kind = PYPROF_EDGE_MEMBER;
		if (!object->type->is_gc ||
		    !pyprof_is_told(types->layout, word->told_from))
			kind |= PYPROF_EDGE_UNTOLD;
		pyprof_edge(sink, pyprof_fixed_word(types, object, word->index),
			    kind, (uintptr_t)word->name);
	}
	return !fixed->more || fixed->more(types, object, sink);
}

static bool fixed_fits(const struct pyprof_kind *kind,
		       const struct pyprof_layout *layout, int64_t basicsize)
{
	const struct pyprof_fixed_kind *fixed =
		(const struct pyprof_fixed_kind *)(const void *)kind;
	if (!pyprof_layout_is_within(layout, fixed->first, fixed->last))
		return false;
	if (fixed->word_count)
		return basicsize ==
		       layout->at.object.size + 8 * fixed->word_count;
	for (const struct pyprof_fixed_word *word = fixed->words; word->name;
	     word++) {
		if (basicsize < layout->at.object.size + 8 * (word->index + 1))
			return false;
	}
	return true;
}

#define NONE \
	{    \
	}
#define TOLD(index, name)      \
	{                      \
		index, 0, name \
	}
#define TOLD_FROM(index, name, minor) \
	{                             \
		index, minor, name    \
	}
#define TYPE_VAR_NAME(index)                               \
	{                                                  \
		index, PYPROF_TOLD_AS_TYPE_VAR, "__name__" \
	}
#define UNTOLD(index, name)                    \
	{                                      \
		index, PYPROF_NEVER_TOLD, name \
	}

#define FIXED_FULL(symbol, type_name, word_count, first, last, size_of, \
		   buffers_of, more_of, ...)                            \
	const struct pyprof_fixed_kind pyprof_fixed_##symbol = {        \
		{.name = type_name,                                     \
		 .size_position = -1,                                   \
		 .fits = fixed_fits,                                    \
		 .size = size_of,                                       \
		 .edges = fixed_edges,                                  \
		 .buffers = buffers_of},                                \
		word_count,                                             \
		first,                                                  \
		last,                                                   \
		(const struct pyprof_fixed_word[]){__VA_ARGS__, {}},    \
		more_of,                                                \
	};
#define FIXED_SIZED(symbol, type_name, word_count, first, last, size_of, \
		    buffers_of, ...)                                     \
	FIXED_FULL(symbol, type_name, word_count, first, last, size_of,  \
		   buffers_of, NULL, __VA_ARGS__)
#define FIXED(symbol, type_name, word_count, first, last, ...)              \
	FIXED_SIZED(symbol, type_name, word_count, first, last, NULL, NULL, \
		    __VA_ARGS__)
#include "core/cpython/objects/fixed.def"
