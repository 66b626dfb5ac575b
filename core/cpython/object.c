// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"

#include <string.h>

#include "core/cpython/objects/string.h"

#define ITEMS_MAX (UINT64_C(1) << 40)

#define HEAD_SIZE 16

#define STATIC_COUNT_DRIFT (INT64_C(1) << 26)
/* The lowest address that anything is at. */
#define ADDRESS_MIN 0x10000

struct refcount {
	int64_t count;
	bool is_immortal;
	/** Bits that are no count and zero in all objects in use. */
	uint64_t rest;
};

/* Static objects of 3.11 begin with a count that nothing brings down. */
static inline bool is_static_count(const struct pyprof_layout *layout,
				   int64_t count)
{
	int64_t begin = layout->objects.static_count;
	return begin && count > begin - STATIC_COUNT_DRIFT &&
	       count < begin + STATIC_COUNT_DRIFT;
}

static inline struct refcount read_refcount(const struct pyprof_layout *layout,
					    const uint8_t *object)
{
	const uint8_t *at = object + layout->at.object.refcount;
	uint64_t word = pyprof_word(at, 0);
	uint32_t half = (uint32_t)word;
	switch (layout->objects.refcounts) {
	case PYPROF_REFCOUNT_WORD:
		return (struct refcount){
			.count = (int64_t)word,
			.is_immortal = is_static_count(layout, (int64_t)word)};
	case PYPROF_REFCOUNT_SIGN:
		return (struct refcount){.count = (int64_t)word,
					 .is_immortal = (int32_t)half < 0,
					 .rest = word >> 33};
	case PYPROF_REFCOUNT_HALF:
		/* The upper half: what overflowed, and flags. */
		return (struct refcount){.count = half,
					 .is_immortal = (int32_t)half < 0,
					 .rest = word >> 32 & 0xffff};
	case PYPROF_REFCOUNT_SPLIT:
		break;
	}
	__builtin_memcpy(&half, at, sizeof(half));
	int64_t shared = (int64_t)pyprof_word(at, 4) >> 2;
	return (struct refcount){.count = half + shared,
				 .is_immortal = half == UINT32_MAX};
}

int64_t pyprof_refcount(const struct pyprof_types *types, const uint8_t *object,
			bool *immortal_ret)
{
	struct refcount refcount = read_refcount(types->layout, object);
	*immortal_ret = refcount.is_immortal;
	return refcount.count;
}

/*
 * A small number can be an address, where the C library's heap begins low: of
 * the next object of a free list (3.14+), or the first of an array of types.
 * Who learns no types takes what may be one for an address, and has missed it.
 */
static bool is_address(struct pyprof_types *types, int64_t count)
{
	int32_t type = types->layout->at.object.type;
	if (count < ADDRESS_MIN || (count & 7))
		return false;
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, (uint64_t)count,
				 (uint64_t)types->layout->at.object.size);
	if (!bytes)
		return false;
	bool has_missed = types->has_missed;
	types->has_missed = false;
	bool is_one = pyprof_type_find(types, pyprof_word(bytes, type)) ||
		      types->has_missed;
	types->has_missed |= has_missed;
	return is_one;
}

/* A count of an object in use that is the address of another one instead. */
static inline bool is_link(struct pyprof_types *types, const uint8_t *object)
{
	const struct pyprof_layout *layout = types->layout;
	struct refcount refcount = read_refcount(layout, object);
	/* Counts of free-threaded builds may have a huge bias. */
	return !refcount.is_immortal && refcount.count >= ADDRESS_MIN &&
	       layout->objects.refcounts != PYPROF_REFCOUNT_SPLIT &&
	       is_address(types, refcount.count);
}

static inline bool is_in_use(const struct pyprof_types *types,
			     const uint8_t *object)
{
	const struct pyprof_layout *layout = types->layout;
	struct refcount refcount = read_refcount(layout, object);
	if (refcount.rest)
		return false;
	if (refcount.is_immortal)
		return true;
	if (refcount.count <= 0)
		return false;
	if (refcount.count < ADDRESS_MIN)
		return true;
	/* Counts of free-threaded builds may have a huge bias. */
	if (layout->objects.refcounts == PYPROF_REFCOUNT_SPLIT)
		return true;
	return (uint64_t)refcount.count <= types->words;
}

static inline uint64_t int_extent(const struct pyprof_layout *layout,
				  const struct pyprof_type *type,
				  const uint8_t *bytes)
{
	uint64_t digits;
	if (pyprof_has(layout, integer.tag)) {
		digits = pyprof_word(bytes, layout->at.integer.tag) >> 3;
	} else {
		int64_t size =
			(int64_t)pyprof_word(bytes, layout->at.object.var_size);
		digits = size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
	}
	return digits > ITEMS_MAX ? 0 : (uint64_t)type->basicsize + digits * 4;
}

