// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/text.h"

#include <string.h>

/* Py_TPFLAGS_BYTES_SUBCLASS and Py_TPFLAGS_UNICODE_SUBCLASS. */
#define TYPE_IS_BYTES (UINT64_C(1) << 27)
#define TYPE_IS_STR (UINT64_C(1) << 28)

/* From the lowest bit of a str's kind to the bits behind it. */
#define COMPACT_BIT 3
#define ASCII_BIT 4

#define REPLACEMENT 0xfffd
#define ELLIPSIS 0x2026

struct str_header {
	uint64_t length;
	/* Bytes a character: 1, 2 or 4. */
	int kind;
	uint64_t characters;
};

static struct pyprof_error *check_type(const struct pyprof_python *python,
				       uint64_t address, uint64_t type,
				       uint64_t expected, uint64_t flag,
				       const char *name)
{
	if (type == expected && type)
		return NULL;
	uint64_t flags = 0;
	if (pyprof_plausible_pointer(type)) {
		uint64_t at = type + python->layout.at.type.flags;
		struct pyprof_error *err =
			pyprof_target_read_u64(python->target, at, &flags);
		if (err && err->code != PYPROF_ERROR_FAULT)
			return err;
		pyprof_error_destroy(err);
	}
	if (flags & flag)
		return NULL;
	return pyprof_error_at(PYPROF_ERROR_CORRUPT, address, "not a %s", name);
}

/* Where the characters are: behind the header, or behind its pointer. */
static struct pyprof_error *find_characters(const struct pyprof_python *python,
					    uint64_t address, uint32_t state,
					    struct str_header *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	int shift = layout->unicode_kind_shift;
	bool is_compact = state >> (shift + COMPACT_BIT) & 1;
	bool is_ascii = state >> (shift + ASCII_BIT) & 1;
	int kind = state >> shift & 7;
	if ((kind != 1 && kind != 2 && kind != 4) || (is_ascii && kind != 1))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "str of kind %d", kind);
	ret->kind = kind;
	if (is_compact) {
		ret->characters =
			address + (is_ascii ? layout->at.unicode.ascii_data
					    : layout->at.unicode.compact_data);
		return NULL;
	}
	return pyprof_target_read_u64(python->target,
				      address + layout->at.unicode.data,
				      &ret->characters);
}

static struct pyprof_error *read_str_header(const struct pyprof_python *python,
					    uint64_t address,
					    struct str_header *ret)
{
	if (!pyprof_plausible_pointer(address))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not a str");
	const struct pyprof_offsets *at = &python->layout.at;
	uint64_t type, length;
	uint32_t state;
	const struct pyprof_range ranges[] = {
		{address + at->object.type, &type, sizeof(type)},
		{address + at->unicode.length, &length, sizeof(length)},
		{address + at->unicode.state, &state, sizeof(state)},
	};
	if (pyprof_target_readv(python->target, ranges, 3) != 3)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read a str");
	struct pyprof_error *err =
		check_type(python, address, type, python->unicode_type,
			   TYPE_IS_STR, "str");
	if (err)
		return err;
	if (length > PYPROF_READ_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "str of length %#llx",
				       (unsigned long long)length);
	ret->length = length;
	return find_characters(python, address, state, ret);
}

static void append_utf8(struct pyprof_buf *buf, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = REPLACEMENT;
	if (c < 0x80) {
		pyprof_buf_putc(buf, (char)c);
		return;
	}
	char bytes[4];
	size_t count = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = count - 1; i > 0; i--, c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)((uint8_t)(0xf00 >> count) | c);
	pyprof_buf_append(buf, bytes, count);
}

static uint32_t character(const char *characters, int kind, size_t index)
{
	uint32_t c = 0;
	memcpy(&c, characters + index * kind, kind);
	return c;
}

struct pyprof_error *pyprof_text_read_str(const struct pyprof_python *python,
					  uint64_t address, size_t max_chars,
					  struct pyprof_buf *buf)
{
	struct str_header header;
	struct pyprof_error *err = read_str_header(python, address, &header);
	if (err)
		return err;
	size_t count = header.length < max_chars ? header.length : max_chars;
	_cleanup_buf_ struct pyprof_buf raw = PYPROF_BUF_INIT;
	char *characters = pyprof_buf_reserve(&raw, count * header.kind);
	if (!characters)
		return pyprof_buf_error(&raw);
	err = pyprof_target_read(python->target, header.characters, characters,
				 count * header.kind);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		append_utf8(buf, character(characters, header.kind, i));
	if (count < header.length)
		append_utf8(buf, ELLIPSIS);
	return pyprof_buf_error(buf);
}

struct pyprof_error *pyprof_text_read_bytes(const struct pyprof_python *python,
					    uint64_t address, size_t max,
					    struct pyprof_buf *buf)
{
	if (!pyprof_plausible_pointer(address))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not a bytes");
	const struct pyprof_offsets *at = &python->layout.at;
	uint64_t type, size;
	const struct pyprof_range ranges[] = {
		{address + at->object.type, &type, sizeof(type)},
		{address + at->object.var_size, &size, sizeof(size)},
	};
	if (pyprof_target_readv(python->target, ranges, 2) != 2)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read a bytes");
	struct pyprof_error *err =
		check_type(python, address, type, python->bytes_type,
			   TYPE_IS_BYTES, "bytes");
	if (err)
		return err;
	if (size > max)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "bytes of size %#llx",
				       (unsigned long long)size);
	char *data = pyprof_buf_reserve(buf, size);
	if (!data)
		return pyprof_buf_error(buf);
	err = pyprof_target_read(python->target, address + at->bytes.data, data,
				 size);
	if (!err)
		buf->length += size;
	buf->data[buf->length] = '\0';
	return err;
}
