// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Files that commands write.
 */
#ifndef PYPROF_COMMAND_OUTPUT_H
#define PYPROF_COMMAND_OUTPUT_H

#include "core/base/buf.h"
#include "core/base/error.h"

/** Append a path that the user wrote, "~/" being his home. */
void pyprof_output_expand(const char *path, struct pyprof_buf *out);

/**
 * Write bytes to a file that the user named, "~/" being his home: no shell has
 * seen the name. Appends a line that says so to `out`.
 */
struct pyprof_error *pyprof_output_save(const char *path,
					const struct pyprof_buf *bytes,
					struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_OUTPUT_H */
