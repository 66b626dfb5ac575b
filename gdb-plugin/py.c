// SPDX-License-Identifier: Apache-2.0
#include "gdb-plugin/py.h"

#include "core/base/buf.h"

const char *pyprof_py_utf8(PyObject *text, PyObject **keep_ret)
{
	*keep_ret = text && PyUnicode_Check(text)
			    ? PyUnicode_AsEncodedString(text, "utf-8",
							"surrogateescape")
			    : NULL;
	PyErr_Clear();
	return *keep_ret ? PyBytes_AsString(*keep_ret) : NULL;
}

PyObject *pyprof_py_text(const char *text, size_t length)
{
	return PyUnicode_DecodeUTF8(text, length, "replace");
}

/** Whether the pending exception is Ctrl-C; if so, have it raised again. */
static bool note_interrupt(void)
{
	if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
		return false;
	PyErr_SetInterrupt();
	return true;
}

struct pyprof_error *pyprof_py_error(void)
{
	if (note_interrupt()) {
		PyErr_Clear();
		return pyprof_error_create(PYPROF_ERROR_INTERRUPTED,
					   "interrupted");
	}
	_cleanup_py_ PyObject *type = NULL, *value = NULL, *trace = NULL;
	_cleanup_py_ PyObject *text = NULL, *keep = NULL;
	PyErr_Fetch(&type, &value, &trace);
	if (value)
		text = PyObject_Str(value);
	const char *message = pyprof_py_utf8(text, &keep);
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED, "gdb says: %s",
				   message ? message : "unknown error");
}

void pyprof_py_clear(void)
{
	if (!PyErr_Occurred())
		return;
	note_interrupt();
	PyErr_Clear();
}

__attribute__((__format__(__printf__, 3, 0))) static struct pyprof_error *
execute(PyObject *gdb, PyObject **text_ret, const char *format, va_list ap)
{
	_cleanup_buf_ struct pyprof_buf command = PYPROF_BUF_INIT;
	pyprof_buf_vprintf(&command, format, ap);
	struct pyprof_error *err = pyprof_buf_error(&command);
	if (err)
		return err;
	PyObject *result =
		PyObject_CallMethod(gdb, "execute", "sOO", command.data,
				    Py_False, text_ret ? Py_True : Py_False);
	if (!result)
		return pyprof_py_error();
	if (text_ret)
		*text_ret = result;
	else
		Py_DECREF(result);
	return NULL;
}

struct pyprof_error *pyprof_py_execute(PyObject *gdb, PyObject **text_ret,
				       const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	struct pyprof_error *err = execute(gdb, text_ret, format, ap);
	va_end(ap);
	return err;
}

void pyprof_py_execute_quietly(PyObject *gdb, const char *format, ...)
{
	_cleanup_py_ PyObject *text = NULL;
	va_list ap;
	va_start(ap, format);
	pyprof_error_destroy(execute(gdb, &text, format, ap));
	va_end(ap);
}

PyObject *pyprof_py_call(PyObject *object, const char *name)
{
	return PyObject_CallMethod(object, name, NULL);
}

long pyprof_py_attribute_long(PyObject *object, const char *name)
{
	_cleanup_py_ PyObject *value = PyObject_GetAttrString(object, name);
	long number = value ? PyLong_AsLong(value) : -1;
	pyprof_py_clear();
	return number;
}
