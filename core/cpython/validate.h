// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The tests that a layout has to pass on the live data before it is used.
 */
#ifndef PYPROF_CPYTHON_VALIDATE_H
#define PYPROF_CPYTHON_VALIDATE_H

#include "core/cpython/python.h"

/**
 * Check `python->layout` against the interpreter at `python->runtime` and
 * append a line for each test passed to `python->validations`.
 *
 * UNSUPPORTED, naming the test and what was seen, on the first that fails.
 * NOT_FOUND when the interpreter is not initialised.
 */
struct pyprof_error *pyprof_python_validate(struct pyprof_python *python)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_VALIDATE_H */
