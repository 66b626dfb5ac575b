// SPDX-License-Identifier: Apache-2.0
//
// Modules. What C keeps for one is memory whose shape only it knows: it is
// scanned for objects. Of those the collector tells some, if it is given a
// function to visit them, and which ones only that knows.
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 120
#define STATE_MAX (UINT64_C(1) << 20)

static const struct pyprof_object_member members[] = {
	PYPROF_MEMBER_UNTOLD(module, name, "__name__"),
	{},
};

/* What C keeps for a module. */
struct state {
	uint64_t address, size;
	/** Whether there is a function that visits objects in it. */
	bool is_visited;
};

/* m_traverse is so far behind m_size, and md_state_traverse (3.15). */
#define BEHIND_DEF_SIZE 24
#define BEHIND_STATE_SIZE 8

/* The size and the function from where the module is defined: in the data of
 * a library, or of one that is gone. */
static bool read_def(const struct pyprof_types *types, uint64_t def,
		     struct state *ret)
{
	uint64_t at = def + (uint64_t)types->layout->at.module_def.state_size;
	uint64_t size = 0, function = 0;
	const struct pyprof_range ranges[] = {
		{at, &size, sizeof(size)},
		{at + BEHIND_DEF_SIZE, &function, sizeof(function)},
	};
	if (pyprof_target_readv(types->python->target, ranges, 2) != 2)
		return false;
	ret->size = size;
	ret->is_visited = function != 0;
	return true;
}

/* Its size is 0 when there is none. */
static bool read_state(const struct pyprof_types *types,
		       const struct pyprof_object *object, struct state *ret)
{
	const struct pyprof_layout *layout = types->layout;
	const struct pyprof_offsets *at = &layout->at;
	*ret = (struct state){
		.address = pyprof_word(object->bytes, at->module.state)};
	if (!ret->address)
		return true;
	if (pyprof_has(layout, module.state_size)) {
		int32_t size = at->module.state_size;
		ret->size = pyprof_word(object->bytes, size);
		ret->is_visited = pyprof_word(object->bytes,
					      size + BEHIND_STATE_SIZE) != 0;
	} else {
		uint64_t def = pyprof_word(object->bytes, at->module.def);
		if (def && !read_def(types, def, ret))
			return false;
	}
	if ((int64_t)ret->size < 0)
		ret->size = 0;
	return ret->size <= STATE_MAX && !(ret->address & 7);
}

static bool module_edges(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_edge_sink *sink)
{
	pyprof_members_tell(types, object->bytes, true, members, sink);
	struct state state;
	if (!read_state(types, object, &state))
		return false;
	unsigned kind = PYPROF_EDGE_SCANNED;
	if (!state.is_visited)
		kind |= PYPROF_EDGE_UNTOLD;
	uint64_t size = state.size & ~UINT64_C(7);
	const uint8_t *bytes =
		pyprof_memory_at(types->memory, state.address, size);
	if (!size || !bytes)
		return !size;
	for (uint64_t at = 0; at < size; at += 8) {
		uint64_t word = pyprof_word(bytes + at, 0);
		if (pyprof_is_object(types, word))
			pyprof_edge(sink, word, kind, at);
	}
	return true;
}

static bool module_buffers(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buffer_sink *sink)
{
	struct state state;
	if (!read_state(types, object, &state))
		return false;
	if (state.size)
		sink->buffer(sink, state.address, state.size);
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
