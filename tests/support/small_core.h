// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The core of a small Python (3.14) that tests/fuzz/make-core wrote, as a file
 * in memory: little of it is kept, but has objects of nearly all kinds.
 */
#ifndef PYPROF_TESTS_SUPPORT_SMALL_CORE_H
#define PYPROF_TESTS_SUPPORT_SMALL_CORE_H

/** Where it can be opened, for as long as the process lives. Fails the test
 * when it cannot be had. */
const char *small_core(void);

#endif /* PYPROF_TESTS_SUPPORT_SMALL_CORE_H */
