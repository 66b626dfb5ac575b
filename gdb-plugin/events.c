// SPDX-License-Identifier: Apache-2.0
//
// What GDB tells of the process, passed on to the session.
#include "gdb-plugin/plugin.h"

/** Events, and the module's functions for them. Not every GDB has each. */
static const struct {
	const char *event, *function;
} connections[] = {
	{"cont", "on_cont"},
	{"stop", "on_stop"},
	{"exited", "on_exited"},
	{"before_prompt", "on_prompt"},
	{"memory_changed", "on_memory_changed"},
	{"breakpoint_deleted", "on_breakpoint_deleted"},
	/* GDB 12 and later; Python's atexit serves the others. */
	{"gdb_exiting", "on_exiting"},
};

static bool connect_event(PyObject *registries, PyObject *module,
			  const char *event, const char *function)
{
	_cleanup_py_ PyObject *registry =
		PyObject_GetAttrString(registries, event);
	if (!registry) {
		PyErr_Clear();
		return true;
	}
	_cleanup_py_ PyObject *callable =
		PyObject_GetAttrString(module, function);
	_cleanup_py_ PyObject *done =
		callable ? PyObject_CallMethod(registry, "connect", "O",
					       callable)
			 : NULL;
	return done;
}

bool pyprof_gdb_events_connect(struct pyprof_gdb *plugin, PyObject *module)
{
	_cleanup_py_ PyObject *registries =
		PyObject_GetAttrString(plugin->gdb, "events");
	if (!registries)
		return false;
	for (size_t i = 0; i < sizeof(connections) / sizeof(*connections); i++)
		if (!connect_event(registries, module, connections[i].event,
				   connections[i].function))
			return false;
	_cleanup_py_ PyObject *atexit = PyImport_ImportModule("atexit");
	_cleanup_py_ PyObject *function =
		PyObject_GetAttrString(module, "on_exiting");
	_cleanup_py_ PyObject *done =
		atexit && function
			? PyObject_CallMethod(atexit, "register", "O", function)
			: NULL;
	return done;
}

/** The inferior of a process; NULL when GDB has it no more. */
static PyObject *inferior_of(struct pyprof_gdb *plugin, long pid)
{
	_cleanup_py_ PyObject *all = pyprof_py_call(plugin->gdb, "inferiors");
	Py_ssize_t count = all ? PyTuple_Size(all) : 0;
	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *inferior = PyTuple_GetItem(all, i);
		if (pyprof_py_attribute_long(inferior, "pid") == pid) {
			Py_INCREF(inferior);
			return inferior;
		}
	}
	pyprof_py_clear();
	return NULL;
}

static void gone(struct pyprof_gdb *plugin)
{
	plugin->running_pid = 0;
	pyprof_session_gone(plugin->session);
}

static void poll_if_due(struct pyprof_gdb *plugin)
{
	if (atomic_exchange(&plugin->is_poll_due, false))
		pyprof_session_poll(plugin->session);
}

/**
 * The process that is sampled has an inferior of its own still. Else the
 * session follows GDB to the selected one: it was run again, or has forked.
 */
static bool has_inferior(struct pyprof_gdb *plugin)
{
	long pid = plugin->session->pid;
	_cleanup_py_ PyObject *inferior = pid ? inferior_of(plugin, pid) : NULL;
	return inferior;
}

void pyprof_gdb_on_cont(struct pyprof_gdb *plugin, PyObject *event)
{
	(void)event;
	if (!plugin->session)
		return;
	pyprof_session_changed(plugin->session);
	long pid = pyprof_gdb_selected_pid(plugin);
	/* There is an event for each new thread, too. */
	if (!pid || pid == plugin->running_pid)
		return;
	if (pid != plugin->session->pid && has_inferior(plugin))
		return;
	plugin->running_pid = pid;
	pyprof_session_resumed(plugin->session);
	poll_if_due(plugin);
}

void pyprof_gdb_on_stop(struct pyprof_gdb *plugin, PyObject *event)
{
	(void)event;
	if (!plugin->session)
		return;
	_cleanup_py_ PyObject *inferior =
		inferior_of(plugin, plugin->running_pid);
	/* In non-stop mode other threads may run on. */
	if (!inferior || !pyprof_gdb_is_running(inferior)) {
		plugin->running_pid = 0;
		pyprof_session_stopped(plugin->session);
	}
	poll_if_due(plugin);
}

void pyprof_gdb_on_exited(struct pyprof_gdb *plugin, PyObject *event)
{
	if (!plugin->session || !event)
		return;
	_cleanup_py_ PyObject *inferior =
		PyObject_GetAttrString(event, "inferior");
	long pid = inferior ? pyprof_py_attribute_long(inferior, "pid") : 0;
	if (pid <= 0 || pid == plugin->session->pid)
		gone(plugin);
}

/** At a prompt: what no event has told of. */
void pyprof_gdb_on_prompt(struct pyprof_gdb *plugin, PyObject *event)
{
	(void)event;
	if (!plugin->session)
		return;
	if (plugin->session->pid && !has_inferior(plugin))
		gone(plugin);
	/* Detached: nothing is left that the copy is of. */
	struct pyprof_snapshot *current = plugin->session->heaps.current;
	_cleanup_py_ PyObject *inferior =
		current && current->pid ? inferior_of(plugin, current->pid)
					: NULL;
	if (current && current->pid && !inferior)
		pyprof_session_changed(plugin->session);
	poll_if_due(plugin);
}

/** The user has written into the process. */
void pyprof_gdb_on_memory_changed(struct pyprof_gdb *plugin, PyObject *event)
{
	(void)event;
	if (plugin->session)
		pyprof_session_changed(plugin->session);
}

void pyprof_gdb_on_breakpoint_deleted(struct pyprof_gdb *plugin,
				      PyObject *event)
{
	if (!plugin->session || !event || !plugin->ticks.number ||
	    pyprof_py_attribute_long(event, "number") != plugin->ticks.number)
		return;
	plugin->ticks.number = 0;
	pyprof_session_ticks_lost(plugin->session);
}

void pyprof_gdb_on_exiting(struct pyprof_gdb *plugin, PyObject *event)
{
	(void)event;
	struct pyprof_session *session = plugin->session;
	plugin->session = NULL;
	pyprof_session_destroy(session);
}
