// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/type_lesson.h"

#include <string.h>

#include "core/cpython/objects/dict_table.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 512
#define MEMBERS_MAX 512

/* Of PyMemberDef.type: members that are references. */
#define MEMBER_OBJECT 6
#define MEMBER_OBJECT_EX 16
/* Of PyMemberDef.flags, which is 8 bytes behind its offset: items are between
 * (3.15). */
#define MEMBER_FLAGS 8
#define MEMBER_AFTER_ITEMS (1 << 4)

static int64_t get(const struct pyprof_lesson *lesson, int32_t offset)
{
	return (int64_t)pyprof_word(lesson->bytes, offset);
}

#define GET(lesson, member) get(lesson, (lesson)->types->layout->at.type.member)

/* --- Names --- */

/* False for what is no text; "" for what is not at hand. */
static bool read_tp_name(struct pyprof_lesson *lesson)
{
	uint64_t address = (uint64_t)GET(lesson, name);
	if (address < PYPROF_PAGE_SIZE)
		return false;
	struct pyprof_error *err = pyprof_target_read_cstr(
		lesson->types->python->target, address, lesson->tp_name,
		sizeof(lesson->tp_name));
	if (err)
		lesson->tp_name[0] = '\0';
	bool is_wrong = err && err->code != PYPROF_ERROR_FAULT;
	pyprof_error_destroy(err);
	for (const char *at = lesson->tp_name; *at; at++) {
		if ((unsigned char)*at < ' ')
			return false;
	}
	return !is_wrong || (lesson->type->flags & PYPROF_TYPE_HEAP);
}

static bool append_str(const struct pyprof_types *types, uint64_t address,
		       struct pyprof_buf *buf)
{
	struct pyprof_error *err = pyprof_text_read_str(types->python, address,
							NAME_MAX_CHARS, buf);
	pyprof_error_destroy(err);
	return !err;
}

static void append_heap_name(struct pyprof_lesson *lesson,
			     struct pyprof_buf *buf)
{
	const struct pyprof_types *types = lesson->types;
	uint64_t module = pyprof_dict_find(types, (uint64_t)GET(lesson, dict),
					   "__module__");
	if (module && append_str(types, module, buf)) {
		if (strcmp(buf->data, "builtins") == 0)
			pyprof_buf_clear(buf);
		else
			pyprof_buf_putc(buf, '.');
	}
	size_t length = buf->length;
	int32_t qualname = types->layout->at.heap_type.qualname;
	if (append_str(types, pyprof_word(lesson->bytes, qualname), buf) &&
	    buf->length > length)
		return;
	pyprof_buf_clear(buf);
	pyprof_buf_puts(buf, lesson->tp_name);
}

/* False when out of memory. */
static bool set_name(struct pyprof_lesson *lesson)
{
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	if (lesson->type->flags & PYPROF_TYPE_HEAP)
		append_heap_name(lesson, &buf);
	else
		pyprof_buf_puts(&buf, lesson->tp_name);
	lesson->type->is_nameless = !buf.length;
	if (!buf.length)
		pyprof_buf_printf(&buf, "type at %#llx",
				  (unsigned long long)lesson->address);
	uint32_t id;
	struct pyprof_error *err = pyprof_buf_error(&buf);
	if (!err)
		err = pyprof_strtab_intern(lesson->types->names, buf.data,
					   buf.length, &id);
	if (!err)
		lesson->type->name =
			pyprof_strtab_get(lesson->types->names, id);
	pyprof_error_destroy(err);
	return !err;
}

/* --- Kinds --- */

/*
 * A class written in Python may be called "set" and be none; the name that C
 * gives a type on the heap has a module in it.
 */
static bool is_own_kind(const struct pyprof_lesson *lesson,
			const struct pyprof_kind *kind)
{
	const struct pyprof_offsets *at = &lesson->types->layout->at;
	if (strcmp(lesson->tp_name, kind->name) != 0)
		return false;
	if ((lesson->type->flags & PYPROF_TYPE_HEAP) &&
	    !strchr(kind->name, '.'))
		return false;
	if (kind->fits)
		return kind->fits(kind, lesson->types->layout,
				  lesson->type->basicsize);
	if (kind->size_position < 0)
		return true;
	int32_t size;
	memcpy(&size, (const char *)at + kind->size_position, sizeof(size));
	return size != PYPROF_ABSENT && size == lesson->type->basicsize;
}

static void set_kind(struct pyprof_lesson *lesson)
{
	struct pyprof_type *type = lesson->type;
	for (size_t i = 0; pyprof_kinds[i]; i++) {
		if (!is_own_kind(lesson, pyprof_kinds[i]))
			continue;
		type->kind = pyprof_kinds[i];
		lesson->has_own_kind = true;
		return;
	}
	if (lesson->base)
		type->kind = lesson->base->kind;
	for (size_t i = 0; pyprof_kinds[i] && !type->kind; i++) {
		int bit = pyprof_kinds[i]->subclass_bit;
		if (bit && (type->flags >> bit & 1))
			type->kind = pyprof_kinds[i];
	}
}

