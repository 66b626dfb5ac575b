// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/gil.h"

#include <string.h>

size_t pyprof_gil_ranges(const struct pyprof_python *python, uint64_t address,
			 struct pyprof_gil_words *words,
			 struct pyprof_range ranges[PYPROF_GIL_RANGES])
{
	const struct pyprof_layout *layout = &python->layout;
	words->address = address;
	words->tstate_current = 0;
	size_t count = 0;
	ranges[count++] = (struct pyprof_range){
		.address = address,
		.buffer = words->gil,
		.size = sizeof(words->gil),
	};
	if (pyprof_has(layout, runtime.tstate_current))
		ranges[count++] = (struct pyprof_range){
			.address = python->runtime +
				   (uint64_t)layout->at.runtime.tstate_current,
			.buffer = &words->tstate_current,
			.size = sizeof(words->tstate_current),
		};
	return count;
}

/* Zero for a member outside the words that are read. */
static uint64_t word(const struct pyprof_gil_words *words, int32_t offset,
		     size_t size)
{
	uint64_t value = 0;
	if (offset >= 0 && (size_t)offset + size <= sizeof(words->gil))
		memcpy(&value, words->gil + offset, size);
	return value;
}

struct pyprof_gil pyprof_gil_decode(const struct pyprof_python *python,
				    const struct pyprof_gil_words *words)
{
	const struct pyprof_layout *layout = &python->layout;
	struct pyprof_gil gil = {
		.address = words->address,
		.last_holder = word(words, layout->at.gil.last_holder, 8),
		.switch_number = word(words, layout->at.gil.switch_number, 8),
	};
	/* Set after the GIL is taken and cleared before it is given up, so it
	 * tells of no holder that is none; where there is no such word, who
	 * took the GIL last has it. */
	if (pyprof_has(layout, runtime.tstate_current))
		gil.holder = words->tstate_current;
	else if ((int32_t)word(words, layout->at.gil.locked, 4) == 1)
		gil.holder = gil.last_holder;
	return gil;
}

struct pyprof_error *pyprof_gil_read(struct pyprof_python *python,
				     uint64_t address, struct pyprof_gil *ret)
{
	if (!address)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "this Python has no GIL");
	struct pyprof_gil_words words;
	struct pyprof_range ranges[PYPROF_GIL_RANGES];
	size_t count = pyprof_gil_ranges(python, address, &words, ranges);
	if (pyprof_target_readv(python->target, ranges, count) != count)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read a GIL");
	*ret = pyprof_gil_decode(python, &words);
	return NULL;
}
