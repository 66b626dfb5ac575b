// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/frame.h"

#include <stdlib.h>

static const struct pyprof_frame_walker *const walkers[] = {
	[PYPROF_FRAMES_OBJECTS] = &pyprof_frame_object_walker,
	[PYPROF_FRAMES_CFRAME] = &pyprof_frame_interp_walker,
	[PYPROF_FRAMES_CURRENT] = &pyprof_frame_interp_walker,
};

void pyprof_raw_stack_deinit(struct pyprof_raw_stack *stack)
{
	free(stack->frames);
	free(stack->addresses);
	*stack = (struct pyprof_raw_stack){};
}

struct pyprof_error *pyprof_frames_walk(const struct pyprof_python *python,
					struct pyprof_look *look,
					uint64_t tstate,
					struct pyprof_raw_stack *stack)
{
	stack->count = 0;
	stack->end = PYPROF_WALK_COMPLETE;
	stack->bad_address = 0;
	return walkers[python->layout.frames]->walk(python, look, tstate,
						    stack);
}
