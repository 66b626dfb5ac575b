// SPDX-License-Identifier: Apache-2.0
//
// What Python sees: pyprof.py registers these functions with GDB.
#include "config.h"

#include <string.h>

#include "core/command/command.h"
#include "gdb-plugin/plugin.h"

static struct pyprof_gdb *plugin_of(PyObject *module)
{
	return PyModule_GetState(module);
}

/** Raise an error as GDB's way of saying "print this line, no more". */
static void raise_error(PyObject *gdb, const struct pyprof_error *err)
{
	_cleanup_py_ PyObject *type = PyObject_GetAttrString(gdb, "GdbError");
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	pyprof_buf_printf(&line, "pyprof: %s", err->message);
	_cleanup_py_ PyObject *text = pyprof_py_text(line.data, line.length);
	if (type && text)
		PyErr_SetObject(type, text);
}

/** run(line): run a command, what was typed behind "pyprof". */
static PyObject *run(PyObject *self, PyObject *args)
{
	struct pyprof_gdb *plugin = plugin_of(self);
	const char *line;
	if (!PyArg_ParseTuple(args, "s", &line))
		return NULL;
	if (!plugin->session)
		Py_RETURN_NONE;
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_command_run(plugin->session, line, &out);
	if (!pyprof_gdb_write(plugin, out.data, out.length))
		return NULL;
	if (!err)
		Py_RETURN_NONE;
	raise_error(plugin->gdb, err);
	return NULL;
}

/** Whether a command's name is followed by another word in the table. */
static bool is_prefix(const char *name, size_t length)
{
	for (size_t i = 0; pyprof_commands[i]; i++) {
		const char *other = pyprof_commands[i]->name;
		if (!strncmp(other, name, length) && other[length] == ' ')
			return true;
	}
	return false;
}

static bool add_command(PyObject *list, const char *name, size_t length,
			const struct pyprof_command *command)
{
	_cleanup_buf_ struct pyprof_buf help = PYPROF_BUF_INIT;
	pyprof_command_help(command, &help);
	_cleanup_py_ PyObject *text = pyprof_py_text(help.data, help.length);
	bool prefix = !length || is_prefix(name, length);
	_cleanup_py_ PyObject *row =
		text ? Py_BuildValue("s#OO", name, (Py_ssize_t)length, text,
				     prefix ? Py_True : Py_False)
		     : NULL;
	return row && !PyList_Append(list, row);
}

/** Whether no earlier row of the table has the same first word. */
static bool is_first_of_prefix(size_t row, size_t length)
{
	const char *name = pyprof_commands[row]->name;
	for (size_t i = 0; i < row; i++)
		if (!strncmp(pyprof_commands[i]->name, name, length) &&
		    strchr(" ", pyprof_commands[i]->name[length]))
			return false;
	return true;
}

/**
 * commands(): (name, help, is prefix) of each, prefixes before what follows
 * them; the command "pyprof" itself has the name "".
 */
static PyObject *commands(PyObject *Py_UNUSED(self),
			  PyObject *Py_UNUSED(unused))
{
	_cleanup_py_ PyObject *list = PyList_New(0);
	if (!list || !add_command(list, "", 0, NULL))
		return NULL;
	for (size_t i = 0; pyprof_commands[i]; i++) {
		const struct pyprof_command *command = pyprof_commands[i];
		const char *space = strchr(command->name, ' ');
		size_t length = space ? space - command->name : 0;
		if (length && is_first_of_prefix(i, length) &&
		    !add_command(list, command->name, length, command))
			return NULL;
		if (!add_command(list, command->name, strlen(command->name),
				 command))
			return NULL;
	}
	return_ptr(list);
}

/**
 * Where GDB's `word` begins in the last word of `line`: candidates are given
 * to GDB from there on.
 */
static size_t word_offset(const char *line, const char *word)
{
	const char *blank = strrchr(line, ' ');
	size_t token = strlen(blank ? blank + 1 : line);
	size_t length = word ? strlen(word) : 0;
	return length < token ? token - length : 0;
}

static PyObject *candidates(struct pyprof_buf *lines, size_t offset)
{
	_cleanup_py_ PyObject *list = PyList_New(0);
	char *rest = lines->data, *line;
	while (list && (line = strsep(&rest, "\n"))) {
		if (strlen(line) <= offset)
			continue;
		_cleanup_py_ PyObject *text =
			pyprof_py_text(line + offset, strlen(line) - offset);
		if (!text || PyList_Append(list, text))
			return NULL;
	}
	return_ptr(list);
}

