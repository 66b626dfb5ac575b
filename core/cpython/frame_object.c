// SPDX-License-Identifier: Apache-2.0
/*
 * 3.8-3.10: frames are heap objects. Each call of a Python function is a call
 * of the eval loop, so that every frame begins a native activation.
 */
#include "core/base/vec.h"
#include "core/cpython/frame_walk.h"

static struct pyprof_raw_frame decode(const struct pyprof_layout *layout,
				      const char *copy)
{
	struct pyprof_raw_frame frame = {
		.code = pyprof_word(copy, layout->at.frame.code),
		.flags = PYPROF_RAW_ENTRY,
	};
	int32_t line = pyprof_int(copy, layout->at.frame.lineno);
	if (pyprof_word(copy, layout->at.frame.trace) && line > 0) {
		frame.instr = (uint64_t)line;
		frame.flags |= PYPROF_RAW_LINE;
		return frame;
	}
	int64_t lasti = pyprof_int(copy, layout->at.frame.lasti);
	frame.instr = (uint64_t)(lasti * layout->lasti_unit);
	return frame;
}

static bool is_frame(const struct pyprof_python *python, const char *copy)
{
	const struct pyprof_offsets *at = &python->layout.at;
	return (!python->frame_type ||
		pyprof_word(copy, at->object.type) == python->frame_type) &&
	       pyprof_plausible_pointer(pyprof_word(copy, at->frame.code));
}

/* Frames from `address` on. */
static struct pyprof_error *walk_chain(const struct pyprof_python *python,
				       struct pyprof_look *look,
				       uint64_t address,
				       struct pyprof_raw_stack *stack)
{
	const struct pyprof_layout *layout = &python->layout;
	struct pyprof_chain chain = {};
	while (address) {
		if (stack->count == PYPROF_MAX_FRAMES) {
			pyprof_walk_stop(stack, PYPROF_WALK_CUT, address);
			return NULL;
		}
		if (!pyprof_plausible_pointer(address) ||
		    !pyprof_chain_step(&chain, address)) {
			pyprof_walk_stop(stack, PYPROF_WALK_CORRUPT, address);
			return NULL;
		}
		const char *copy =
			pyprof_look_at(look, address, layout->at.frame.size);
		if (!copy) {
			pyprof_walk_stop(stack, PYPROF_WALK_FAULT, address);
			return NULL;
		}
		if (!is_frame(python, copy)) {
			pyprof_walk_stop(stack, PYPROF_WALK_CORRUPT, address);
			return NULL;
		}
		if (!pyprof_walk_keep(stack, decode(layout, copy), address))
			return pyprof_error_oom();
		address = pyprof_word(copy, layout->at.frame.previous);
	}
	return NULL;
}

static struct pyprof_error *walk(const struct pyprof_python *python,
				 struct pyprof_look *look, uint64_t tstate,
				 struct pyprof_raw_stack *stack)
{
	int32_t offset = python->layout.at.thread.frame;
	const char *copy =
		pyprof_look_at(look, tstate + offset, sizeof(uint64_t));
	if (!copy) {
		pyprof_walk_stop(stack, PYPROF_WALK_FAULT, tstate);
		return NULL;
	}
	return walk_chain(python, look, pyprof_word(copy, 0), stack);
}

const struct pyprof_frame_walker pyprof_frame_object_walker = {
	.walk = walk,
};