/*
 * How many bytes an object has at least; 0 when it cannot be one. What is
 * read for it is there: least_size().
 */
static inline uint64_t extent_of(const struct pyprof_types *types,
				 const struct pyprof_type *type,
				 const uint8_t *bytes)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t size = (uint64_t)type->basicsize;
	switch (type->extent) {
	case PYPROF_EXTENT_FIXED:
		return size;
	case PYPROF_EXTENT_NO_ZONE:
		return size - sizeof(uint64_t);
	case PYPROF_EXTENT_ITEMS: {
		uint64_t items = pyprof_word(bytes, layout->at.object.var_size);
		return items > ITEMS_MAX
			       ? 0
			       : size + items * (uint64_t)type->itemsize;
	}
	case PYPROF_EXTENT_INT:
		return int_extent(layout, type, bytes);
	case PYPROF_EXTENT_STR: {
		struct pyprof_str str;
		if (!pyprof_str_read(layout, bytes, &str))
			return 0;
		return str.is_compact || str.size > size ? str.size : size;
	}
	case PYPROF_EXTENT_TYPE:
		return pyprof_word(bytes, layout->at.type.flags) &
				       PYPROF_TYPE_HEAP
			       ? size
			       : (uint64_t)layout->at.type.size;
	}
	return 0;
}

/* The bytes of an object that extent_of() may read. */
static inline uint64_t least_size(const struct pyprof_types *types,
				  const struct pyprof_type *type)
{
	if (type->extent == PYPROF_EXTENT_STR)
		return pyprof_str_header(types->layout);
	if (type->extent == PYPROF_EXTENT_TYPE)
		return (uint64_t)types->layout->at.type.size;
	if (type->extent == PYPROF_EXTENT_NO_ZONE)
		return (uint64_t)type->basicsize - sizeof(uint64_t);
	return (uint64_t)type->basicsize;
}

/*
 * Tracked: a link to the next one, with flags. Not tracked: 0; where an object
 * begins here its count does, and that of an int of a type's address is 1.
 */
static inline bool is_head(const uint8_t *head)
{
	uint64_t next = pyprof_word(head, 0);
	return !next || (next >= PYPROF_PAGE_SIZE && next < UINT64_C(1) << 47);
}

/*
 * Tried for every block, and mostly on what is no object: the count comes
 * first, which tells most of that.
 */
static inline bool recognise(struct pyprof_types *types, uint64_t address,
			     const uint8_t *bytes, uint64_t left,
			     struct pyprof_object *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (left < (uint64_t)at->object.size || !is_in_use(types, bytes))
		return false;
	uint64_t type_address = pyprof_word(bytes, at->object.type);
	if (!pyprof_plausible_pointer(type_address))
		return false;
	const struct pyprof_type *type = pyprof_type_find(types, type_address);
	if (!type || least_size(types, type) > left)
		return false;
	uint64_t extent = extent_of(types, type, bytes);
	if (!extent || extent > left || is_link(types, bytes))
		return false;
	*ret = (struct pyprof_object){address, bytes, type};
	return true;
}

/* The head of the garbage collector, and what else is before an object. */
static inline bool is_before(const struct pyprof_types *types,
			     const struct pyprof_object *object)
{
	uint32_t presize = pyprof_object_presize(types, object);
	if (!presize)
		return true;
	const uint8_t *before = object->bytes - presize;
	/* On the same page, it is there. */
	if ((object->address & (PYPROF_PAGE_SIZE - 1)) < presize)
		before = pyprof_memory_at(types->memory,
					  object->address - presize, presize);
	if (!before)
		return false;
	return !object->type->is_gc || types->layout->is_free_threaded ||
	       is_head(before + presize - HEAD_SIZE);
}

/* Where an object begins in a memory that has what it is asked for: how much
 * that has to be is known when its type is. */
static const uint8_t *ask_for(struct pyprof_types *types, uint64_t address,
			      uint64_t *left_ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t size = (uint64_t)layout->at.object.size;
	const uint8_t *bytes = pyprof_memory_at(types->memory, address, size);
	const struct pyprof_type *type =
		bytes ? pyprof_type_find(
				types,
				pyprof_word(bytes, layout->at.object.type))
		      : NULL;
	if (!type ||
	    !pyprof_memory_at(types->memory, address, least_size(types, type)))
		return NULL;
	size = extent_of(types, type, bytes);
	if (!pyprof_memory_at(types->memory, address, size))
		return NULL;
	*left_ret = size;
	return bytes;
}

