// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/code_load.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpython/text.h"

/* Names and file names are cut behind so many characters. */
#define NAME_MAX_CHARS 4096
#define LINETABLE_MAX ((size_t)4 << 20)

/* Bytes of a line table that tell it from another. */
#define LINE_HEAD 64

#define UNIT_SIZE 2

static size_t extend(size_t span, int32_t offset, size_t width)
{
	size_t end = offset < 0 ? 0 : (size_t)offset + width;
	return end > span ? end : span;
}

size_t pyprof_code_span(const struct pyprof_layout *layout)
{
	const struct pyprof_offsets *at = &layout->at;
	size_t span = extend(0, at->object.var_size, 8);
	span = extend(span, at->code.flags, 4);
	span = extend(span, at->code.firstlineno, 4);
	span = extend(span, at->code.filename, 8);
	span = extend(span, at->code.name, 8);
	span = extend(span, at->code.qualname, 8);
	span = extend(span, at->code.linetable, 8);
	span = extend(span, at->code.bytecode, 8);
	return extend(span, at->code.firsttraceable, 4);
}

static uint64_t word(const char *copy, int32_t offset)
{
	uint64_t value = 0;
	if (offset >= 0)
		memcpy(&value, copy + offset, sizeof(value));
	return value;
}

static int32_t number(const char *copy, int32_t offset)
{
	int32_t value = 0;
	if (offset >= 0)
		memcpy(&value, copy + offset, sizeof(value));
	return value;
}

void pyprof_code_header_decode(const struct pyprof_layout *layout,
			       const char *header,
			       struct pyprof_code_header *ret)
{
	const struct pyprof_offsets *at = &layout->at;
	*ret = (struct pyprof_code_header){
		.type = word(header, at->object.type),
		.filename = word(header, at->code.filename),
		.name = word(header, at->code.name),
		.qualname = word(header, at->code.qualname),
		.linetable = word(header, at->code.linetable),
		.bytecode = word(header, at->code.bytecode),
		.flags = (uint32_t)number(header, at->code.flags),
		.first_line = number(header, at->code.firstlineno),
		.first_traceable = number(header, at->code.firsttraceable),
	};
	/* Code objects of 3.8-3.10 have no size of their own. */
	if (pyprof_has(layout, code.adaptive))
		ret->units = word(header, at->object.var_size);
}

/* Names are interned, so that they always have their hash: behind the length,
 * in every version. */
static int32_t hash_offset(const struct pyprof_layout *layout)
{
	return layout->at.unicode.length + 8;
}

static struct pyprof_error *load_name(const struct pyprof_python *python,
				      struct pyprof_strtab *strings,
				      uint64_t address, uint32_t *ret)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_text_read_str(python, address, NAME_MAX_CHARS, &text);
	if (err)
		return err;
	return pyprof_strtab_intern(strings, text.data, text.length, ret);
}

static struct pyprof_error *read_name_hash(const struct pyprof_python *python,
					   uint64_t name, uint64_t *ret)
{
	return pyprof_target_read_u64(python->target,
				      name + hash_offset(&python->layout), ret);
}

static struct pyprof_error *load_names(const struct pyprof_python *python,
				       struct pyprof_strtab *strings,
				       const struct pyprof_code_header *header,
				       struct pyprof_code *code)
{
	struct pyprof_error *err =
		load_name(python, strings, header->filename, &code->file);
	if (err)
		return err;
	err = read_name_hash(python, header->name, &code->name_hash);
	if (!err)
		err = load_name(python, strings, header->name, &code->name);
	/* In a program that runs the text may be that of other code. */
	uint64_t hash = 0;
	if (!err)
		err = read_name_hash(python, header->name, &hash);
	if (err)
		return err;
	if (hash != code->name_hash)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, code->address,
				       "it is being replaced");
	code->qualname = code->name;
	if (!pyprof_has(&python->layout, code.qualname))
		return NULL;
	return load_name(python, strings, header->qualname, &code->qualname);
}

static struct pyprof_error *load_linetable(const struct pyprof_python *python,
					   uint64_t address,
					   struct pyprof_code *code)
{
	_cleanup_buf_ struct pyprof_buf table = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_text_read_bytes(python, address, LINETABLE_MAX, &table);
	if (err)
		return err;
	/* Not exactly as large as the table: it may be empty. */
	code->linetable = malloc(table.length + 1);
	if (!code->linetable)
		return pyprof_error_oom();
	memcpy(code->linetable, table.data, table.length);
	code->linetable_size = table.length;
	return NULL;
}

