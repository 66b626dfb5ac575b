// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/frame_vars.h"

#include "core/cpython/objects/members.h"

/* No function has more variables, cells or stack. */
#define MAX_SLOTS (1 << 20)

/* Variables of a code object in the order of their slots, by tuple of names:
 * one tuple from 3.11 on, three before. */
struct names {
	uint64_t tuple[3];
	int64_t count[3];
};

struct slots {
	struct names names;
	int64_t variables, stack_size;
	/* Where they begin. */
	uint64_t address;
	/* Slots known to be in use, and those of them that the collector sees:
	 * 0 while the frame runs. */
	int64_t used, told;
};

static int32_t read_int(const uint8_t *bytes, int32_t offset)
{
	int32_t value;
	__builtin_memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static const uint8_t *read_at(const struct pyprof_types *types,
			      uint64_t address, int64_t size)
{
	if (!pyprof_plausible_pointer(address))
		return NULL;
	return pyprof_memory_at(types->memory, address, (uint64_t)size);
}

/* How many items a tuple has; -1 when it cannot be read. */
static int64_t count_names(const struct pyprof_types *types, uint64_t tuple)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *bytes = read_at(types, tuple, at->tuple.items);
	if (!bytes)
		return -1;
	int64_t count = (int64_t)pyprof_word(bytes, at->object.var_size);
	return count >= 0 && count <= MAX_SLOTS ? count : -1;
}

static bool add_names(const struct pyprof_types *types, uint64_t tuple, int i,
		      struct slots *slots)
{
	int64_t count = count_names(types, tuple);
	if (count < 0)
		return false;
	slots->names.tuple[i] = tuple;
	slots->names.count[i] = count;
	slots->variables += count;
	return true;
}

static const uint8_t *read_code(const struct pyprof_types *types, uint64_t code)
{
	const struct pyprof_offsets *at = &types->layout->at;
	int32_t size = pyprof_has(types->layout, code.adaptive)
			       ? at->code.adaptive
			       : at->code.size;
	const uint8_t *bytes = read_at(types, code, size);
	uint64_t type = types->python->code_type;
	if (!bytes || (type && pyprof_word(bytes, at->object.type) != type))
		return NULL;
	return bytes;
}

static bool read_slots(const struct pyprof_types *types, uint64_t code,
		       struct slots *slots)
{
	const struct pyprof_offsets *at = &types->layout->at;
	const uint8_t *bytes = read_code(types, code);
	if (!bytes)
		return false;
	slots->stack_size = read_int(bytes, at->code.stacksize);
	if (slots->stack_size < 0 || slots->stack_size > MAX_SLOTS)
		return false;
	if (pyprof_has(types->layout, code.localsplusnames))
		return add_names(types,
				 pyprof_word(bytes, at->code.localsplusnames),
				 0, slots) &&
		       slots->variables ==
			       read_int(bytes, at->code.nlocalsplus);
	return add_names(types, pyprof_word(bytes, at->code.varnames), 0,
			 slots) &&
	       add_names(types, pyprof_word(bytes, at->code.cellvars), 1,
			 slots) &&
	       add_names(types, pyprof_word(bytes, at->code.freevars), 2,
			 slots);
}

bool pyprof_frame_slots(const struct pyprof_types *types, uint64_t code,
			int64_t *variables_ret, int64_t *stack_ret)
{
	struct slots slots = {};
	if (!read_slots(types, code, &slots))
		return false;
	*variables_ret = slots.variables;
	*stack_ret = slots.stack_size;
	return true;
}

/* A reference that may be tagged; 0 when it is none. */
static uint64_t untag(const struct pyprof_layout *layout, uint64_t word,
		      unsigned *kind)
{
	uint64_t tag = word & layout->tag_mask;
	/* 2 and 3: a number, or a pointer to something else. */
	if (tag > 1)
		return 0;
	if (tag)
		*kind |= PYPROF_EDGE_BORROWED;
	return word - tag;
}

static void tell_reference(const struct pyprof_types *types, uint64_t word,
			   unsigned kind, uint64_t label,
			   struct pyprof_edge_sink *sink)
{
	uint64_t target = untag(types->layout, word, &kind);
	pyprof_edge(sink, target, kind, label);
}

/* A slot's flags, by its place. */
static unsigned slot_flags(const struct slots *slots, int64_t i)
{
	if (i < slots->told)
		return 0;
	if (i < slots->used)
		return PYPROF_EDGE_UNTOLD;
	return PYPROF_EDGE_UNTOLD | PYPROF_EDGE_BORROWED;
}

static bool tell_variables(const struct pyprof_types *types,
			   const struct slots *slots,
			   struct pyprof_edge_sink *sink)
{
	int32_t items = types->layout->at.tuple.items;
	int64_t slot = 0;
	for (int part = 0; part < 3; part++) {
		int64_t count = slots->names.count[part];
		if (!count)
			continue;
		const uint8_t *values = read_at(
			types, slots->address + (uint64_t)slot * 8, count * 8);
		const uint8_t *names = read_at(
			types, slots->names.tuple[part] + (uint64_t)items,
			count * 8);
		if (!values || !names)
			return false;
		for (int32_t i = 0; i < count; i++, slot++)
			tell_reference(types, pyprof_word(values, i * 8),
				       PYPROF_EDGE_LOCAL |
					       slot_flags(slots, slot),
				       pyprof_word(names, i * 8), sink);
	}
	return true;
}

