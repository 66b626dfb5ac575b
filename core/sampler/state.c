// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/state.h"

/*
 * A frame that stands on a call and has called no Python function is in a C
 * function. An operator that the interpreter has not specialised, where it
 * does specialise, is one of a C type.
 */
static bool is_in_c(const struct pyprof_layout *layout,
		    const struct pyprof_frame *top)
{
	bool specialises = pyprof_has(layout, code.adaptive);
	return !top || top->opcode_class == PYPROF_OPCODE_CALL ||
	       (top->opcode_class == PYPROF_OPCODE_OPERATOR && specialises);
}

enum pyprof_state pyprof_state_inside(const struct pyprof_layout *layout,
				      const struct pyprof_frame *top)
{
	return is_in_c(layout, top) ? PYPROF_STATE_NATIVE_GIL
				    : PYPROF_STATE_PYTHON;
}

enum pyprof_state pyprof_state_outside(const struct pyprof_layout *layout,
				       const struct pyprof_task_state *os,
				       uint64_t gil,
				       const struct pyprof_frame *top)
{
	/* Python code does not run without the GIL: who seems to has just been
	 * woken to ask for it again. From 3.14 on, which has holds_gil, the
	 * instruction of a thread that runs is not always the latest. */
	bool latest = !pyprof_has(layout, thread.holds_gil);
	if (os->running && gil && latest && !is_in_c(layout, top))
		return PYPROF_STATE_WAIT_GIL;
	if (os->running)
		return PYPROF_STATE_NATIVE;
	enum pyprof_wait wait = pyprof_wait_of_state(os);
	if (wait == PYPROF_WAIT_LOCK && gil && os->args[0] >= gil &&
	    os->args[0] - gil < (uint64_t)layout->at.gil.size)
		return PYPROF_STATE_WAIT_GIL;
	switch (wait) {
	case PYPROF_WAIT_LOCK:
		return PYPROF_STATE_WAIT_LOCK;
	case PYPROF_WAIT_IO:
		return PYPROF_STATE_WAIT_IO;
	case PYPROF_WAIT_SLEEP:
		return PYPROF_STATE_WAIT_SLEEP;
	case PYPROF_WAIT_PROCESS:
		return PYPROF_STATE_WAIT_PROCESS;
	case PYPROF_WAIT_NONE:
	case PYPROF_WAIT_OTHER:
		break;
	}
	return PYPROF_STATE_WAIT_OTHER;
}
