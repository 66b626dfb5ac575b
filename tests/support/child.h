// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Child processes for tests to look at. A child ends with the test at the
 * latest.
 */
#ifndef PYPROF_TESTS_SUPPORT_CHILD_H
#define PYPROF_TESTS_SUPPORT_CHILD_H

#include <sys/types.h>

/** Fork a child that runs `body`, if any, and then waits for ever. */
pid_t child_start(void (*body)(void *arg), void *arg);

/** Kill a child and take its status, so that its pid is free. */
void child_end(pid_t pid);

/** Zeroed memory that children share with the test. */
void *child_shared(size_t size);

#endif /* PYPROF_TESTS_SUPPORT_CHILD_H */
