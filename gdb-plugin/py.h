// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Calling GDB through its Python module, with Python's exceptions turned into
 * errors. Python's limited API only.
 *
 * All functions need the GIL, which GDB's main thread holds whenever it calls
 * us.
 */
#ifndef PYPROF_GDB_PY_H
#define PYPROF_GDB_PY_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "core/base/error.h"

static inline void pyprof_py_decref_cleanup(PyObject **p)
{
	Py_XDECREF(*p);
}

/** Py_XDECREF() at the end of the scope. */
#define _cleanup_py_ _cleanup_(pyprof_py_decref_cleanup)

/**
 * The pending exception as an error, and no exception any more. Ctrl-C is
 * INTERRUPTED, and stays noted, so that GDB sees it as well.
 */
struct pyprof_error *pyprof_py_error(void) PYPROF_MUST_CHECK;

/** Forget the pending exception, but not Ctrl-C. */
void pyprof_py_clear(void);

/**
 * Run a GDB command. What it prints goes to the console, or, as a str, to
 * `text_ret` when that is not NULL.
 */
struct pyprof_error *pyprof_py_execute(PyObject *gdb, PyObject **text_ret,
				       const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4))) PYPROF_MUST_CHECK;

/** Run a GDB command of which neither text nor failure are of interest. */
void pyprof_py_execute_quietly(PyObject *gdb, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** gdb.NAME(); NULL with an exception set. */
PyObject *pyprof_py_call(PyObject *object, const char *name);

/** The int that `object.name` is; -1, and no exception, when it is none. */
long pyprof_py_attribute_long(PyObject *object, const char *name);

/** Text to str, whatever bytes are in it. */
PyObject *pyprof_py_text(const char *text, size_t length);

/**
 * The UTF-8 of a str. The bytes live as long as `*keep_ret`, which the caller
 * releases. NULL, and no exception, when `text` is no str.
 */
const char *pyprof_py_utf8(PyObject *text, PyObject **keep_ret);

#endif /* PYPROF_GDB_PY_H */
