// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/cpython/thread.h"
#include "core/cpython/type_lesson.h"

/* From an object to `type`: its type, its metatype, and so on. */
#define METATYPES_MAX 8
#define BASES_MAX 64

/* What of an interpreter's table of types is looked at. */
#define STATIC_WORDS 16

#define BASICSIZE_MAX (INT64_C(1) << 24)
#define ITEMSIZE_MAX (INT64_C(1) << 20)
/* What a dictoffset that is none can be: -1, or words before the object. */
#define OFFSET_MIN (-4096)

#define SLOTS_FIRST 1024

/* --- The table of types --- */

static uint64_t hash_of(uint64_t address)
{
	return address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static void put(struct pyprof_types *types, struct pyprof_type *type)
{
	uint64_t i = hash_of(type->address) & types->slot_mask;
	while (types->slots[i].type)
		i = (i + 1) & types->slot_mask;
	types->slots[i].address = type->address;
	types->slots[i].type = type;
}

static bool grow(struct pyprof_types *types)
{
	if ((types->count + 1) * 2 <= types->slot_mask)
		return true;
	size_t size = (types->slot_mask + 1) * 2;
	struct pyprof_type_slot *slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	free(types->slots);
	types->slots = slots;
	types->slot_mask = size - 1;
	for (size_t i = 0; i < types->list.count; i++)
		put(types, types->list.items[i]);
	return true;
}

static bool add(struct pyprof_types *types, struct pyprof_type *type)
{
	if (!grow(types) || !pyprof_vec_reserve(&types->list, 1))
		return false;
	type->index = (uint32_t)types->list.count;
	types->list.items[types->list.count++] = type;
	types->count++;
	put(types, type);
	return true;
}

static const struct pyprof_type *reject(struct pyprof_types *types,
					uint64_t address)
{
	types->not_types[hash_of(address) & 4095] = address;
	return NULL;
}

/* --- What is a type --- */

static const uint8_t *type_bytes(const struct pyprof_types *types,
				 uint64_t address)
{
	if (!pyprof_plausible_pointer(address))
		return NULL;
	return pyprof_memory_at(types->memory, address,
				(uint64_t)types->layout->at.type.size);
}

/* The chain of metatypes ends in `type`, and each makes types. */
static bool is_type(const struct pyprof_types *types, const uint8_t *bytes)
{
	const struct pyprof_offsets *at = &types->layout->at;
	for (int i = 0; i < METATYPES_MAX; i++) {
		uint64_t meta = pyprof_word(bytes, at->object.type);
		if (meta == types->type_type)
			return true;
		bytes = type_bytes(types, meta);
		if (!bytes)
			return false;
		uint64_t flags = pyprof_word(bytes, at->type.flags);
		if (!(flags & PYPROF_TYPE_READY) ||
		    !(flags >> PYPROF_TYPE_SUBCLASS_BIT & 1))
			return false;
	}
	return false;
}

/*
 * Extension modules can make objects of a static type without making it ready
 * (array, functools and unicodedata of 3.8 and 3.9 do): it lies in the data of
 * a file then.
 */
static bool is_static(const struct pyprof_types *types, uint64_t address,
		      uint64_t flags)
{
	const struct pyprof_memory_segment *segment =
		pyprof_memory_segment(types->memory, address);
	return !(flags & PYPROF_TYPE_HEAP) && segment && segment->path &&
	       segment->path[0] == '/';
}

static const uint8_t *check_type(const struct pyprof_types *types,
				 uint64_t address)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *bytes = type_bytes(types, address);
	if (!bytes)
		return NULL;
	uint64_t flags = pyprof_word(bytes, at->type.flags);
	if (!(flags & PYPROF_TYPE_READY) && !is_static(types, address, flags))
		return NULL;
	if (!is_type(types, bytes))
		return NULL;
	if ((flags & PYPROF_TYPE_HEAP) &&
	    !pyprof_memory_at(types->memory, address,
			      (uint64_t)at->heap_type.size))
		return NULL;
	int64_t basicsize = (int64_t)pyprof_word(bytes, at->type.basicsize);
	int64_t itemsize = (int64_t)pyprof_word(bytes, at->type.itemsize);
	int64_t dict = (int64_t)pyprof_word(bytes, at->type.dictoffset);
	int64_t weak = (int64_t)pyprof_word(bytes, at->type.weaklistoffset);
	if (basicsize < at->object.size || basicsize > BASICSIZE_MAX ||
	    itemsize < 0 || itemsize > ITEMSIZE_MAX || dict < OFFSET_MIN ||
	    dict > basicsize || weak < OFFSET_MIN || weak > basicsize)
		return NULL;
	return bytes;
}

