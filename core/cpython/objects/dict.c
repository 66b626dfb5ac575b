// SPDX-License-Identifier: Apache-2.0
//
// dict, frozendict and defaultdict; what instances keep outside of a dict.
#include <string.h>

#include "core/base/show.h"
#include "core/cpython/objects/dict_table.h"

#define BUILD(types, member) pyprof_has((types)->layout, member)

/* Up to 3.10: just the values. */
static bool read_plain_values(uint64_t address, const struct pyprof_keys *keys,
			      struct pyprof_values *ret)
{
	ret->count = keys->room;
	ret->block = address;
	ret->block_size = keys->room * 8;
	return true;
}

/* 3.11 and 3.12: the order of insertion stands before the values. */
static bool read_prefixed_values(const struct pyprof_types *types,
				 uint64_t address,
				 const struct pyprof_keys *keys,
				 struct pyprof_values *ret)
{
	const uint8_t *before = pyprof_memory_at(types->memory, address - 8, 8);
	if (!before || before[7] < 8 || (before[7] & 7))
		return false;
	ret->count = keys->shared_room;
	ret->block = address - before[7];
	ret->block_size = before[7] + ret->count * 8;
	return true;
}

/* From 3.13 on: a header, the values, and then their order. */
static bool read_headed_values(const struct pyprof_types *types,
			       uint64_t address, struct pyprof_values *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *header = pyprof_memory_at(types->memory, address, 8);
	if (!header)
		return false;
	ret->count = header[at->values.capacity];
	if (!header[at->values.embedded]) {
		ret->block = address;
		ret->block_size =
			(ret->count + 1) * 8 + ((ret->count + 7) & ~7ul);
	}
	return true;
}

bool pyprof_values_read(const struct pyprof_types *types, uint64_t address,
			const struct pyprof_keys *keys,
			struct pyprof_values *ret)
{
	*ret = (struct pyprof_values){};
	bool is_good;
	uint64_t values = address;
	if (BUILD(types, values.capacity)) {
		is_good = read_headed_values(types, address, ret);
		values += (uint64_t)types->layout->at.values.values;
	} else if (BUILD(types, values.values)) {
		is_good = read_prefixed_values(types, address, keys, ret);
	} else {
		is_good = read_plain_values(address, keys, ret);
	}
	if (!is_good)
		return false;
	if (ret->count > keys->count)
		ret->count = keys->count;
	ret->values = pyprof_memory_at(types->memory, values, ret->count * 8);
	return ret->values != NULL;
}

/* The words before an instance: its dict, its values. */
static bool read_managed_words(const struct pyprof_types *types,
			       const struct pyprof_object *object,
			       uint64_t *dict_ret, uint64_t *values_ret)
{
	bool has_head = !types->layout->is_free_threaded;
	uint64_t size = has_head ? 32 : 16;
	const uint8_t *words =
		pyprof_memory_at(types->memory, object->address - size, size);
	if (!words)
		return false;
	uint64_t first = pyprof_word(words, 0), second = pyprof_word(words, 8);
	switch (types->layout->objects.attributes) {
	case PYPROF_ATTRIBUTES_WORDS:
		*dict_ret = second;
		*values_ret = first;
		return true;
	case PYPROF_ATTRIBUTES_TAGGED:
		*dict_ret = second & 1 ? 0 : second;
		*values_ret = second & 1 ? second + 1 : 0;
		return true;
	default:
		*dict_ret = second;
		*values_ret = 0;
		return true;
	}
}

static bool read_inline_values(const struct pyprof_types *types,
			       const struct pyprof_object *object,
			       struct pyprof_instance_values *ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t at = object->address +
		      (layout->objects.attributes == PYPROF_ATTRIBUTES_HEADER
			       ? (uint64_t)layout->at.object.size
			       : (uint64_t)object->type->basicsize);
	const uint8_t *header = pyprof_memory_at(types->memory, at, 8);
	if (!header)
		return false;
	if (!header[layout->at.values.valid])
		return true;
	return pyprof_keys_read(types, object->type->cached_keys, &ret->keys) &&
	       pyprof_values_read(types, at, &ret->keys, &ret->values);
}

bool pyprof_instance_values_read(const struct pyprof_types *types,
				 const struct pyprof_object *object,
				 struct pyprof_instance_values *ret)
{
	uint64_t values;
	ret->values = (struct pyprof_values){};
	ret->dict = 0;
	if (!read_managed_words(types, object, &ret->dict, &values))
		return false;
	if (object->type->has_inline_values)
		return read_inline_values(types, object, ret);
	if (!values)
		return true;
	return pyprof_keys_read(types, object->type->cached_keys, &ret->keys) &&
	       pyprof_values_read(types, values, &ret->keys, &ret->values);
}

static bool read_dict(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_keys *keys, struct pyprof_values *values)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t split = pyprof_word(object->bytes, at->dict.values);
	*values = (struct pyprof_values){};
	if (!pyprof_keys_read(types, pyprof_word(object->bytes, at->dict.keys),
			      keys))
		return false;
	return !split || pyprof_values_read(types, split, keys, values);
}