static enum pyprof_extent extent_of(const struct pyprof_types *types,
				    const struct pyprof_type *type)
{
	const struct pyprof_kind *kind = type->kind;
	if (kind == &pyprof_kind_str)
		return PYPROF_EXTENT_STR;
	if ((kind == &pyprof_kind_datetime || kind == &pyprof_kind_time) &&
	    !type->is_heap_type)
		return PYPROF_EXTENT_NO_ZONE;
	if (type->is_type)
		return PYPROF_EXTENT_TYPE;
	if (kind == &pyprof_kind_int || kind == &pyprof_kind_bool)
		return PYPROF_EXTENT_INT;
	/* Some types have items and no ob_size: generators. They say so. */
	if (!type->itemsize || (kind && kind->size) ||
	    type->basicsize < types->layout->at.object.var_size + 8)
		return PYPROF_EXTENT_FIXED;
	return PYPROF_EXTENT_ITEMS;
}

/* --- Before the object --- */

static void set_presize(const struct pyprof_layout *layout,
			struct pyprof_type *type)
{
	uint64_t before = 0;
	if (layout->objects.attributes == PYPROF_ATTRIBUTES_WORDS)
		before = PYPROF_TYPE_MANAGED_DICT;
	else if (layout->objects.attributes != PYPROF_ATTRIBUTES_NONE)
		before = PYPROF_TYPE_MANAGED_DICT | PYPROF_TYPE_MANAGED_WEAKREF;
	bool has_head = type->is_gc && !layout->is_free_threaded;
	type->presize = has_head ? 16 : 0;
	if (type->flags & before)
		type->presize += 16;
	type->counted_presize = type->presize;
	type->has_managed_dict =
		(type->flags & before & PYPROF_TYPE_MANAGED_DICT) != 0;
	type->has_inline_values =
		layout->objects.attributes >= PYPROF_ATTRIBUTES_HEADER &&
		(type->flags & PYPROF_TYPE_INLINE_VALUES);
}

/* --- Slots, and what is left to scan --- */

static bool has_slot(const struct pyprof_slot *slots, size_t count,
		     uint32_t offset)
{
	for (size_t i = 0; i < count; i++) {
		if (slots[i].offset == offset)
			return true;
	}
	return false;
}

/* The bytes that the type adds to its base. */
static int64_t added_from(const struct pyprof_lesson *lesson)
{
	int64_t from = lesson->base ? lesson->base->basicsize
				    : lesson->types->layout->at.object.size;
	return (from + 7) & ~INT64_C(7);
}

/* The next member of a tp_members that is a reference; false at the end. */
static bool next_member(const struct pyprof_lesson *lesson, uint64_t *at,
			struct pyprof_slot *ret, bool *is_reference_ret)
{
	const struct pyprof_offsets *offsets = &lesson->types->layout->at;
	struct pyprof_target *target = lesson->types->python->target;
	uint64_t name = 0, offset = 0;
	uint32_t type = 0, flags = 0;
	const struct pyprof_range ranges[] = {
		{*at + (uint64_t)offsets->member.name, &name, sizeof(name)},
		{*at + (uint64_t)offsets->member.type, &type, sizeof(type)},
		{*at + (uint64_t)offsets->member.offset, &offset,
		 sizeof(offset)},
		{*at + (uint64_t)offsets->member.offset + MEMBER_FLAGS, &flags,
		 sizeof(flags)},
	};
	if (pyprof_target_readv(target, ranges, 4) != 4 || !name)
		return false;
	*at += (uint64_t)offsets->member.size;
	int64_t from = added_from(lesson), to = lesson->type->basicsize - 8;
	*is_reference_ret =
		(type == MEMBER_OBJECT || type == MEMBER_OBJECT_EX) &&
		(int64_t)offset >= from && (int64_t)offset <= to &&
		!(offset & 7) && (int64_t)offset != lesson->type->dictoffset &&
		(int64_t)offset != lesson->type->weaklistoffset;
	*ret = (struct pyprof_slot){
		.offset = (uint32_t)offset,
		.is_behind_items = (flags & MEMBER_AFTER_ITEMS) != 0,
		.name = name,
	};
	return true;
}

/* Members of the base, and its own. False when out of memory. */
static bool set_slots(struct pyprof_lesson *lesson)
{
	struct pyprof_type *type = lesson->type;
	/* Names of items of a struct sequence are no names of words. */
	if (lesson->has_own_kind || type->hidden_items)
		return true;
	PYPROF_VEC(struct pyprof_slot) slots = {};
	const struct pyprof_type *base = lesson->base;
	bool has_room = true;
	for (size_t i = 0; base && i < base->slot_count && has_room; i++)
		has_room = pyprof_vec_push(&slots, base->slots[i]);

	uint64_t at = (uint64_t)GET(lesson, members);
	struct pyprof_slot slot;
	bool is_reference;
	for (int i = 0; at && has_room && i < MEMBERS_MAX &&
			next_member(lesson, &at, &slot, &is_reference);
	     i++) {
		if (is_reference &&
		    !has_slot(slots.items, slots.count, slot.offset))
			has_room = pyprof_vec_push(&slots, slot);
	}
	/* Owned by the type from here on. */
	type->slots = slots.items;
	type->slot_count = slots.count;
	return has_room;
}

