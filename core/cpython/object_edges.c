// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"
#include "core/cpython/objects/dict_table.h"

#define ITEMS_MAX (UINT64_C(1) << 32)

static uint64_t item_count(const struct pyprof_types *types,
			   const struct pyprof_object *object)
{
	int64_t size = (int64_t)pyprof_word(object->bytes,
					    types->layout->at.object.var_size);
	return size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
}

/* --- Attributes --- */

static bool tell_managed(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_edge_sink *sink)
{
	struct pyprof_instance_values instance;
	if (!pyprof_instance_values_read(types, object, &instance))
		return false;
	bool is_inline = object->type->has_inline_values;
	bool is_told = types->layout->objects.dict_tells_inline_values;
	unsigned untold = 0;
	if (is_inline && instance.values.values && !is_told)
		untold = PYPROF_EDGE_UNTOLD;
	pyprof_edge(sink, instance.dict, PYPROF_EDGE_MEMBER | untold,
		    (uintptr_t) "__dict__");
	if (is_inline && instance.dict && is_told)
		return true;
	for (uint64_t i = 0; i < instance.values.count; i++) {
		uint64_t value = pyprof_word(instance.values.values + i * 8, 0);
		if (value)
			sink->edge(sink, value, PYPROF_EDGE_ATTRIBUTE,
				   pyprof_keys_key(&instance.keys, i));
	}
	return true;
}

/* Where the pointer to the dict is; a negative offset is from the end. */
static bool tell_dict(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_edge_sink *sink)
{
	const struct pyprof_type *type = object->type;
	int64_t offset = type->dictoffset;
	if (offset < 0) {
		uint64_t items = item_count(types, object);
		if (items > ITEMS_MAX)
			return false;
		offset += (type->basicsize + type->itemsize * (int64_t)items +
			   7) &
			  ~INT64_C(7);
	}
	const uint8_t *word = pyprof_memory_at(
		types->memory, object->address + (uint64_t)offset, 8);
	if (!word || offset < types->layout->at.object.size)
		return false;
	pyprof_edge(sink, pyprof_word(word, 0),
		    PYPROF_EDGE_MEMBER | type->untold, (uintptr_t) "__dict__");
	return true;
}

static bool tell_attributes(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	const struct pyprof_type *type = object->type;
	if (type->has_managed_dict)
		return tell_managed(types, object, sink);
	/* For types, it is the offset of tp_dict, which is one of theirs. */
	if (!type->dictoffset || type->is_type)
		return true;
	return tell_dict(types, object, sink);
}

/* --- Members --- */

static void tell_words(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	const struct pyprof_kind *kind = object->type->kind;
	int64_t offset = types->layout->at.object.size;
	for (size_t i = 0; i < kind->word_count; i++, offset += 8) {
		if (offset + 8 > object->type->basicsize)
			return;
		const char *name = kind->words[i];
		if (!name)
			continue;
		unsigned flags = object->type->untold;
		if (name[0] == '*')
			flags |= PYPROF_EDGE_UNTOLD;
		pyprof_edge(sink, pyprof_word(object->bytes, (int32_t)offset),
			    PYPROF_EDGE_MEMBER | flags,
			    (uintptr_t)(name + (name[0] == '*')));
	}
}

/* A slot that is behind the items of an object; 0 when it is cut off. */
static uint64_t slot_behind(const struct pyprof_types *types,
			    const struct pyprof_object *object, uint32_t offset)
{
	uint64_t items =
		item_count(types, object) * (uint64_t)object->type->itemsize;
	const uint8_t *word = pyprof_memory_at(
		types->memory,
		object->address + offset + ((items + 7) & ~UINT64_C(7)), 8);
	return word ? pyprof_word(word, 0) : 0;
}

static void tell_slots(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	const struct pyprof_type *type = object->type;
	for (size_t i = 0; i < type->slot_count; i++) {
		const struct pyprof_slot *slot = &type->slots[i];
		uint64_t target =
			slot->is_behind_items
				? slot_behind(types, object, slot->offset)
				: pyprof_word(object->bytes,
					      (int32_t)slot->offset);
		pyprof_edge(sink, target, PYPROF_EDGE_SLOT | type->untold,
			    slot->name);
	}
}

/* --- Words of C --- */

static bool is_named(const struct pyprof_type *type, uint64_t offset)
{
	if ((int64_t)offset == type->dictoffset ||
	    (int64_t)offset == type->weaklistoffset)
		return true;
	for (size_t i = 0; i < type->slot_count; i++) {
		if (type->slots[i].offset == offset)
			return true;
	}
	return false;
}

static void scan_words(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t from,
		       uint64_t to, struct pyprof_edge_sink *sink)
{
	const uint8_t *bytes = pyprof_memory_at(
		types->memory, object->address + from, to - from);
	if (!bytes)
		return;
	for (uint64_t at = from; at + 8 <= to; at += 8, bytes += 8) {
		uint64_t word = pyprof_word(bytes, 0);
		if (pyprof_is_object(types, word) &&
		    !is_named(object->type, at))
			sink->edge(sink, word,
				   PYPROF_EDGE_SCANNED | object->type->untold,
				   at);
	}
}

static void scan(const struct pyprof_types *types,
		 const struct pyprof_object *object,
		 struct pyprof_edge_sink *sink)
{
	const struct pyprof_type *type = object->type;
	if (type->scan_to > type->scan_from)
		scan_words(types, object, type->scan_from, type->scan_to, sink);
	if (type->kind || type->extent != PYPROF_EXTENT_ITEMS)
		return;
	uint64_t items = item_count(types, object);
	uint64_t from = (uint64_t)(type->basicsize + 7) & ~UINT64_C(7);
	uint64_t to = (uint64_t)type->basicsize;
	if (items <= ITEMS_MAX && type->itemsize % 8 == 0)
		to += items * (uint64_t)type->itemsize;
	if (to > from)
		scan_words(types, object, from, to, sink);
}

bool pyprof_object_edges(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_edge_sink *sink)
{
	const struct pyprof_type *type = object->type;
	const struct pyprof_kind *kind = type->kind;
	if (type->is_heap_type)
		sink->edge(sink, type->address, type->type_edge, 0);
	bool is_good = true;
	if (kind && kind->edges)
		is_good = kind->edges(types, object, sink);
	if (kind && kind->words)
		tell_words(types, object, sink);
	if (type->has_managed_dict || type->dictoffset)
		is_good &= tell_attributes(types, object, sink);
	if (type->slot_count)
		tell_slots(types, object, sink);
	if (type->scan_to || (!kind && type->itemsize))
		scan(types, object, sink);
	return is_good;
}

bool pyprof_object_buffers(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buffer_sink *sink)
{
	const struct pyprof_type *type = object->type;
	bool is_good = true;
	if (type->kind && type->kind->buffers)
		is_good = type->kind->buffers(types, object, sink);
	if (!type->has_managed_dict || type->has_inline_values)
		return is_good;
	struct pyprof_instance_values instance;
	if (!pyprof_instance_values_read(types, object, &instance))
		return false;
	if (instance.values.block_size)
		sink->buffer(sink, instance.values.block,
			     instance.values.block_size);
	return is_good;
}
