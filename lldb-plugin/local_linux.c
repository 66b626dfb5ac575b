// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/target/linux_proc.h"
#include "core/target/linux_task.h"
#include "lldb-plugin/local.h"

/** The number behind a field of /proc/PID/status, 0 when there is none. */
static int32_t status_number(int32_t pid, const char *field)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (pyprof_proc_read(pid, "status", &text))
		return 0;
	const char *line = strstr(text.data, field);
	return line ? (int32_t)strtol(line + strlen(field), NULL, 10) : 0;
}

/* The tracer is lldb-server, which LLDB starts for each process. */
bool pyprof_lldb_is_local(int32_t pid)
{
	int32_t tracer = status_number(pid, "\nTracerPid:");
	return tracer && (tracer == getpid() ||
			  status_number(tracer, "\nPPid:") == getpid());
}

bool pyprof_lldb_is_running(int32_t pid)
{
	struct pyprof_task task;
	pyprof_task_init(&task, pid, pid);
	bool is_held = false;
	pyprof_error_destroy(pyprof_task_is_held(&task, pid, &is_held));
	pyprof_task_deinit(&task);
	return !is_held;
}
