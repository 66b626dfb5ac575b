// SPDX-License-Identifier: Apache-2.0
//
// Answers to what the session asks of its debugger.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gdb-plugin/plugin.h"

void pyprof_gdb_host_init(struct pyprof_gdb *plugin)
{
	pyprof_buf_init(&plugin->name);
	pyprof_buf_init(&plugin->core_path);
	pyprof_buf_init(&plugin->executable);
}

void pyprof_gdb_host_deinit(struct pyprof_gdb *plugin)
{
	pyprof_buf_deinit(&plugin->name);
	pyprof_buf_deinit(&plugin->core_path);
	pyprof_buf_deinit(&plugin->executable);
	pyprof_vec_deinit(&plugin->threads);
}

bool pyprof_gdb_write(struct pyprof_gdb *plugin, const char *text,
		      size_t length)
{
	if (!length)
		return true;
	_cleanup_py_ PyObject *string = pyprof_py_text(text, length);
	_cleanup_py_ PyObject *done =
		string ? PyObject_CallMethod(plugin->gdb, "write", "O", string)
		       : NULL;
	return done;
}

long pyprof_gdb_selected_pid(struct pyprof_gdb *plugin)
{
	_cleanup_py_ PyObject *inferior =
		pyprof_py_call(plugin->gdb, "selected_inferior");
	long pid = inferior ? pyprof_py_attribute_long(inferior, "pid") : 0;
	pyprof_py_clear();
	return pid > 0 ? pid : 0;
}

bool pyprof_gdb_is_running(PyObject *inferior)
{
	_cleanup_py_ PyObject *threads = pyprof_py_call(inferior, "threads");
	Py_ssize_t count = threads ? PyTuple_Size(threads) : 0;
	bool running = false;
	for (Py_ssize_t i = 0; i < count && !running; i++) {
		_cleanup_py_ PyObject *answer = pyprof_py_call(
			PyTuple_GetItem(threads, i), "is_running");
		running = answer == Py_True;
	}
	pyprof_py_clear();
	return running;
}

static const char *name(void *host)
{
	struct pyprof_gdb *plugin = host;
	_cleanup_py_ PyObject *version =
		PyObject_GetAttrString(plugin->gdb, "VERSION");
	_cleanup_py_ PyObject *keep = NULL;
	const char *text = pyprof_py_utf8(version, &keep);
	pyprof_py_clear();
	pyprof_buf_clear(&plugin->name);
	pyprof_buf_printf(&plugin->name, "gdb %s", text ? text : "");
	return plugin->name.data;
}

/**
 * Whether this very process traces `pid`: so it is alive, on this machine and
 * not behind gdbserver, whatever version of GDB this is.
 */
static bool is_traced_by_us(long pid)
{
	char path[64], line[128];
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	long tracer = 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "TracerPid: %ld", &tracer) == 1)
			break;
	fclose(file);
	return tracer == getpid();
}

/** Whether GDB records or replays: time goes at its own pace then. */
static bool is_recording(struct pyprof_gdb *plugin)
{
	_cleanup_py_ PyObject *recording =
		pyprof_py_call(plugin->gdb, "current_recording");
	pyprof_py_clear();
	return recording && recording != Py_None;
}

/** The program's file as GDB knows it; NULL when it knows none. */
static const char *executable(struct pyprof_gdb *plugin)
{
	_cleanup_py_ PyObject *space =
		pyprof_py_call(plugin->gdb, "current_progspace");
	_cleanup_py_ PyObject *path =
		space ? PyObject_GetAttrString(space, "filename") : NULL;
	_cleanup_py_ PyObject *keep = NULL;
	const char *text = pyprof_py_utf8(path, &keep);
	pyprof_py_clear();
	if (!text)
		return NULL;
	pyprof_buf_clear(&plugin->executable);
	pyprof_buf_puts(&plugin->executable, text);
	return plugin->executable.data;
}

/**
 * The core file, from what `info files` prints: no other way works in every
 * GDB. NULL when it is no core that GDB looks at.
 */
static const char *core_path(struct pyprof_gdb *plugin)
{
	static const char heading[] = "Local core dump file:";
	_cleanup_py_ PyObject *text = NULL, *keep = NULL;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_py_execute(plugin->gdb, &text, "info files");
	const char *rest = pyprof_py_utf8(text, &keep);
	rest = rest ? strstr(rest, heading) : NULL;
	const char *start = rest ? strchr(rest, '`') : NULL;
	const char *end = start ? strstr(start, "', file type") : NULL;
	if (!end)
		return NULL;
	pyprof_buf_clear(&plugin->core_path);
	pyprof_buf_append(&plugin->core_path, start + 1, end - start - 1);
	return plugin->core_path.data;
}

