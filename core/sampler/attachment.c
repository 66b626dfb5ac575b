// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/attachment.h"

#include <stdlib.h>

#include "core/target/linux_process.h"

void pyprof_attachment_destroy(struct pyprof_attachment *attachment)
{
	if (!attachment)
		return;
	pyprof_namer_deinit(&attachment->namer);
	pyprof_python_destroy(attachment->python);
	pyprof_target_destroy(attachment->decode_target);
	pyprof_target_destroy(attachment->target);
	free(attachment);
}

/*
 * The interpreter in a process that may run. One that execs meanwhile shows
 * parts of two programs: whatever was wrong with them, neither is there.
 */
static struct pyprof_error *find(struct pyprof_target *target,
				 struct pyprof_python **ret)
{
	struct pyprof_error *err = pyprof_python_find(target, ret);
	if (!err || pyprof_linux_process_same(target))
		return err;
	pyprof_error_destroy(err);
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *now = NULL;
	err = pyprof_linux_process_create(target->pid, &now);
	if (err)
		return err;
	return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
				   "process %d is starting another program",
				   target->pid);
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
		err = find(made->target, &made->python);
	if (err)
		return err;
	made->decode_python = *made->python;
	made->decode_python.target = made->decode_target;
	*ret = no_cleanup_ptr(made);
	return NULL;
}
