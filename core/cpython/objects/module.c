// SPDX-License-Identifier: Apache-2.0
//
// Modules. What C keeps for one is memory whose shape only it knows: it is
// scanned for objects.
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 120
#define STATE_MAX (UINT64_C(1) << 20)

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER_UNTOLD(module, name, "__name__"),
	{},
};

/* Where and how big the module's state is; 0 when there is none. */
static bool read_state(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       uint64_t *address_ret, uint64_t *size_ret)
{
	const struct pyprof_layout *layout = types->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t size = 0;
	*address_ret = pyprof_word(object->bytes, at->module.state);
	*size_ret = 0;
	if (!*address_ret)
		return true;
	if (pyprof_has(layout, module.state_size)) {
		size = pyprof_word(object->bytes, at->module.state_size);
	} else {
		uint64_t def = pyprof_word(object->bytes, at->module.def);
		if (!def)
			return true;
		/* In the data of a library, or of one that is gone. */
		struct pyprof_error *err = pyprof_target_read_u64(
			types->python->target,
			def + (uint64_t)at->module_def.state_size, &size);
		if (err) {
			pyprof_error_destroy(err);
			return false;
		}
	}
	if ((int64_t)size <= 0)
		return true;
	*size_ret = size;
	return size <= STATE_MAX && !(*address_ret & 7);
}

static bool is_object(const struct pyprof_types *types, uint64_t address)
{
	struct pyprof_object object;
	if (!pyprof_plausible_pointer(address))
		return false;
	if (types->is_object)
		return types->is_object(types->is_object_context, address);
	return pyprof_object_known(types, address, &object);
}

static bool module_edges(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_edge_sink *sink)
{
	pyprof_members_tell(types, object->bytes, true, members, sink);
	uint64_t state, size;
	if (!read_state(types, object, &state, &size))
		return false;
	size &= ~UINT64_C(7);
	const uint8_t *bytes = pyprof_memory_at(types->memory, state, size);
	if (!size || !bytes)
		return !size;
	for (uint64_t at = 0; at < size; at += 8) {
		uint64_t word = pyprof_word(bytes + at, 0);
		if (is_object(types, word))
			pyprof_edge(sink, word, PYPROF_EDGE_SCANNED, at);
	}
	return true;
}

static bool module_buffers(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buffer_sink *sink)
{
	uint64_t state, size;
	if (!read_state(types, object, &state, &size))
		return false;
	if (size)
		sink->buffer(sink, state, size);
	return true;
}

static void show_module(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buf *buf)
{
	uint64_t name =
		pyprof_word(object->bytes, types->layout->at.module.name);
	pyprof_error_destroy(
		pyprof_text_read_str(types->python, name, NAME_MAX_CHARS, buf));
}

const struct pyprof_kind pyprof_kind_module = {
	.name = "module",
	.size_position = PYPROF_SIZE_OF(module),
	.edges = module_edges,
	.buffers = module_buffers,
	.show = show_module,
};