bool pyprof_dict_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct pyprof_keys keys;
	if (!pyprof_keys_read(types, pyprof_word(object->bytes, at->dict.keys),
			      &keys))
		return false;
	uint64_t size = (uint64_t)object->type->basicsize;
	if (pyprof_word(object->bytes, at->dict.values))
		size += keys.shared_room * 8;
	if (keys.refcount == 1)
		size += keys.size;
	*ret = size;
	return true;
}

static void tell_split(const struct pyprof_keys *keys,
		       const struct pyprof_values *values,
		       struct pyprof_edge_sink *sink)
{
	for (uint64_t i = 0; i < values->count; i++) {
		uint64_t value = pyprof_word(values->values + i * 8, 0);
		if (value)
			sink->edge(sink, value, PYPROF_EDGE_VALUE,
				   pyprof_keys_key(keys, i));
	}
}

bool pyprof_dict_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	struct pyprof_keys keys;
	struct pyprof_values values;
	if (!read_dict(types, object, &keys, &values))
		return false;
	if (values.values) {
		/* Values inside of an instance can be that instance's. */
		if (values.block ||
		    types->layout->objects.dict_tells_inline_values)
			tell_split(&keys, &values, sink);
		return true;
	}
	unsigned key_kind = keys.is_unicode
				    ? PYPROF_EDGE_KEY | PYPROF_EDGE_UNTOLD
				    : PYPROF_EDGE_KEY;
	for (uint64_t i = 0; i < keys.count; i++) {
		uint64_t value = pyprof_keys_value(&keys, i);
		if (!value)
			continue;
		uint64_t key = pyprof_keys_key(&keys, i);
		pyprof_edge(sink, key, key_kind, i);
		sink->edge(sink, value, PYPROF_EDGE_VALUE, key);
	}
	return true;
}

bool pyprof_dict_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct pyprof_keys keys;
	struct pyprof_values values;
	if (!read_dict(types, object, &keys, &values))
		return false;
	if (values.block_size)
		sink->buffer(sink, values.block, values.block_size);
	else if (keys.refcount == 1 && !values.values)
		sink->buffer(sink, pyprof_word(object->bytes, at->dict.keys),
			     keys.size);
	return true;
}

static bool is_text(const struct pyprof_types *types, uint64_t address,
		    const char *text, size_t length)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *bytes = pyprof_memory_at(
		types->memory, address, at->unicode.ascii_data + length + 1);
	return bytes && pyprof_word(bytes, at->unicode.length) == length &&
	       memcmp(bytes + at->unicode.ascii_data, text, length + 1) == 0;
}

uint64_t pyprof_dict_find(const struct pyprof_types *types, uint64_t dict,
			  const char *key)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct pyprof_keys keys;
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, dict, (uint64_t)at->dict.size);
	if (!bytes || pyprof_word(bytes, at->dict.values) ||
	    !pyprof_keys_read(types, pyprof_word(bytes, at->dict.keys), &keys))
		return 0;
	size_t length = strlen(key);
	for (uint64_t i = 0; i < keys.count; i++) {
		if (pyprof_keys_value(&keys, i) &&
		    is_text(types, pyprof_keys_key(&keys, i), key, length))
			return pyprof_keys_value(&keys, i);
	}
	return 0;
}

void pyprof_show_dict(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf)
{
	pyprof_buf_puts(buf, "of ");
	pyprof_show_count(
		buf, pyprof_word(object->bytes, types->layout->at.dict.used),
		"item");
}

const struct pyprof_kind pyprof_kind_dict = {
	.name = "dict",
	.subclass_bit = 29,
	.size_position = PYPROF_SIZE_OF(dict),
	.size = pyprof_dict_size,
	.edges = pyprof_dict_edges,
	.buffers = pyprof_dict_buffers,
	.show = pyprof_show_dict,
};

const struct pyprof_kind pyprof_kind_frozendict = {
	.name = "frozendict",
	.size_position = -1,
	.size = pyprof_dict_size,
	.edges = pyprof_dict_edges,
	.buffers = pyprof_dict_buffers,
	.show = pyprof_show_dict,
};

static bool defaultdict_edges(const struct pyprof_types *types,
			      const struct pyprof_object *object,
			      struct pyprof_edge_sink *sink)
{
	pyprof_member_edge(sink, object, types->layout->at.defaultdict.factory,
			   "default_factory");
	return pyprof_dict_edges(types, object, sink);
}

const struct pyprof_kind pyprof_kind_defaultdict = {
	.name = "collections.defaultdict",
	.size_position = PYPROF_SIZE_OF(defaultdict),
	.size = pyprof_dict_size,
	.edges = defaultdict_edges,
	.buffers = pyprof_dict_buffers,
	.show = pyprof_show_dict,
};
