// SPDX-License-Identifier: Apache-2.0
//
// str, bytes and bytearray.
#include "core/cpython/objects/string.h"

#include "core/base/utf8.h"
#include "core/cpython/object.h"

#define SHOWN_MAX 64
#define SIZEOF_WCHAR 4

/* What a str keeps outside of itself; 0 where there is nothing. */
struct outside {
	uint64_t data, data_size;
	uint64_t utf8, utf8_size;
	uint64_t wide, wide_size;
};

/* Up to 3.11 a str can have a wide form, which can be its only one. */
static void find_wide(const struct pyprof_offsets *at, const uint8_t *bytes,
		      const struct pyprof_str *str, uint64_t own_data,
		      struct outside *ret)
{
	if (at->unicode.wstr == PYPROF_ABSENT)
		return;
	uint64_t wide = pyprof_word(bytes, at->unicode.wstr);
	if (!wide || wide == own_data)
		return;
	uint64_t length = str->is_compact && str->is_ascii
				  ? str->length
				  : pyprof_word(bytes, at->unicode.wstr_length);
	ret->wide = wide;
	ret->wide_size = (length + 1) * SIZEOF_WCHAR;
}

static bool find_outside(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_str *str, struct outside *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	*ret = (struct outside){};
	if (!pyprof_str_read(types->layout, object->bytes, str))
		return false;
	uint64_t data = object->address + (uint64_t)at->unicode.compact_data;
	if (str->is_compact && str->is_ascii)
		data = object->address + (uint64_t)at->unicode.ascii_data;
	if (!str->is_compact) {
		data = pyprof_word(object->bytes, at->unicode.data);
		ret->data = data;
		ret->data_size = data ? (str->length + 1) * str->kind : 0;
	}
	find_wide(at, object->bytes, str, data, ret);
	if (str->is_compact && str->is_ascii)
		return true;
	uint64_t utf8 = pyprof_word(object->bytes, at->unicode.utf8);
	if (utf8 && utf8 != data) {
		ret->utf8 = utf8;
		ret->utf8_size =
			pyprof_word(object->bytes, at->unicode.utf8_length) + 1;
	}
	return ret->utf8_size >> 42 == 0 && ret->wide_size >> 42 == 0;
}

static bool str_size(const struct pyprof_types *types,
		     const struct pyprof_object *object, uint64_t *ret)
{
	struct pyprof_str str;
	struct outside outside;
	if (!find_outside(types, object, &str, &outside))
		return false;
	*ret = str.size + outside.data_size + outside.utf8_size +
	       outside.wide_size;
	return true;
}

static bool str_buffers(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buffer_sink *sink)
{
	struct pyprof_str str;
	struct outside outside;
	if (!find_outside(types, object, &str, &outside))
		return false;
	if (outside.data_size)
		sink->buffer(sink, outside.data, outside.data_size);
	if (outside.utf8)
		sink->buffer(sink, outside.utf8, outside.utf8_size);
	if (outside.wide)
		sink->buffer(sink, outside.wide, outside.wide_size);
	return true;
}

static void show_character(uint32_t c, char quote, struct pyprof_buf *buf)
{
	if (c == '\n')
		pyprof_buf_puts(buf, "\\n");
	else if (c == '\t')
		pyprof_buf_puts(buf, "\\t");
	else if (c == '\r')
		pyprof_buf_puts(buf, "\\r");
	else if (c == (uint32_t)quote || c == '\\')
		pyprof_buf_printf(buf, "\\%c", (char)c);
	else if (c < ' ' || (c >= 0x7f && c < 0xa0))
		pyprof_buf_printf(buf, "\\x%02x", c);
	else if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		pyprof_buf_printf(buf, "\\u%04x", c);
	else
		pyprof_utf8_put(buf, c);
}

static uint32_t character_at(const uint8_t *data, unsigned kind, uint64_t i)
{
	uint32_t c = 0;
	__builtin_memcpy(&c, data + i * kind, kind);
	return c;
}

/* As Python does: single ones, unless only such are in the text. */
static char choose_quote(const uint8_t *data, unsigned kind, uint64_t count)
{
	bool has_single = false;
	for (uint64_t i = 0; i < count; i++) {
		uint32_t c = character_at(data, kind, i);
		if (c == '"')
			return '\'';
		has_single |= c == '\'';
	}
	return has_single ? '"' : '\'';
}

