// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The tables of dicts: keys, which instances of a class share, and values.
 * Whoever walks attributes or variables uses this; nothing here allocates.
 */
#ifndef PYPROF_CPYTHON_OBJECTS_DICT_TABLE_H
#define PYPROF_CPYTHON_OBJECTS_DICT_TABLE_H

#include "core/cpython/object.h"

/** A PyDictKeysObject. Entries are in order of insertion. */
struct pyprof_keys {
	const uint8_t *bytes, *entries;
	/** Used entries, and all that there is room for. */
	uint64_t count, room;
	/** Of the whole table. */
	uint64_t size;
	/** Values of an instance that shares it. */
	uint64_t shared_room;
	int64_t refcount;
	uint32_t entry_size;
	/** Where key and value are in an entry. */
	uint32_t key, value;
	/** All keys are str, and the collector is not told of them. */
	bool is_unicode;
};

/** More is no table of a process. */
#define PYPROF_KEYS_LOG2_MAX 40

static inline bool pyprof_keys_place(const struct pyprof_types *types,
				     const uint8_t *bytes,
				     struct pyprof_keys *ret,
				     uint64_t *index_size_ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t slots, index_size;
	ret->entry_size = 24;
	ret->key = 8;
	if (pyprof_has(layout, keys.log2_slots)) {
		unsigned log2_slots = bytes[layout->at.keys.log2_slots];
		unsigned log2_bytes = bytes[layout->at.keys.log2_index_bytes];
		if (log2_slots > PYPROF_KEYS_LOG2_MAX ||
		    log2_bytes > PYPROF_KEYS_LOG2_MAX + 3)
			return false;
		slots = UINT64_C(1) << log2_slots;
		index_size = UINT64_C(1) << log2_bytes;
		ret->is_unicode = bytes[layout->at.keys.kind] != 0;
		if (ret->is_unicode) {
			ret->entry_size = 16;
			ret->key = 0;
		}
	} else {
		slots = pyprof_word(bytes, layout->at.keys.slots);
		if (slots > UINT64_C(1) << PYPROF_KEYS_LOG2_MAX)
			return false;
		index_size = slots * (slots <= 0xff	    ? 1
				      : slots <= 0xffff	    ? 2
				      : slots <= 0xffffffff ? 4
							    : 8);
		ret->is_unicode = pyprof_word(bytes, layout->at.keys.lookup) !=
				  types->lookdict;
	}
	ret->value = ret->key + 8;
	ret->room = slots * 2 / 3;
	*index_size_ret = index_size;
	return true;
}

/** Decode a table; false when it is damaged or not there. */
static inline bool pyprof_keys_read(const struct pyprof_types *types,
				    uint64_t address, struct pyprof_keys *ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t header = (uint64_t)layout->at.keys.indices;
	const uint8_t *bytes = pyprof_memory_at(types->memory, address, header);
	uint64_t index_size;
	if (!bytes || !pyprof_keys_place(types, bytes, ret, &index_size))
		return false;
	ret->count = pyprof_word(bytes, layout->at.keys.nentries);
	if (ret->count > ret->room)
		return false;
	ret->size = header + index_size + ret->room * ret->entry_size;
	if (!pyprof_memory_at(types->memory, address, ret->size))
		return false;
	ret->bytes = bytes;
	ret->entries = bytes + header + index_size;
	ret->refcount = (int64_t)pyprof_word(bytes, layout->at.keys.refcount);
	/* Shared tables have room for less than their slots allow. */
	ret->shared_room = ret->room;
	if (pyprof_has(layout, keys.log2_slots)) {
		uint64_t room =
			ret->count + pyprof_word(bytes, layout->at.keys.usable);
		if (room <= ret->room)
			ret->shared_room = room;
	}
	return true;
}

static inline uint64_t pyprof_keys_key(const struct pyprof_keys *keys,
				       uint64_t index)
{
	return pyprof_word(keys->entries + index * keys->entry_size,
			   (int32_t)keys->key);
}

static inline uint64_t pyprof_keys_value(const struct pyprof_keys *keys,
					 uint64_t index)
{
	return pyprof_word(keys->entries + index * keys->entry_size,
			   (int32_t)keys->value);
}

/** Values that share a table of keys: those of an instance, or of its dict. */
struct pyprof_values {
	/** NULL: there are none. */
	const uint8_t *values;
	uint64_t count;
	/** The memory that they are in; 0 when it is the instance's own. */
	uint64_t block, block_size;
};

/**
 * Decode values, given as `ma_values` of a dict is; false when damaged.
 *
 * @param keys The table that they share.
 */
bool pyprof_values_read(const struct pyprof_types *types, uint64_t address,
			const struct pyprof_keys *keys,
			struct pyprof_values *ret);

/** What instances keep where their type manages it. */
struct pyprof_instance_values {
	/** Valid when `values.values` is not NULL. */
	struct pyprof_keys keys;
	struct pyprof_values values;
	/** The dict, when there is one; it may share the values. */
	uint64_t dict;
};

/** Values and dict of an instance whose type has a managed dict. */
bool pyprof_instance_values_read(const struct pyprof_types *types,
				 const struct pyprof_object *object,
				 struct pyprof_instance_values *ret);

/** sys.getsizeof() of a dict but for what comes before it. */
bool pyprof_dict_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret);
bool pyprof_dict_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink);
bool pyprof_dict_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink);

/** The value of an ASCII str in a dict; 0 when there is none. */
uint64_t pyprof_dict_find(const struct pyprof_types *types, uint64_t dict,
			  const char *key);

/** The value of an int that fits; false for what is none. */
bool pyprof_int_value(const struct pyprof_types *types, uint64_t address,
		      int64_t *ret);

void pyprof_show_dict(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf);

/** Of types, for kinds that are types, too. */
bool pyprof_type_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret);
bool pyprof_type_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink);
void pyprof_show_type(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf);

#endif /* PYPROF_CPYTHON_OBJECTS_DICT_TABLE_H */