static struct pyprof_error *inferior(void *host, struct pyprof_inferior *ret)
{
	struct pyprof_gdb *plugin = host;
	_cleanup_py_ PyObject *selected =
		pyprof_py_call(plugin->gdb, "selected_inferior");
	if (!selected)
		return pyprof_py_error();
	long pid = pyprof_py_attribute_long(selected, "pid");
	struct pyprof_inferior found = {
		.kind = PYPROF_INFERIOR_NONE,
		.pid = pid > 0 ? (int32_t)pid : 0,
	};
	if (pid > 0 && is_traced_by_us(pid) && !is_recording(plugin)) {
		found.kind = PYPROF_INFERIOR_LOCAL;
		found.is_running = pyprof_gdb_is_running(selected);
	} else if (pid > 0) {
		found.core_path = core_path(plugin);
		found.kind = found.core_path ? PYPROF_INFERIOR_CORE
					     : PYPROF_INFERIOR_REMOTE;
	}
	found.executable = executable(plugin);
	*ret = found;
	return NULL;
}

static bool add_thread(struct pyprof_gdb *plugin, PyObject *thread,
		       long selected)
{
	_cleanup_py_ PyObject *ptid = PyObject_GetAttrString(thread, "ptid");
	int pid, tid, other;
	if (!ptid || !PyArg_ParseTuple(ptid, "iii", &pid, &tid, &other))
		return false;
	int32_t number = pyprof_py_attribute_long(thread, "num");
	return pyprof_vec_push(&plugin->threads,
			       (struct pyprof_host_thread){
				       .tid = tid ? tid : pid,
				       .number = number,
				       .is_selected = number == selected,
			       });
}

static struct pyprof_error *
threads(void *host, const struct pyprof_host_thread **ret, size_t *count_ret)
{
	struct pyprof_gdb *plugin = host;
	_cleanup_py_ PyObject *inferior =
		pyprof_py_call(plugin->gdb, "selected_inferior");
	_cleanup_py_ PyObject *all =
		inferior ? pyprof_py_call(inferior, "threads") : NULL;
	_cleanup_py_ PyObject *selected =
		all ? pyprof_py_call(plugin->gdb, "selected_thread") : NULL;
	if (!selected)
		return pyprof_py_error();
	long number = selected == Py_None
			      ? -1
			      : pyprof_py_attribute_long(selected, "num");
	plugin->threads.count = 0;
	Py_ssize_t count = PyTuple_Size(all);
	for (Py_ssize_t i = 0; i < count; i++)
		if (!add_thread(plugin, PyTuple_GetItem(all, i), number))
			return PyErr_Occurred() ? pyprof_py_error()
						: pyprof_error_oom();
	*ret = plugin->threads.items;
	*count_ret = plugin->threads.count;
	return NULL;
}

static struct pyprof_error *arm_ticks(void *host, int *signal_ret)
{
	return pyprof_gdb_ticks_arm(host, signal_ret);
}

static void disarm_ticks(void *host)
{
	pyprof_gdb_ticks_disarm(host);
}

static struct pyprof_error *run_for(void *host, int64_t ns)
{
	return pyprof_gdb_run_for(host, ns);
}

static void print(void *host, const char *text)
{
	struct pyprof_gdb *plugin = host;
	if (pyprof_gdb_write(plugin, text, strlen(text)))
		Py_XDECREF(pyprof_py_call(plugin->gdb, "flush"));
	pyprof_py_clear();
}

/** The value of a setting of GDB; NULL, and no exception, without it. */
static PyObject *parameter(struct pyprof_gdb *plugin, const char *setting)
{
	PyObject *value =
		PyObject_CallMethod(plugin->gdb, "parameter", "s", setting);
	pyprof_py_clear();
	return value;
}

static unsigned width(void *host)
{
	_cleanup_py_ PyObject *value = parameter(host, "width");
	if (!value || !PyLong_Check(value))
		return 0;
	long columns = PyLong_AsLong(value);
	pyprof_py_clear();
	return columns > 0 && columns < 100000 ? columns : 0;
}

static bool colour(void *host)
{
	_cleanup_py_ PyObject *value = parameter(host, "style enabled");
	const char *forbidden = getenv("NO_COLOR");
	return value == Py_True && isatty(STDOUT_FILENO) &&
	       !(forbidden && *forbidden);
}

static bool is_terminal(void *host)
{
	(void)host;
	const char *kind = getenv("TERM");
	return kind && *kind && strcmp(kind, "dumb") != 0 &&
	       isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* While Python runs in it, GDB leaves Ctrl-C to Python. */
static bool interrupted(void *host)
{
	(void)host;
	if (!PyErr_CheckSignals())
		return false;
	PyErr_Clear();
	return true;
}

/* The GIL may be held for as long as GDB likes, so this only leaves word. */
static void wake(void *host)
{
	struct pyprof_gdb *plugin = host;
	atomic_store(&plugin->is_poll_due, true);
}

const struct pyprof_host_ops pyprof_gdb_host_ops = {
	.name = name,
	.inferior = inferior,
	.threads = threads,
	.arm_ticks = arm_ticks,
	.disarm_ticks = disarm_ticks,
	.run_for = run_for,
	.print = print,
	.is_terminal = is_terminal,
	.interrupted = interrupted,
	.width = width,
	.colour = colour,
	.wake = wake,
};