/* In 3.8-3.10 the instructions are a bytes object of their own. */
static struct pyprof_error *
measure_bytecode(const struct pyprof_python *python,
		 const struct pyprof_code_header *header,
		 struct pyprof_code *code)
{
	const struct pyprof_offsets *at = &python->layout.at;
	uint64_t size;
	if (pyprof_has(&python->layout, code.adaptive)) {
		code->bytecode = code->address + at->code.adaptive;
		size = header->units > PYPROF_READ_MAX
			       ? UINT64_MAX
			       : header->units * UNIT_SIZE;
	} else {
		code->bytecode = header->bytecode + at->bytes.data;
		struct pyprof_error *err = pyprof_target_read_u64(
			python->target, header->bytecode + at->object.var_size,
			&size);
		if (err)
			return err;
	}
	if (size > PYPROF_READ_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, code->address,
				       "implausible size of bytecode");
	code->bytecode_size = (int64_t)size;
	code->first_traceable = (int64_t)header->first_traceable * UNIT_SIZE;
	return NULL;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Never 0. */
static uint64_t identity_of(const struct pyprof_code_header *header,
			    uint64_t name_hash)
{
	uint64_t hash =
		mix(UINT64_C(0xcbf29ce484222325), header, sizeof(*header));
	return mix(hash, &name_hash, sizeof(name_hash)) | 1;
}

uint64_t pyprof_code_identify(const struct pyprof_python *python,
			      struct pyprof_look *look, uint64_t address)
{
	const struct pyprof_layout *layout = &python->layout;
	struct pyprof_code_header header;
	const char *copy =
		pyprof_look_at(look, address, pyprof_code_span(layout));
	if (!copy)
		return 0;
	pyprof_code_header_decode(layout, copy, &header);
	if (!pyprof_plausible_pointer(header.name))
		return 0;
	copy = pyprof_look_at(look, header.name + hash_offset(layout), 8);
	return copy ? identity_of(&header, word(copy, 0)) : 0;
}

static struct pyprof_error *load(const struct pyprof_python *python,
				 struct pyprof_strtab *strings,
				 const struct pyprof_code_header *header,
				 struct pyprof_code *code)
{
	if (python->code_type && header->type != python->code_type)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, code->address,
				       "not a code object");
	struct pyprof_error *err = load_names(python, strings, header, code);
	if (err)
		return err;
	err = load_linetable(python, header->linetable, code);
	if (err)
		return err;
	err = measure_bytecode(python, header, code);
	if (err)
		return err;
	code->identity = identity_of(header, code->name_hash);
	code->first_line = header->first_line;
	code->flags = header->flags;
	code->fingerprint =
		mix(code->identity, code->linetable, code->linetable_size);
	return NULL;
}

struct pyprof_error *pyprof_code_load(const struct pyprof_python *python,
				      struct pyprof_strtab *strings,
				      const struct pyprof_code_header *header,
				      struct pyprof_code *code)
{
	struct pyprof_error *err = load(python, strings, header, code);
	if (err)
		pyprof_code_unload(code);
	return err;
}

void pyprof_code_unload(struct pyprof_code *code)
{
	free(code->linetable);
	*code = (struct pyprof_code){.address = code->address};
}

struct pyprof_range
pyprof_code_name_hash_range(const struct pyprof_layout *layout,
			    const struct pyprof_code_header *header,
			    struct pyprof_code_copy *copy)
{
	return (struct pyprof_range){
		.address = header->name + hash_offset(layout),
		.buffer = copy->name_hash,
		.size = sizeof(copy->name_hash),
	};
}

static size_t line_head_size(const struct pyprof_code *code)
{
	return code->linetable_size < LINE_HEAD ? code->linetable_size
						: LINE_HEAD;
}

struct pyprof_range
pyprof_code_line_head_range(const struct pyprof_layout *layout,
			    const struct pyprof_code_header *header,
			    const struct pyprof_code *code,
			    struct pyprof_code_copy *copy)
{
	int32_t start = layout->at.object.var_size;
	return (struct pyprof_range){
		.address = header->linetable + start,
		.buffer = copy->line_head,
		.size = layout->at.bytes.data - start + line_head_size(code),
	};
}

bool pyprof_code_copy_matches(const struct pyprof_layout *layout,
			      const struct pyprof_code *code,
			      const struct pyprof_code_copy *copy)
{
	size_t data = layout->at.bytes.data - layout->at.object.var_size;
	return word(copy->name_hash, 0) == code->name_hash &&
	       word(copy->line_head, 0) == code->linetable_size &&
	       !memcmp(copy->line_head + data, code->linetable,
		       line_head_size(code));
}
