// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Reading files of /proc whole, what they say of a process, and opening files
 * that others name.
 */
#ifndef PYPROF_TARGET_LINUX_PROC_H
#define PYPROF_TARGET_LINUX_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"

/** Room for any path below /proc/PID that is made of numbers and names. */
#define PYPROF_PROC_PATH_MAX 96

/**
 * Replace the contents of `buf` by those of /proc/`pid`/`name`.
 *
 * @return 0 or an errno; ENOENT and ESRCH mean that it has ended.
 */
int pyprof_proc_read(int32_t pid, const char *name, struct pyprof_buf *buf);

/**
 * Append the command line of a process as one would type it, and true; false
 * when it has none, or is gone.
 */
bool pyprof_proc_command_line(int32_t pid, struct pyprof_buf *out);

/** Append the working directory of a process, and true; false without. */
bool pyprof_proc_cwd(int32_t pid, struct pyprof_buf *out);

/** Fields of /proc/PID/stat by the numbers that proc(5) gives them. */
enum pyprof_stat_field {
	PYPROF_STAT_STATE = 3,
	PYPROF_STAT_PARENT = 4,
	PYPROF_STAT_FLAGS = 9,
	PYPROF_STAT_START_TIME = 22,
	PYPROF_STAT_START_CODE = 26,
	PYPROF_STAT_START_STACK = 28,
	PYPROF_STAT_PROCESSOR = 39,
};

/** Where a field of the NUL-terminated text of a stat file begins, or NULL. */
const char *pyprof_proc_stat_field(const char *text,
				   enum pyprof_stat_field field);

/**
 * Open a regular file for reading. Anything else, which could block or do
 * something when opened, is refused with EINVAL.
 *
 * @return 0 or an errno.
 */
int pyprof_open_regular(const char *path, int *fd_ret);

#endif /* PYPROF_TARGET_LINUX_PROC_H */
