// SPDX-License-Identifier: Apache-2.0
//
// Types themselves. What an interpreter keeps of a static type (3.12+) counts
// as the type's own.
#include "core/cpython/objects/dict_table.h"

#define INTERPRETERS_MAX 64
#define STATIC_TYPES_MAX 4096

static bool is_heap_type(const struct pyprof_types *types,
			 const struct pyprof_object *object)
{
	uint64_t flags =
		pyprof_word(object->bytes, types->layout->at.type.flags);
	return (flags & PYPROF_TYPE_HEAP) != 0;
}

/* Members of PyHeapTypeObject are behind those of which the size is known. */
static const uint8_t *heap_bytes(const struct pyprof_types *types,
				 const struct pyprof_object *object)
{
	return pyprof_memory_at(types->memory, object->address,
				(uint64_t)types->layout->at.heap_type.size);
}

/* The size of its table of keys; 0 when it has none. */
static bool cached_keys_of(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_keys *ret, uint64_t *address_ret)
{
	const uint8_t *bytes = heap_bytes(types, object);
	*address_ret = 0;
	if (!bytes)
		return false;
	uint64_t address =
		pyprof_word(bytes, types->layout->at.heap_type.cached_keys);
	if (!address)
		return true;
	*address_ret = address;
	return pyprof_keys_read(types, address, ret);
}

bool pyprof_type_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!is_heap_type(types, object)) {
		*ret = (uint64_t)at->type.size;
		return true;
	}
	struct pyprof_keys keys;
	uint64_t address;
	if (!cached_keys_of(types, object, &keys, &address))
		return false;
	*ret = (uint64_t)at->heap_type.size + (address ? keys.size : 0);
	return true;
}

/* The row of a static type in a list of them. */
static const uint8_t *find_static(const struct pyprof_types *types,
				  uint64_t interp, int32_t list, int32_t count,
				  uint64_t type)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (list == PYPROF_ABSENT || count == PYPROF_ABSENT)
		return NULL;
	const uint8_t *word =
		pyprof_memory_at(types->memory, interp + (uint64_t)count, 8);
	uint64_t rows = word ? pyprof_word(word, 0) : 0;
	uint64_t size = (uint64_t)at->static_type.size;
	if (rows > STATIC_TYPES_MAX)
		return NULL;
	const uint8_t *row = pyprof_memory_at(
		types->memory, interp + (uint64_t)list, rows * size);
	for (uint64_t i = 0; row && i < rows; i++, row += size) {
		if (pyprof_word(row, at->static_type.type) == type)
			return row;
	}
	return NULL;
}

/* Each interpreter has a dict of its own for a static type. */
static void tell_static(const struct pyprof_types *types, uint64_t type,
			struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	unsigned kind = PYPROF_EDGE_MEMBER | PYPROF_EDGE_UNTOLD;
	uint64_t where = types->python->runtime +
			 (uint64_t)at->runtime.interpreters_head;
	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		const uint8_t *word = pyprof_memory_at(types->memory, where, 8);
		uint64_t interp = word ? pyprof_word(word, 0) : 0;
		if (!interp)
			return;
		const uint8_t *row =
			find_static(types, interp, at->interp.static_types,
				    at->interp.static_type_count, type);
		if (!row)
			row = find_static(
				types, interp, at->interp.extension_types,
				at->interp.extension_type_count, type);
		if (row) {
			pyprof_edge(sink,
				    pyprof_word(row, at->static_type.dict),
				    kind, (uintptr_t) "__dict__");
			pyprof_edge(
				sink,
				pyprof_word(row, at->static_type.subclasses),
				kind, (uintptr_t) "tp_subclasses");
		}
		where = interp + (uint64_t)at->interp.next;
	}
}

static void tell(const struct pyprof_object *object, int32_t offset,
		 const char *name, unsigned flags,
		 struct pyprof_edge_sink *sink)
{
	if (offset != PYPROF_ABSENT)
		pyprof_edge(sink, pyprof_word(object->bytes, offset),
			    PYPROF_EDGE_MEMBER | flags, (uintptr_t)name);
}