static bool tell_stack(const struct pyprof_types *types,
		       const struct slots *slots, bool with_past,
		       struct pyprof_edge_sink *sink)
{
	int64_t count = slots->used - slots->variables;
	if (with_past && !slots->told)
		count = slots->stack_size;
	if (count <= 0)
		return true;
	const uint8_t *values =
		read_at(types, slots->address + (uint64_t)slots->variables * 8,
			count * 8);
	if (!values)
		return false;
	for (int32_t i = 0; i < count; i++)
		tell_reference(types, pyprof_word(values, i * 8),
			       PYPROF_EDGE_STACK |
				       slot_flags(slots, slots->variables + i),
			       (uint64_t)i, sink);
	return true;
}

/* Take over how many slots are in use: `top`, or -1 when that is not told. */
static bool set_top(struct slots *slots, int64_t top)
{
	slots->used = slots->variables;
	if (top < 0)
		return true;
	if (top > slots->variables + slots->stack_size)
		return false;
	slots->told = top;
	if (top > slots->used)
		slots->used = top;
	return true;
}

/* Slots from the first to where a pointer leads; -1 when it is not set. */
static int64_t slots_up_to(const struct slots *slots, uint64_t pointer)
{
	if (!pointer)
		return -1;
	if (pointer < slots->address || (pointer & 7))
		return INT64_MAX;
	return (int64_t)((pointer - slots->address) / 8);
}

static bool tell_slots(const struct pyprof_types *types, struct slots *slots,
		       int64_t top, bool with_past,
		       struct pyprof_edge_sink *sink)
{
	bool top_fits = set_top(slots, top);
	/* Variables are there whatever the top is. */
	return tell_variables(types, slots, sink) && top_fits &&
	       tell_stack(types, slots, with_past, sink);
}

/* 3.8-3.10. */
static const struct pyprof_object_member object_members[] = {
	PYPROF_MEMBER(frame, previous, "f_back"),
	PYPROF_MEMBER(frame, code, "f_code"),
	PYPROF_MEMBER(frame, builtins, "f_builtins"),
	PYPROF_MEMBER(frame, globals, "f_globals"),
	PYPROF_MEMBER(frame, locals, "f_locals"),
	PYPROF_MEMBER(frame, trace, "f_trace"),
	{},
};

static bool object_frame_edges(const struct pyprof_types *types, uint64_t frame,
			       const uint8_t *bytes, bool with_past,
			       struct pyprof_edge_sink *sink)
{
	const struct pyprof_offsets *at = &types->layout->at;
	pyprof_members_tell(types, bytes, true, object_members, sink);
	struct slots slots = {
		.address = frame + (uint64_t)at->frame.localsplus,
	};
	if (!read_slots(types, pyprof_word(bytes, at->frame.code), &slots))
		return false;
	int64_t begin =
		slots_up_to(&slots, pyprof_word(bytes, at->frame.value_stack));
	if (begin != slots.variables)
		return false;
	int64_t top;
	if (pyprof_has(types->layout, frame.stack_depth)) {
		top = read_int(bytes, at->frame.stack_depth);
		top = top < 0 ? -1 : top + begin;
	} else {
		top = slots_up_to(&slots,
				  pyprof_word(bytes, at->frame.stack_pointer));
	}
	/* The collector sees the variables in any case. */
	bool is_running = top < 0;
	if (is_running)
		top = begin;
	if (!tell_slots(types, &slots, top, false, sink))
		return false;
	if (!is_running || !with_past)
		return true;
	slots.told = 0;
	return tell_stack(types, &slots, true, sink);
}

/* 3.11+. */
static bool interp_frame_edges(const struct pyprof_types *types, uint64_t frame,
			       const uint8_t *bytes, bool with_past,
			       struct pyprof_edge_sink *sink)
{
	const struct pyprof_layout *layout = types->layout;
	const struct pyprof_offsets *at = &layout->at;
	unsigned kind = PYPROF_EDGE_MEMBER;
	uint64_t code =
		untag(layout, pyprof_word(bytes, at->frame.code), &kind);
	pyprof_edge(sink, code, kind, (uintptr_t) "(code)");
	tell_reference(types, pyprof_word(bytes, at->frame.function),
		       PYPROF_EDGE_MEMBER, (uintptr_t) "(function)", sink);
	pyprof_edge(sink, pyprof_word(bytes, at->frame.locals),
		    PYPROF_EDGE_MEMBER, (uintptr_t) "f_locals");
	pyprof_edge(sink, pyprof_word(bytes, at->frame.frame_object),
		    PYPROF_EDGE_MEMBER, (uintptr_t) "(frame)");
	struct slots slots = {
		.address = frame + (uint64_t)at->frame.localsplus,
	};
	if (!read_slots(types, code, &slots))
		return false;
	int64_t top =
		pyprof_has(layout, frame.stacktop)
			? read_int(bytes, at->frame.stacktop)
			: slots_up_to(
				  &slots,
				  pyprof_word(bytes, at->frame.stack_pointer));
	return tell_slots(types, &slots, top, with_past, sink);
}

bool pyprof_frame_edges(const struct pyprof_types *types, uint64_t frame,
			bool with_past, struct pyprof_edge_sink *sink)
{
	const struct pyprof_layout *layout = types->layout;
	const uint8_t *bytes = read_at(types, frame, layout->at.frame.size);
	if (!bytes)
		return false;
	if (layout->frames == PYPROF_FRAMES_OBJECTS)
		return object_frame_edges(types, frame, bytes, with_past, sink);
	return interp_frame_edges(types, frame, bytes, with_past, sink);
}
