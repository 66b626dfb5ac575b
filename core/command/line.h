// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Splitting a command line into words, by the quoting rules of a shell:
 * '…' is literal; in "…" a backslash protects " and \; elsewhere a backslash
 * protects any character. Nothing is expanded.
 */
#ifndef PYPROF_COMMAND_LINE_H
#define PYPROF_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct pyprof_line {
	/** NUL-terminated; the array ends at a NULL. */
	const char **words;
	size_t count;
	/** What the words point into. */
	char *text;
};

/**
 * @param is_partial The line is being typed: an open quote is no error, and
 * the last word is the one to complete, "" behind white space.
 */
struct pyprof_error *pyprof_line_split(const char *line, bool is_partial,
				       struct pyprof_line *ret)
	PYPROF_MUST_CHECK;
void pyprof_line_deinit(struct pyprof_line *line);

#endif /* PYPROF_COMMAND_LINE_H */