/** complete(line, word): what gdb.Command.complete returns. */
static PyObject *complete(PyObject *self, PyObject *args)
{
	struct pyprof_gdb *plugin = plugin_of(self);
	const char *line, *word;
	if (!PyArg_ParseTuple(args, "sz", &line, &word))
		return NULL;
	_cleanup_buf_ struct pyprof_buf lines = PYPROF_BUF_INIT;
	bool files = false;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_command_complete(line, &lines, &files);
	if (!err && files && !lines.length)
		return PyObject_GetAttrString(plugin->gdb, "COMPLETE_FILENAME");
	/* Without a word GDB only asks where words end. */
	if (err || !word)
		return PyList_New(0);
	return candidates(&lines, word_offset(line, word));
}

/** tick(): GDB evaluates the catchpoint's condition. Never raises. */
static PyObject *tick(PyObject *self, PyObject *Py_UNUSED(unused))
{
	bool stop = pyprof_gdb_tick(plugin_of(self));
	pyprof_py_clear();
	return PyLong_FromLong(stop);
}

/** A function that GDB calls with an event, or without. Never raises. */
#define EVENT(name)                                                           \
	static PyObject *on_##name(PyObject *self, PyObject *args)            \
	{                                                                     \
		PyObject *event =                                             \
			PyTuple_Size(args) ? PyTuple_GetItem(args, 0) : NULL; \
		pyprof_gdb_on_##name(plugin_of(self), event);                 \
		pyprof_py_clear();                                            \
		Py_RETURN_NONE;                                               \
	}
EVENT(cont)
EVENT(stop)
EVENT(exited)
EVENT(prompt)
EVENT(memory_changed)
EVENT(breakpoint_deleted)
EVENT(exiting)
#undef EVENT

static PyMethodDef methods[] = {
	{"run", run, METH_VARARGS, "Run a command line."},
	{"commands", commands, METH_NOARGS, "List the commands."},
	{"complete", complete, METH_VARARGS, "Complete a command line."},
	{"tick", tick, METH_NOARGS, "Take a sample; tells whether to stop."},
	{"on_cont", on_cont, METH_VARARGS, NULL},
	{"on_stop", on_stop, METH_VARARGS, NULL},
	{"on_exited", on_exited, METH_VARARGS, NULL},
	{"on_prompt", on_prompt, METH_VARARGS, NULL},
	{"on_memory_changed", on_memory_changed, METH_VARARGS, NULL},
	{"on_breakpoint_deleted", on_breakpoint_deleted, METH_VARARGS, NULL},
	{"on_exiting", on_exiting, METH_VARARGS, NULL},
	{},
};

static void deinit(void *module)
{
	struct pyprof_gdb *plugin = PyModule_GetState(module);
	if (!plugin)
		return;
	pyprof_gdb_on_exiting(plugin, NULL);
	pyprof_gdb_host_deinit(plugin);
	Py_CLEAR(plugin->gdb);
}

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_pyprof",
	.m_doc = "pyprof, for GDB's own Python.",
	.m_size = sizeof(struct pyprof_gdb),
	.m_methods = methods,
	.m_free = deinit,
};

static bool init(struct pyprof_gdb *plugin, PyObject *module)
{
	pyprof_gdb_host_init(plugin);
	plugin->gdb = PyImport_ImportModule("gdb");
	if (!plugin->gdb ||
	    PyModule_AddStringConstant(module, "version", PACKAGE_VERSION))
		return false;
	_cleanup_error_ struct pyprof_error *err = pyprof_session_create(
		&pyprof_gdb_host_ops, plugin, &plugin->session);
	if (err) {
		PyErr_SetString(PyExc_ImportError, err->message);
		return false;
	}
	return pyprof_gdb_events_connect(plugin, module);
}

/* Hidden by default in the headers of Python 3.8. */
__attribute__((__visibility__("default"))) PyMODINIT_FUNC PyInit__pyprof(void);

PyMODINIT_FUNC PyInit__pyprof(void)
{
	_cleanup_py_ PyObject *module = PyModule_Create(&definition);
	if (!module || !init(plugin_of(module), module))
		return NULL;
	return_ptr(module);
}
