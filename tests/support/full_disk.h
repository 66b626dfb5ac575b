// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A disk on which nothing can be written any more, for one test's process
 * alone. Needs a privilege that root has.
 */
#ifndef PYPROF_TESTS_SUPPORT_FULL_DISK_H
#define PYPROF_TESTS_SUPPORT_FULL_DISK_H

#include <stdbool.h>

/**
 * Mount an empty disk on a new folder.
 *
 * @return NULL, after a line that says so, where that is not allowed.
 */
const char *full_disk_mount(void);
/** Write until there is no room for one more byte of a new file. */
void full_disk_fill(void);
/** How many names are on it, that of what fills it not counted. */
unsigned full_disk_names(void);
void full_disk_unmount(void);

#endif /* PYPROF_TESTS_SUPPORT_FULL_DISK_H */