/*
 * The words that a type written in C adds and that nobody names. A class
 * written in Python adds none: all are slots, the dict and the weak list.
 */
static void set_scan(struct pyprof_lesson *lesson)
{
	struct pyprof_type *type = lesson->type;
	if (lesson->has_own_kind || type->hidden_items)
		return;
	if (lesson->base) {
		type->scan_from = lesson->base->scan_from;
		type->scan_to = lesson->base->scan_to;
	}
	int64_t from = added_from(lesson), to = type->basicsize & ~INT64_C(7);
	/* There is room for a dict, though it lies behind the items. */
	if (type->dictoffset < 0 && !type->has_managed_dict &&
	    !(lesson->base && lesson->base->dictoffset == type->dictoffset))
		to -= 8;
	bool is_unknown = false;
	for (int64_t at = from; at < to && !is_unknown; at += 8)
		is_unknown =
			at != type->dictoffset && at != type->weaklistoffset &&
			!has_slot(type->slots, type->slot_count, (uint32_t)at);
	if (!is_unknown)
		return;
	if (type->scan_from == type->scan_to)
		type->scan_from = (uint32_t)from;
	type->scan_to = (uint32_t)to;
}

/*
 * Struct sequences hold more than their length tells. That of static types,
 * whose dict is elsewhere, is in their size.
 */
static void set_hidden_items(struct pyprof_lesson *lesson)
{
	struct pyprof_type *type = lesson->type;
	if (type->kind != &pyprof_kind_tuple || lesson->has_own_kind)
		return;
	const struct pyprof_type *base = lesson->base;
	if (base && base->hidden_items) {
		type->hidden_items = base->hidden_items;
		return;
	}
	uint64_t dict = (uint64_t)GET(lesson, dict);
	int64_t all = 0, shown = 0;
	if (!dict && !type->is_heap_type && base)
		all = (type->basicsize - base->basicsize) / 8;
	else if (!pyprof_int_value(
			 lesson->types,
			 pyprof_dict_find(lesson->types, dict, "n_fields"),
			 &all) ||
		 !pyprof_int_value(lesson->types,
				   pyprof_dict_find(lesson->types, dict,
						    "n_sequence_fields"),
				   &shown))
		return;
	if (shown >= 0 && all > shown && all < MEMBERS_MAX)
		type->hidden_items = (uint32_t)(all - shown);
}

/* --- Learning --- */

static void set_members(struct pyprof_lesson *lesson)
{
	const struct pyprof_layout *layout = lesson->types->layout;
	struct pyprof_type *type = lesson->type;
	type->address = lesson->address;
	type->basicsize = GET(lesson, basicsize);
	type->itemsize = GET(lesson, itemsize);
	type->dictoffset = GET(lesson, dictoffset);
	type->weaklistoffset = GET(lesson, weaklistoffset);
	type->is_gc = (type->flags & PYPROF_TYPE_GC) != 0;
	type->is_heap_type = (type->flags & PYPROF_TYPE_HEAP) != 0;
	type->is_type = type->flags >> PYPROF_TYPE_SUBCLASS_BIT & 1;
	type->untold = type->is_gc ? 0 : PYPROF_EDGE_UNTOLD;
	if (type->is_heap_type) {
		type->cached_keys =
			(uint64_t)get(lesson, layout->at.heap_type.cached_keys);
		type->type_edge = PYPROF_EDGE_TYPE | type->untold;
		/* Names that C gives have a module in them. */
		if (layout->objects.only_classes_tell_type &&
		    strchr(lesson->tp_name, '.'))
			type->type_edge |= PYPROF_EDGE_UNTOLD;
	}
	set_presize(layout, type);
}

bool pyprof_lesson_take(struct pyprof_lesson *lesson)
{
	struct pyprof_type *type = lesson->type;
	lesson->type->flags = (uint64_t)GET(lesson, flags);
	if (!read_tp_name(lesson))
		return false;
	set_members(lesson);
	if (!lesson->base && (type->flags & PYPROF_TYPE_READY) &&
	    lesson->tp_name[0] && strcmp(lesson->tp_name, "object") != 0)
		return false;
	set_kind(lesson);
	type->extent = extent_of(lesson->types, type);
	set_hidden_items(lesson);
	bool has_room = set_name(lesson) && set_slots(lesson);
	lesson->types->failed |= !has_room;
	set_scan(lesson);
	return has_room;
}