static bool object_asked_for(struct pyprof_types *types, uint64_t address,
			     uint64_t block_left, struct pyprof_object *ret)
{
	struct pyprof_object object;
	uint64_t left;
	if (!pyprof_plausible_pointer(address))
		return false;
	const uint8_t *bytes = ask_for(types, address, &left);
	if (!bytes || (block_left && left > block_left) ||
	    !recognise(types, address, bytes, left, &object) ||
	    !is_before(types, &object))
		return false;
	*ret = object;
	return true;
}

bool pyprof_object_at(struct pyprof_types *types, uint64_t address,
		      uint64_t block_left, struct pyprof_object *ret)
{
	if (types->memory->fetch)
		return object_asked_for(types, address, block_left, ret);
	uint32_t number = pyprof_memory_page(types->memory, address);
	if (!number || (address & 7))
		return false;
	const struct pyprof_memory_page *page = &types->memory->pages[number];
	uint64_t offset = address & (PYPROF_PAGE_SIZE - 1);
	uint64_t left = page->left - offset;
	if (block_left && block_left < left)
		left = block_left;
	struct pyprof_object object;
	if (!recognise(types, address, page->bytes + offset, left, &object) ||
	    !is_before(types, &object))
		return false;
	*ret = object;
	return true;
}

bool pyprof_object_in_block(struct pyprof_types *types, uint64_t address,
			    const uint8_t *bytes, uint32_t before,
			    uint64_t left, struct pyprof_object *ret)
{
	const struct pyprof_layout *layout = types->layout;
	struct pyprof_object object;
	if (!recognise(types, address, bytes, left, &object) ||
	    object.type->presize != before)
		return false;
	/* Static objects are in no block: it is an address of the heap. */
	if (layout->objects.static_count &&
	    is_static_count(layout, (int64_t)pyprof_word(
					    bytes, layout->at.object.refcount)))
		return false;
	if (object.type->is_gc && !types->layout->is_free_threaded &&
	    !is_head(bytes - HEAD_SIZE))
		return false;
	*ret = object;
	return true;
}

bool pyprof_object_known(const struct pyprof_types *types, uint64_t address,
			 struct pyprof_object *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!pyprof_plausible_pointer(address))
		return false;
	const uint8_t *bytes = pyprof_memory_at(types->memory, address,
						(uint64_t)at->object.size);
	if (!bytes || !is_in_use(types, bytes))
		return false;
	const struct pyprof_type *type =
		pyprof_type_known(types, pyprof_word(bytes, at->object.type));
	if (!type ||
	    !pyprof_memory_at(types->memory, address, least_size(types, type)))
		return false;
	uint64_t extent = extent_of(types, type, bytes);
	if (!extent || !pyprof_memory_at(types->memory, address, extent))
		return false;
	*ret = (struct pyprof_object){address, bytes, type};
	return true;
}

bool pyprof_is_object(const struct pyprof_types *types, uint64_t address)
{
	struct pyprof_object object;
	if (!pyprof_plausible_pointer(address))
		return false;
	if (types->is_object)
		return types->is_object(types->is_object_context, address);
	return pyprof_object_known(types, address, &object);
}

static uint32_t counted_presize(const struct pyprof_types *types,
				const struct pyprof_object *object)
{
	if (types->layout->objects.static_types_have_head)
		return object->type->counted_presize;
	return pyprof_object_presize(types, object);
}

bool pyprof_object_size(const struct pyprof_types *types,
			const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_type *type = object->type;
	uint64_t size = (uint64_t)type->basicsize;
	if (type->kind && type->kind->size) {
		if (!type->kind->size(types, object, &size))
			return false;
	} else if (type->extent == PYPROF_EXTENT_ITEMS) {
		uint64_t items = pyprof_word(object->bytes,
					     types->layout->at.object.var_size);
		if (items > ITEMS_MAX)
			return false;
		size += items * (uint64_t)type->itemsize;
	}
	*ret = size + counted_presize(types, object);
	return true;
}

uint64_t pyprof_cstr_size(const struct pyprof_types *types, uint64_t address)
{
	uint64_t looked = 0;
	uint64_t size = PYPROF_PAGE_SIZE - (address & (PYPROF_PAGE_SIZE - 1));
	const uint8_t *text;
	while ((text = pyprof_memory_at(types->memory, address, size))) {
		const uint8_t *end = memchr(text + looked, '\0', size - looked);
		if (end)
			return (uint64_t)(end - text) + 1;
		looked = size;
		size += PYPROF_PAGE_SIZE;
	}
	return 0;
}
