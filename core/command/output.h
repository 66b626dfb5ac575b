// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Files that commands write.
 */
#ifndef PYPROF_COMMAND_OUTPUT_H
#define PYPROF_COMMAND_OUTPUT_H

#include "core/base/buf.h"
#include "core/base/error.h"

/** What a command writes to a file whose ending says what is wanted. */
enum pyprof_output_kind {
	PYPROF_OUTPUT_TEXT,
	PYPROF_OUTPUT_JSON,
	PYPROF_OUTPUT_PAGE,
};

struct pyprof_arguments;

/**
 * As the ending of --output says, else --json. USAGE when the ending is that
 * of another format; any other name is for text.
 *
 * @param what "a diff": is written, says the error.
 */
struct pyprof_error *
pyprof_output_kind(const struct pyprof_arguments *arguments, const char *what,
		   enum pyprof_output_kind *ret) PYPROF_MUST_CHECK;

/** Append a path that the user wrote, "~/" being his home. */
void pyprof_output_expand(const char *path, struct pyprof_buf *out);

/**
 * Write bytes to a file that the user named, "~/" being his home: no shell has
 * seen the name. They are compressed when it ends in ".gz". Appends a line that
 * says so to `out`.
 */
struct pyprof_error *pyprof_output_save(const char *path,
					struct pyprof_buf *bytes,
					struct pyprof_buf *out)
	PYPROF_MUST_CHECK;
/** The same for a profile: an error says that nothing of it is lost. */
struct pyprof_error *pyprof_output_save_profile(const char *path,
						struct pyprof_buf *bytes,
						struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_OUTPUT_H */
