// SPDX-License-Identifier: Apache-2.0
//
// Code objects. None of their references is told of: the collector does not
// know them.
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 120
#define EXTRA_MAX 4096
/* sizeof(_PyOpcache), 3.8-3.10. */
#define OPCACHE_SIZE 32
/* What code computes of itself when it is asked for, 3.12+: its bytecode and
 * three tuples of names. */
#define CACHED_WORDS 4

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER(code, bytecode, "co_code"),
	PYPROF_MEMBER(code, cached_code, "co_code"),
	PYPROF_MEMBER(code, consts, "co_consts"),
	PYPROF_MEMBER(code, names, "co_names"),
	PYPROF_MEMBER(code, localsplusnames, "co_localsplusnames"),
	PYPROF_MEMBER(code, localspluskinds, "co_localspluskinds"),
	PYPROF_MEMBER(code, varnames, "co_varnames"),
	PYPROF_MEMBER(code, cellvars, "co_cellvars"),
	PYPROF_MEMBER(code, freevars, "co_freevars"),
	PYPROF_MEMBER(code, filename, "co_filename"),
	PYPROF_MEMBER(code, name, "co_name"),
	PYPROF_MEMBER(code, qualname, "co_qualname"),
	PYPROF_MEMBER(code, linetable, "co_linetable"),
	PYPROF_MEMBER(code, exceptiontable, "co_exceptiontable"),
	{},
};

static const char *const cached_names[CACHED_WORDS] = {
	"co_code",
	"co_varnames",
	"co_cellvars",
	"co_freevars",
};

static uint64_t word_of(const struct pyprof_object *object, int32_t offset)
{
	return offset == PYPROF_ABSENT ? 0 : pyprof_word(object->bytes, offset);
}

static bool code_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	const struct pyprof_layout *layout = types->layout;
	bool is_gc = object->type->is_gc;
	pyprof_members_tell(types, object->bytes, is_gc, members, sink);
	uint64_t cached = word_of(object, layout->at.code.cached);
	if (!cached)
		return true;
	unsigned kind = PYPROF_EDGE_MEMBER | PYPROF_EDGE_UNTOLD;
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, cached, 8 * CACHED_WORDS);
	if (!bytes)
		return false;
	for (int i = 0; i < CACHED_WORDS; i++)
		pyprof_edge(sink, pyprof_word(bytes, 8 * i), kind,
			    (uintptr_t)cached_names[i]);
	return true;
}

/* What tools attach: {count, pointers}; 0 when there is none. */
static bool extra_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	uint64_t extra = word_of(object, types->layout->at.code.extra);
	*ret = 0;
	if (!extra)
		return true;
	const uint8_t *bytes = pyprof_memory_at(types->memory, extra, 16);
	if (!bytes || pyprof_word(bytes, 0) > EXTRA_MAX)
		return false;
	*ret = 8 + 8 * pyprof_word(bytes, 0);
	return true;
}

/* Of the bytecode, in bytes, 3.8-3.10. */
static bool bytecode_size(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *bytes = pyprof_memory_at(
		types->memory, word_of(object, at->code.bytecode),
		(uint64_t)at->bytes.data);
	if (!bytes)
		return false;
	*ret = pyprof_word(bytes, at->object.var_size);
	return *ret < UINT64_C(1) << 40;
}

static uint64_t opcache_size(const struct pyprof_types *types,
			     const struct pyprof_object *object)
{
	int32_t offset = types->layout->at.code.opcache_size;
	return (uint64_t)object->bytes[offset] * OPCACHE_SIZE;
}

/* Which arguments are cells, 3.8-3.10: a word for each cell. */
static bool cell2arg_size(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	*ret = 0;
	if (!word_of(object, at->code.cell2arg))
		return true;
	const uint8_t *bytes = pyprof_memory_at(
		types->memory, word_of(object, at->code.cellvars),
		(uint64_t)at->tuple.items);
	if (!bytes)
		return false;
	*ret = 8 * pyprof_word(bytes, at->object.var_size);
	return *ret < UINT64_C(1) << 24;
}

static bool code_size(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t extra, size = (uint64_t)object->type->basicsize;
	if (!extra_size(types, object, &extra))
		return false;
	if (pyprof_has(layout, code.adaptive)) {
		uint64_t units =
			pyprof_word(object->bytes, layout->at.code.units);
		size += units * (uint64_t)object->type->itemsize;
		*ret = ((size + 7) & ~UINT64_C(7)) + extra;
		return units < UINT64_C(1) << 40;
	}
	uint64_t cells;
	if (!cell2arg_size(types, object, &cells))
		return false;
	size += cells;
	if (word_of(object, layout->at.code.opcache)) {
		uint64_t bytecode;
		if (!bytecode_size(types, object, &bytecode))
			return false;
		size += bytecode / 2 + opcache_size(types, object);
	}
	*ret = size + extra;
	return true;
}

static void tell_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
			uint64_t size)
{
	if (address && size)
		sink->buffer(sink, address, size);
}

/* The frame that a code object of 3.8 and 3.9 keeps for its next call. */
static bool tell_zombie(const struct pyprof_types *types, uint64_t frame,
			struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!frame)
		return true;
	const uint8_t *bytes = pyprof_memory_at(types->memory, frame,
						(uint64_t)at->frame.size);
	if (!bytes)
		return false;
	uint64_t items = pyprof_word(bytes, at->object.var_size);
	if (items > UINT64_C(1) << 24)
		return false;
	/* Behind the collector's head; with one slot in the structure. */
	uint64_t head = 16;
	tell_buffer(sink, frame - head,
		    head + (uint64_t)at->frame.localsplus + 8 * (items + 1));
	return true;
}

static bool code_buffers(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buffer_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t size;
	if (!extra_size(types, object, &size))
		return false;
	tell_buffer(sink, word_of(object, at->code.extra), size);
	if (!cell2arg_size(types, object, &size))
		return false;
	tell_buffer(sink, word_of(object, at->code.cell2arg), size);
	tell_buffer(sink, word_of(object, at->code.cached), 8 * CACHED_WORDS);
	uint64_t opcache = word_of(object, at->code.opcache);
	if (opcache) {
		tell_buffer(sink, opcache, opcache_size(types, object));
		if (!bytecode_size(types, object, &size))
			return false;
		tell_buffer(sink, word_of(object, at->code.opcache_map),
			    size / 2);
	}
	return tell_zombie(types, word_of(object, at->code.zombie_frame), sink);
}

static void show_code(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf)
{
	const struct pyprof_offsets *at = &types->layout->at;
	int32_t name = at->code.qualname == PYPROF_ABSENT ? at->code.name
							  : at->code.qualname;
	int32_t line;
	__builtin_memcpy(&line, object->bytes + at->code.firstlineno,
			 sizeof(line));
	struct pyprof_error *err = pyprof_text_read_str(
		types->python, word_of(object, name), NAME_MAX_CHARS, buf);
	if (!err) {
		pyprof_buf_puts(buf, " (");
		err = pyprof_text_read_str(types->python,
					   word_of(object, at->code.filename),
					   NAME_MAX_CHARS, buf);
		pyprof_buf_printf(buf, ":%d)", (int)line);
	}
	pyprof_error_destroy(err);
}

const struct pyprof_kind pyprof_kind_code = {
	.name = "code",
	.size_position = -1,
	.size = code_size,
	.edges = code_edges,
	.buffers = code_buffers,
	.show = show_code,
};