/* --- Learning --- */

static void free_type(struct pyprof_type *type)
{
	free((void *)type->slots);
	free(type);
}

/* All of one type whose base is known. */
static const struct pyprof_type *learn_one(struct pyprof_lesson *lesson)
{
	struct pyprof_types *types = lesson->types;
	struct pyprof_type *type = calloc(1, sizeof(*type));
	lesson->type = type;
	if (!type) {
		types->failed = true;
		return NULL;
	}
	bool is_good = pyprof_lesson_take(lesson);
	if (is_good && add(types, type))
		return type;
	types->failed |= is_good;
	free_type(type);
	return NULL;
}

const struct pyprof_type *pyprof_type_learn(struct pyprof_types *types,
					    uint64_t address)
{
	struct pyprof_lesson chain[BASES_MAX];
	size_t count = 0;
	const struct pyprof_type *base = NULL;
	if (types->is_closed) {
		types->has_missed = true;
		return NULL;
	}
	for (uint64_t at = address; at && !base;) {
		const uint8_t *bytes = check_type(types, at);
		if (!bytes || count == BASES_MAX)
			return reject(types, address);
		chain[count].types = types;
		chain[count].address = at;
		chain[count].bytes = bytes;
		chain[count].has_own_kind = false;
		count++;
		at = pyprof_word(bytes, types->layout->at.type.base);
		base = at ? pyprof_type_known(types, at) : NULL;
	}
	while (count) {
		struct pyprof_lesson *lesson = &chain[--count];
		lesson->base = base;
		base = learn_one(lesson);
		if (!base)
			return types->failed ? NULL : reject(types, address);
	}
	return base;
}

/* --- All types --- */

/* `type` is the one whose type is itself: the end of the types of an object. */
static uint64_t end_of_types(const struct pyprof_types *types, uint64_t at)
{
	int32_t type = types->layout->at.object.type;
	for (int step = 0; step < METATYPES_MAX; step++) {
		const uint8_t *bytes = NULL;
		if (pyprof_plausible_pointer(at))
			bytes = pyprof_memory_at(
				types->memory, at,
				(uint64_t)types->layout->at.object.size);
		if (!bytes)
			return 0;
		uint64_t meta = pyprof_word(bytes, type);
		if (meta == at)
			return type_bytes(types, at) ? at : 0;
		at = meta;
	}
	return 0;
}

static uint64_t end_of_word(const struct pyprof_types *types, uint64_t at)
{
	const uint8_t *bytes = pyprof_memory_at(types->memory, at, 8);
	return bytes ? end_of_types(types, pyprof_word(bytes, 0)) : 0;
}

/* Where there is no file to have symbols: by what an interpreter refers to. */
static uint64_t type_by_interp(const struct pyprof_types *types,
			       uint64_t interp)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const int32_t offsets[] = {at->interp.sysdict, at->interp.builtins,
				   at->interp.modules};
	uint64_t found = 0;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		if (!found && offsets[i] != PYPROF_ABSENT)
			found = end_of_word(types,
					    interp + (uint64_t)offsets[i]);
	/* The dicts may be gone with the pools; among these are types. */
	if (pyprof_has(types->layout, interp.static_types))
		for (uint64_t i = 0; !found && i < STATIC_WORDS; i++)
			found = end_of_word(
				types,
				interp + (uint64_t)at->interp.static_types +
					8 * i);
	return found;
}

static uint64_t find_type_type(const struct pyprof_types *types)
{
	struct pyprof_python *python = types->python;
	const uint64_t known[] = {python->unicode_type, python->bytes_type,
				  python->code_type, python->none_type,
				  python->frame_type};
	uint64_t found = 0;
	for (size_t i = 0; !found && i < sizeof(known) / sizeof(known[0]); i++)
		found = end_of_types(types, known[i]);
	if (found)
		return found;
	struct pyprof_interps interps = {};
	_cleanup_error_ struct pyprof_error *err =
		pyprof_interps_read(python, &interps);
	for (size_t i = 0; !err && !found && i < interps.list.count; i++)
		found = type_by_interp(types, interps.list.items[i].address);
	pyprof_interps_deinit(&interps);
	return found;
}

/*
 * The subclasses of `object` are in a dict whose keys are numbers; its look-up
 * is the one for all sorts of keys.
 */