static void show_str(const struct pyprof_types *types,
		     const struct pyprof_object *object, struct pyprof_buf *buf)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct pyprof_str str;
	struct outside outside;
	if (!find_outside(types, object, &str, &outside))
		return;
	uint64_t shown = str.length < SHOWN_MAX ? str.length : SHOWN_MAX;
	uint64_t address = outside.data;
	if (str.is_compact)
		address = object->address +
			  (uint64_t)(str.is_ascii ? at->unicode.ascii_data
						  : at->unicode.compact_data);
	const uint8_t *data =
		pyprof_memory_at(types->memory, address, shown * str.kind);
	if (!data || !str.kind)
		return;
	char quote = choose_quote(data, str.kind, shown);
	pyprof_buf_putc(buf, quote);
	for (uint64_t i = 0; i < shown; i++)
		show_character(character_at(data, str.kind, i), quote, buf);
	pyprof_buf_printf(buf, "%s%c", shown < str.length ? "…" : "", quote);
}

const struct pyprof_kind pyprof_kind_str = {
	.name = "str",
	.subclass_bit = 28,
	.size_position = PYPROF_SIZE_OF(unicode),
	.size = str_size,
	.buffers = str_buffers,
	.show = show_str,
	.shows_value = true,
};

static void show_data(const struct pyprof_types *types, uint64_t address,
		      uint64_t size, struct pyprof_buf *buf)
{
	uint64_t shown = size < SHOWN_MAX ? size : SHOWN_MAX;
	const uint8_t *data = pyprof_memory_at(types->memory, address, shown);
	if (!data)
		return;
	char quote = choose_quote(data, 1, shown);
	pyprof_buf_printf(buf, "b%c", quote);
	for (uint64_t i = 0; i < shown; i++) {
		if (data[i] < 0x7f)
			show_character(data[i], quote, buf);
		else
			pyprof_buf_printf(buf, "\\x%02x", data[i]);
	}
	pyprof_buf_printf(buf, "%s%c", shown < size ? "…" : "", quote);
}

static void show_bytes(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_buf *buf)
{
	const struct pyprof_offsets *at = &types->layout->at;
	show_data(types, object->address + (uint64_t)at->bytes.data,
		  pyprof_word(object->bytes, at->object.var_size), buf);
}

const struct pyprof_kind pyprof_kind_bytes = {
	.name = "bytes",
	.subclass_bit = 27,
	.size_position = -1,
	.show = show_bytes,
	.shows_value = true,
};

static bool bytearray_size(const struct pyprof_types *types,
			   const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t alloc = pyprof_word(object->bytes, at->bytearray.alloc);
	if (alloc >> 42)
		return false;
	*ret = (uint64_t)object->type->basicsize + alloc;
	/* It counts the bytes object that holds them as its own. */
	if (alloc && pyprof_has(types->layout, bytearray.object))
		*ret += (uint64_t)at->bytes.data + 1;
	return true;
}

static bool bytearray_edges(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	int32_t offset = types->layout->at.bytearray.object;
	if (offset != PYPROF_ABSENT)
		pyprof_edge(sink, pyprof_word(object->bytes, offset),
			    PYPROF_EDGE_MEMBER | PYPROF_EDGE_UNTOLD,
			    (uintptr_t) "ob_bytes_object");
	return true;
}

static bool bytearray_buffers(const struct pyprof_types *types,
			      const struct pyprof_object *object,
			      struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t bytes = pyprof_word(object->bytes, at->bytearray.bytes);
	uint64_t alloc = pyprof_word(object->bytes, at->bytearray.alloc);
	if (alloc >> 42)
		return false;
	if (alloc && bytes && !pyprof_has(types->layout, bytearray.object))
		sink->buffer(sink, bytes, alloc);
	return true;
}

static void show_bytearray(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buf *buf)
{
	const struct pyprof_offsets *at = &types->layout->at;
	pyprof_buf_printf(buf, "of %llu bytes",
			  (unsigned long long)pyprof_word(object->bytes,
							  at->object.var_size));
}

const struct pyprof_kind pyprof_kind_bytearray = {
	.name = "bytearray",
	.size_position = PYPROF_SIZE_OF(bytearray),
	.size = bytearray_size,
	.edges = bytearray_edges,
	.buffers = bytearray_buffers,
	.show = show_bytearray,
};
