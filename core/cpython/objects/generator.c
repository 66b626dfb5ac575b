// SPDX-License-Identifier: Apache-2.0
//
// Generators, coroutines and asynchronous generators. Up to 3.10 their frame
// is an object, from 3.11 on it is a part of them.
#include "core/cpython/frame_vars.h"
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 120

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER(generator, frame, "gi_frame"),
	PYPROF_MEMBER(generator, code, "gi_code"),
	PYPROF_MEMBER(generator, name, "__name__"),
	PYPROF_MEMBER(generator, qualname, "__qualname__"),
	PYPROF_MEMBER(generator, exc_type, "(exception's type)"),
	PYPROF_MEMBER(generator, exc_value, "(exception)"),
	PYPROF_MEMBER(generator, exc_traceback, "(traceback)"),
	{},
};

/* Its frame has been emptied; 0 before 3.11. */
static bool is_cleared(const struct pyprof_types *types,
		       const struct pyprof_object *object)
{
	return (int8_t)object->bytes[types->layout->at.generator.state] ==
	       types->layout->objects.generator_cleared;
}

static uint64_t frame_address(const struct pyprof_types *types,
			      const struct pyprof_object *object)
{
	return object->address + (uint64_t)types->layout->at.generator.iframe;
}

/* 3.11+: the code object, which outlives the frame. */
static bool read_code(const struct pyprof_types *types,
		      const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (pyprof_has(types->layout, generator.code)) {
		*ret = pyprof_word(object->bytes, at->generator.code);
		return true;
	}
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, frame_address(types, object),
				 (uint64_t)at->frame.size);
	if (!bytes)
		return false;
	*ret = pyprof_word(bytes, at->frame.code) & ~types->layout->tag_mask;
	return true;
}

static bool generator_edges(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	const struct pyprof_layout *layout = types->layout;
	pyprof_members_tell(types, object->bytes, true, members, sink);
	if (!pyprof_has(layout, generator.iframe))
		return true;
	if (!is_cleared(types, object))
		return pyprof_frame_edges(types, frame_address(types, object),
					  false, sink);
	if (pyprof_has(layout, generator.code))
		return true;
	uint64_t code;
	if (!read_code(types, object, &code))
		return false;
	unsigned kind = PYPROF_EDGE_MEMBER;
	if (!layout->objects.cleared_generators_tell_code)
		kind |= PYPROF_EDGE_UNTOLD;
	pyprof_edge(sink, code, kind, (uintptr_t) "(code)");
	return true;
}

static const struct pyprof_object_member coroutine_members[] = {
	PYPROF_MEMBER_UNTOLD(generator, coroutine_origin, "cr_origin"),
	PYPROF_MEMBER_UNTOLD(generator, origin_or_finalizer, "cr_origin"),
	{},
};

static bool coroutine_edges(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	pyprof_members_tell(types, object->bytes, true, coroutine_members,
			    sink);
	return generator_edges(types, object, sink);
}

static const struct pyprof_object_member asyncgen_members[] = {
	PYPROF_MEMBER(generator, asyncgen_finalizer, "(finalizer)"),
	PYPROF_MEMBER(generator, origin_or_finalizer, "(finalizer)"),
	{},
};

static bool asyncgen_edges(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_edge_sink *sink)
{
	pyprof_members_tell(types, object->bytes, true, asyncgen_members, sink);
	return generator_edges(types, object, sink);
}

static bool generator_size(const struct pyprof_types *types,
			   const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_layout *layout = types->layout;
	*ret = (uint64_t)object->type->basicsize;
	if (!pyprof_has(layout, generator.iframe))
		return true;
	uint64_t code;
	int64_t variables, stack;
	if (!read_code(types, object, &code) ||
	    !pyprof_frame_slots(types, code, &variables, &stack))
		return false;
	*ret = (uint64_t)layout->at.generator.iframe +
	       (uint64_t)layout->at.frame.localsplus +
	       8 * (uint64_t)(variables + stack);
	return true;
}

static void show_generator(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buf *buf)
{
	uint64_t name = pyprof_word(object->bytes,
				    types->layout->at.generator.qualname);
	pyprof_error_destroy(
		pyprof_text_read_str(types->python, name, NAME_MAX_CHARS, buf));
}

#define GENERATOR(symbol, type_name, edges_function)      \
	const struct pyprof_kind pyprof_kind_##symbol = { \
		.name = type_name,                        \
		.size_position = -1,                      \
		.size = generator_size,                   \
		.edges = edges_function,                  \
		.show = show_generator,                   \
	};

GENERATOR(generator, "generator", generator_edges)
GENERATOR(coroutine, "coroutine", coroutine_edges)
GENERATOR(asyncgen, "async_generator", asyncgen_edges)
