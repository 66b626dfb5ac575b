// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What pyprof needs to know of the C library that a Python runs on.
 */
#ifndef PYPROF_CPYTHON_PYTHON_LIBC_H
#define PYPROF_CPYTHON_PYTHON_LIBC_H

#include "core/cpython/python.h"

/**
 * Fill in `rseq_offset`, `has_rseq` and `tid_offset`, as far as they can be
 * found out; both are checked on the main thread. Only running out of memory
 * and a vanished target are errors.
 */
struct pyprof_error *pyprof_python_read_libc(struct pyprof_python *python)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_PYTHON_LIBC_H */
