// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "core/target/linux_process.h"

void pyprof_attachment_destroy(struct pyprof_attachment *attachment)
{
	if (!attachment)
		return;
	pyprof_python_destroy(attachment->python);
	pyprof_target_destroy(attachment->decode_target);
	pyprof_target_destroy(attachment->target);
	free(attachment);
}

struct pyprof_error *pyprof_attachment_create(int32_t pid,
					      struct pyprof_attachment **ret)
{
	_cleanup_(pyprof_attachment_cleanup) struct pyprof_attachment *made =
		calloc(1, sizeof(*made));
	if (!made)
		return pyprof_error_oom();
	struct pyprof_error *err =
		pyprof_linux_process_create(pid, &made->target);
	if (!err)
		err = pyprof_linux_process_create(pid, &made->decode_target);
	if (!err)
		err = pyprof_python_find(made->target, &made->python);
	if (err)
		return err;
	made->decode_python = *made->python;
	made->decode_python.target = made->decode_target;
	*ret = no_cleanup_ptr(made);
	return NULL;
}

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
	if (pyprof_has(layout, runtime.tstate_current))
		gil.holder = words->tstate_current;
	else if ((int32_t)word(words, layout->at.gil.locked, 4) == 1)
		gil.holder = gil.last_holder;
	return gil;
}
