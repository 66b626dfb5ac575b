// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Real interpreters for tests: those of pyenv, of the system, and of
 * $PYPROF_PYTHONS or .pythons (scripts/fetch-pythons).
 */
#ifndef PYPROF_TESTS_SUPPORT_PYTHONS_H
#define PYPROF_TESTS_SUPPORT_PYTHONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * The paths of all interpreters of 3.8 and newer, NULL at the end; owned by
 * this file. Says which minor versions are missing the first time.
 */
const char *const *pythons_all(void);

/** One interpreter that runs, and what it says of itself. */
struct python_child {
	pid_t pid;
	uint32_t version;
	bool is_debug;
};

/**
 * Start `path` with a program that begins with `program` (may be "") and then
 * sleeps; returns once it does, failing the test when it does not get there.
 * End it by child_end().
 */
struct python_child python_start(const char *path, const char *program);

#endif /* PYPROF_TESTS_SUPPORT_PYTHONS_H */