static void find_lookdict(struct pyprof_types *types)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (at->keys.lookup == PYPROF_ABSENT)
		return;
	const uint8_t *bytes = type_bytes(types, types->type_type);
	bytes = bytes ? type_bytes(types, pyprof_word(bytes, at->type.base))
		      : NULL;
	if (!bytes)
		return;
	bytes = pyprof_memory_at(types->memory,
				 pyprof_word(bytes, at->type.subclasses),
				 (uint64_t)at->dict.size);
	if (!bytes)
		return;
	bytes = pyprof_memory_at(types->memory,
				 pyprof_word(bytes, at->dict.keys),
				 (uint64_t)at->keys.indices);
	if (bytes)
		types->lookdict = pyprof_word(bytes, at->keys.lookup);
}

#define NEED(member)                                             \
	{                                                        \
		offsetof(struct pyprof_offsets, member), #member \
	}

/* Members that all versions have and that are not asked for one by one. */
static const struct {
	size_t position;
	const char *name;
} needed[] = {
	NEED(object.size),
	NEED(object.refcount),
	NEED(type.size),
	NEED(type.basicsize),
	NEED(type.itemsize),
	NEED(type.members),
	NEED(type.base),
	NEED(type.dict),
	NEED(type.dictoffset),
	NEED(type.weaklistoffset),
	NEED(heap_type.size),
	NEED(heap_type.qualname),
	NEED(heap_type.cached_keys),
	NEED(member.size),
	NEED(member.name),
	NEED(member.type),
	NEED(member.offset),
	NEED(unicode.size),
	NEED(unicode.utf8),
	NEED(unicode.utf8_length),
	NEED(integer.digits),
	NEED(bytearray.alloc),
	NEED(bytearray.bytes),
	NEED(tuple.items),
	NEED(list.items),
	NEED(list.allocated),
	NEED(dict.size),
	NEED(dict.used),
	NEED(dict.keys),
	NEED(dict.values),
	NEED(keys.refcount),
	NEED(keys.usable),
	NEED(keys.nentries),
	NEED(keys.indices),
	NEED(set.used),
	NEED(set.mask),
	NEED(set.table),
	NEED(set.smalltable),
	NEED(odict.first),
	NEED(odict.fast_nodes),
	NEED(odict.fast_nodes_size),
	NEED(odict_node.size),
	NEED(odict_node.key),
	NEED(odict_node.next),
	NEED(deque.leftblock),
	NEED(deque.rightblock),
	NEED(deque.leftindex),
	NEED(deque_block.size),
	NEED(deque_block.items),
	NEED(deque_block.right),
};

static struct pyprof_error *check_layout(const struct pyprof_layout *layout)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int32_t offset;
		memcpy(&offset, (const char *)&layout->at + needed[i].position,
		       sizeof(offset));
		if (offset == PYPROF_ABSENT)
			return pyprof_error_create(
				PYPROF_ERROR_UNSUPPORTED,
				"the layout of CPython 3.%d lacks %s",
				layout->minor, needed[i].name);
	}
	return NULL;
}

struct pyprof_error *pyprof_types_create(const struct pyprof_memory *memory,
					 struct pyprof_python *python,
					 struct pyprof_types **ret)
{
	struct pyprof_error *err = check_layout(&python->layout);
	if (err)
		return err;
	_cleanup_(pyprof_types_cleanup) struct pyprof_types *types =
		calloc(1, sizeof(*types));
	if (!types)
		return pyprof_error_oom();
	types->memory = memory;
	types->words = memory->page_count * (PYPROF_PAGE_SIZE / 8);
	types->python = python;
	types->layout = &python->layout;
	types->slots = calloc(SLOTS_FIRST, sizeof(*types->slots));
	if (!types->slots)
		return pyprof_error_oom();
	types->slot_mask = SLOTS_FIRST - 1;
	err = pyprof_strtab_create(&types->names);
	if (err)
		return err;
	types->type_type = find_type_type(types);
	if (!types->type_type)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "the type of types is not in the "
					   "memory that was read");
	find_lookdict(types);
	*ret = types;
	types = NULL;
	return NULL;
}

void pyprof_types_destroy(struct pyprof_types *types)
{
	if (!types)
		return;
	for (size_t i = 0; i < types->list.count; i++)
		free_type(types->list.items[i]);
	pyprof_vec_deinit(&types->list);
	free(types->slots);
	pyprof_strtab_destroy(types->names);
	free(types);
}
