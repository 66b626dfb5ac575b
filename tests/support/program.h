// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Python programs for tests to look at, run by the system's own interpreter.
 */
#ifndef PYPROF_TESTS_SUPPORT_PROGRAM_H
#define PYPROF_TESTS_SUPPORT_PROGRAM_H

#include <sys/types.h>

/**
 * Run Python source and wait until it has printed a line. Fails the test when
 * it does not. The program ends with the test at the latest; end it by
 * child_end().
 */
pid_t program_start(const char *source);

#endif /* PYPROF_TESTS_SUPPORT_PROGRAM_H */
