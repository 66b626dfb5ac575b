// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Small types that no header of CPython declares: rows of fixed.def, found by
 * name, version and size. What a row says of the words behind an object's
 * header holds for every object of the type.
 */
#ifndef PYPROF_CPYTHON_OBJECTS_FIXED_H
#define PYPROF_CPYTHON_OBJECTS_FIXED_H

#include "core/cpython/object.h"

struct pyprof_fixed_word {
	/** Counted from the end of the object's header. */
	uint8_t index;
	/** The first version whose gc.get_referents() tells of it. */
	uint8_t told_from;
	/** NULL ends the list. */
	const char *name;
};

struct pyprof_fixed_kind {
	struct pyprof_kind kind;
	/** Words of the structure; 0: any number. */
	uint16_t word_count;
	/** Versions that have it so. */
	uint8_t first, last;
	const struct pyprof_fixed_word *words;
	/** References that are elsewhere; NULL: none. */
	bool (*more)(const struct pyprof_types *types,
		     const struct pyprof_object *object,
		     struct pyprof_edge_sink *sink);
};

#define FIXED(symbol, ...) \
	extern const struct pyprof_fixed_kind pyprof_fixed_##symbol;
#define FIXED_SIZED(symbol, ...) FIXED(symbol)
#define FIXED_FULL(symbol, ...) FIXED(symbol)
#include "core/cpython/objects/fixed.def"
#undef FIXED
#undef FIXED_SIZED
#undef FIXED_FULL

/** The row of an object's type. */
static inline const struct pyprof_fixed_kind *
pyprof_fixed_kind(const struct pyprof_object *object)
{
	return (const struct pyprof_fixed_kind *)(const void *)
		object->type->kind;
}

/** A word behind the header; the type's size vouches for it. */
static inline uint64_t pyprof_fixed_word(const struct pyprof_types *types,
					 const struct pyprof_object *object,
					 int index)
{
	return pyprof_word(object->bytes,
			   types->layout->at.object.size + 8 * index);
}

#endif /* PYPROF_CPYTHON_OBJECTS_FIXED_H */
