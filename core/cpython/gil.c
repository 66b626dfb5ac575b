// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/thread.h"

struct pyprof_error *pyprof_gil_read(struct pyprof_python *python,
				     uint64_t address, struct pyprof_gil *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	if (!address)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "this Python has no GIL");
	uint64_t last_holder, switch_number, current;
	int32_t locked;
	const struct pyprof_range ranges[] = {
		{address + layout->at.gil.last_holder, &last_holder,
		 sizeof(last_holder)},
		{address + layout->at.gil.locked, &locked, sizeof(locked)},
		{address + layout->at.gil.switch_number, &switch_number,
		 sizeof(switch_number)},
		{python->runtime + layout->at.runtime.tstate_current, &current,
		 sizeof(current)},
	};
	/* Where there is no such word, who took the GIL last has it. */
	bool has_current = pyprof_has(layout, runtime.tstate_current);
	size_t count = has_current ? 4 : 3;
	if (pyprof_target_readv(python->target, ranges, count) != count)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read a GIL");
	uint64_t holder = has_current ? current : last_holder;
	*ret = (struct pyprof_gil){
		.address = address,
		.holder = locked == 1 ? holder : 0,
		.last_holder = last_holder,
		.switch_number = switch_number,
	};
	return NULL;
}

uint64_t pyprof_thread_rseq(const struct pyprof_python *python, uint64_t ident)
{
	if (!python->has_rseq || !ident)
		return 0;
	return ident + (uint64_t)python->rseq_offset;
}