/* What gc.get_referents() tells of types on the heap. */
static void tell_members(const struct pyprof_types *types,
			 const struct pyprof_object *object, unsigned flags,
			 struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	tell(object, at->type.dict, "__dict__", flags, sink);
	tell(object, at->type.cache, "tp_cache", flags, sink);
	tell(object, at->type.mro, "__mro__", flags, sink);
	tell(object, at->type.bases, "__bases__", flags, sink);
	tell(object, at->type.base, "__base__", flags, sink);
}

static bool tell_cached_keys(const struct pyprof_types *types,
			     const struct pyprof_object *object,
			     struct pyprof_edge_sink *sink)
{
	struct pyprof_keys keys;
	uint64_t address;
	if (!cached_keys_of(types, object, &keys, &address))
		return false;
	if (!address)
		return true;
	for (uint64_t i = 0; i < keys.count; i++)
		pyprof_edge(sink, pyprof_keys_key(&keys, i),
			    PYPROF_EDGE_KEY | PYPROF_EDGE_UNTOLD, i);
	return true;
}

static bool heap_type_edges(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	unsigned untold = PYPROF_EDGE_UNTOLD;
	struct pyprof_object heap = *object;
	heap.bytes = heap_bytes(types, object);
	if (!heap.bytes)
		return false;
	tell_members(types, &heap, 0, sink);
	tell(&heap, at->heap_type.module, "ht_module", 0, sink);
	tell(&heap, at->type.subclasses, "tp_subclasses", untold, sink);
	tell(&heap, at->heap_type.name, "__name__", untold, sink);
	tell(&heap, at->heap_type.qualname, "__qualname__", untold, sink);
	tell(&heap, at->heap_type.slots, "__slots__", untold, sink);
	return tell_cached_keys(types, &heap, sink);
}

static bool type_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (is_heap_type(types, object))
		return heap_type_edges(types, object, sink);
	/* The collector does not visit static types. */
	tell_members(types, object, PYPROF_EDGE_UNTOLD, sink);
	uint64_t flags = pyprof_word(object->bytes, at->type.flags);
	if (pyprof_has(types->layout, static_type.dict) &&
	    (flags & PYPROF_TYPE_STATIC_BUILTIN))
		tell_static(types, object->address, sink);
	else
		tell(object, at->type.subclasses, "tp_subclasses",
		     PYPROF_EDGE_UNTOLD, sink);
	return true;
}

/* A text of the type's own, with its NUL. */
static void tell_text(const struct pyprof_types *types, const uint8_t *bytes,
		      int32_t offset, struct pyprof_buffer_sink *sink)
{
	if (offset == PYPROF_ABSENT)
		return;
	uint64_t address = pyprof_word(bytes, offset);
	uint64_t size = pyprof_cstr_size(types, address);
	if (size)
		sink->buffer(sink, address, size);
}

bool pyprof_type_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!is_heap_type(types, object))
		return true;
	struct pyprof_keys keys;
	uint64_t address;
	if (!cached_keys_of(types, object, &keys, &address))
		return false;
	if (address)
		sink->buffer(sink, address, keys.size);
	const uint8_t *bytes = heap_bytes(types, object);
	tell_text(types, bytes, at->type.doc, sink);
	tell_text(types, bytes, at->heap_type.tpname, sink);
	return true;
}

void pyprof_show_type(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf)
{
	const struct pyprof_type *type =
		pyprof_type_known(types, object->address);
	if (type)
		pyprof_buf_puts(buf, type->name);
}

const struct pyprof_kind pyprof_kind_type = {
	.name = "type",
	.subclass_bit = PYPROF_TYPE_SUBCLASS_BIT,
	.size_position = PYPROF_SIZE_OF(heap_type),
	.size = pyprof_type_size,
	.edges = type_edges,
	.buffers = pyprof_type_buffers,
	.show = pyprof_show_type,
};
