// SPDX-License-Identifier: Apache-2.0
#include "core/command/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "core/target/core_file.h"
#include "core/target/linux_process.h"

void pyprof_inspected_deinit(struct pyprof_inspected *inspected)
{
	pyprof_code_cache_destroy(inspected->codes);
	pyprof_python_destroy(inspected->python);
	pyprof_target_destroy(inspected->target);
	free(inspected->core_path);
	*inspected = (struct pyprof_inspected){};
}

/** Whether it is still what the debugger looks at. */
static bool is_current(const struct pyprof_inspected *inspected,
		       const struct pyprof_inferior *inferior)
{
	if (!inspected->codes)
		return false;
	if (inferior->kind == PYPROF_INFERIOR_CORE)
		return inspected->core_path && inferior->core_path &&
		       strcmp(inspected->core_path, inferior->core_path) == 0;
	return !inspected->core_path && inspected->pid == inferior->pid &&
	       pyprof_linux_process_same(inspected->target);
}

struct pyprof_error *
pyprof_inspect_target(const struct pyprof_inferior *inferior,
		      struct pyprof_target **ret)
{
	if (inferior->kind == PYPROF_INFERIOR_REMOTE)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"process %d is not local; pyprof reads processes of "
			"this machine and core dumps",
			inferior->pid);
	if (inferior->kind == PYPROF_INFERIOR_LOCAL)
		return pyprof_linux_process_create(inferior->pid, ret);
	if (!inferior->core_path)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "the debugger does not tell which "
					   "file the core dump is");
	return pyprof_core_file_create(inferior->core_path, NULL,
				       inferior->executable, ret);
}

static struct pyprof_error *make_target(const struct pyprof_inferior *inferior,
					struct pyprof_inspected *inspected)
{
	if (inferior->kind == PYPROF_INFERIOR_LOCAL)
		inspected->pid = inferior->pid;
	if (inferior->core_path) {
		inspected->core_path = strdup(inferior->core_path);
		if (!inspected->core_path)
			return pyprof_error_oom();
	}
	return pyprof_inspect_target(inferior, &inspected->target);
}

struct pyprof_error *pyprof_session_inspect(struct pyprof_session *session,
					    struct pyprof_inspected **ret)
{
	struct pyprof_inspected *inspected = &session->inspected;
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	if (err)
		return err;
	if (is_current(inspected, &inferior)) {
		/* It may have run since. */
		pyprof_code_cache_next_epoch(inspected->codes);
		*ret = inspected;
		return NULL;
	}
	pyprof_inspected_deinit(inspected);
	err = make_target(&inferior, inspected);
	if (!err)
		err = pyprof_python_find(inspected->target, &inspected->python);
	if (!err)
		err = pyprof_code_cache_create(
			inspected->python, session->strings, &inspected->codes);
	if (err) {
		pyprof_inspected_deinit(inspected);
		return err;
	}
	*ret = inspected;
	return NULL;
}
