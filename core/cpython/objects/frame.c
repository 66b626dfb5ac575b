// SPDX-License-Identifier: Apache-2.0
//
// Frame objects. From 3.11 on they are a handle of a frame that lies elsewhere
// until the call is over; then they own it.
#include "core/cpython/frame_vars.h"
#include "core/cpython/objects/members.h"

/* The value of `owner` of a frame that its object keeps, 3.11+. */
#define OWNED_BY_OBJECT 2

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER(frame_object, back, "f_back"),
	PYPROF_MEMBER(frame_object, trace, "f_trace"),
	PYPROF_MEMBER(frame_object, extra_locals, "f_extra_locals"),
	PYPROF_MEMBER(frame_object, locals_cache, "f_locals"),
	PYPROF_MEMBER(frame_object, overwritten_fast_locals, "f_overwritten"),
	{},
};

static bool is_handle(const struct pyprof_types *types)
{
	return types->layout->frames != PYPROF_FRAMES_OBJECTS;
}

static bool frame_edges(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	if (!is_handle(types))
		return pyprof_frame_edges(types, object->address, false, sink);
	pyprof_members_tell(types, object->bytes, true, members, sink);
	uint64_t frame = pyprof_word(object->bytes, at->frame_object.frame);
	uint64_t own = object->address + (uint64_t)at->frame_object.own_frame;
	if (frame != own)
		return true;
	const uint8_t *bytes = pyprof_memory_at(types->memory, frame,
						(uint64_t)at->frame.size);
	if (!bytes)
		return false;
	return bytes[at->frame.owner] != OWNED_BY_OBJECT ||
	       pyprof_frame_edges(types, frame, false, sink);
}

static bool frame_size(const struct pyprof_types *types,
		       const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t frame = object->address, size = 0;
	if (is_handle(types)) {
		frame = pyprof_word(object->bytes, at->frame_object.frame);
		size = (uint64_t)at->frame_object.own_frame;
	}
	const uint8_t *bytes = pyprof_memory_at(types->memory, frame,
						(uint64_t)at->frame.size);
	int64_t variables, stack;
	if (!bytes || !pyprof_frame_slots(types,
					  pyprof_word(bytes, at->frame.code) &
						  ~types->layout->tag_mask,
					  &variables, &stack))
		return false;
	*ret = size + (uint64_t)at->frame.localsplus +
	       8 * (uint64_t)(variables + stack);
	return true;
}

const struct pyprof_kind pyprof_kind_frame = {
	.name = "frame",
	.size_position = -1,
	.size = frame_size,
	.edges = frame_edges,
};
