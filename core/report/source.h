// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Source lines for reports, read from the files that the target's code names.
 *
 * A file that is gone, that is not a regular file, or that changed since the
 * target started has no text, or has it marked: better no line than a wrong
 * one.
 */
#ifndef PYPROF_REPORT_SOURCE_H
#define PYPROF_REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct pyprof_source;

/** Files larger than this are not read. */
#define PYPROF_SOURCE_MAX (16u << 20)

/**
 * @param root Prefix of absolute paths, as "/proc/42/root"; NULL for none.
 * @param cwd Directory of relative paths, inside `root`; NULL for none.
 * @param started_at Seconds since the epoch; a file modified later counts as
 * changed. 0: not known.
 */
struct pyprof_error *pyprof_source_create(const char *root, const char *cwd,
					  int64_t started_at,
					  struct pyprof_source **ret)
	PYPROF_MUST_CHECK;
void pyprof_source_destroy(struct pyprof_source *source);
PYPROF_DEFINE_CLEANUP(pyprof_source, struct pyprof_source *,
		      pyprof_source_destroy)

/** Whose source text is given away; it may hold secrets. */
enum pyprof_source_choice {
	PYPROF_SOURCE_ALL,
	/**
	 * Of files ".py" that everybody may read, and that are neither the
	 * standard library's nor an installed package's.
	 */
	PYPROF_SOURCE_PROJECT,
	PYPROF_SOURCE_NO_FILE,
};

/** "all", "project", "none"; ends at a NULL. */
extern const char *const pyprof_source_choices[];

/** What is not chosen is PRIVATE from now on. All is, without this. */
void pyprof_source_choose(struct pyprof_source *source,
			  enum pyprof_source_choice choice);
enum pyprof_source_choice
pyprof_source_choice(const struct pyprof_source *source);

enum pyprof_source_status {
	PYPROF_SOURCE_OK,
	/** Modified after the target started: lines may not match. */
	PYPROF_SOURCE_CHANGED,
	PYPROF_SOURCE_MISSING,
	/** Not the name of a file: "<string>", "<frozen importlib>". */
	PYPROF_SOURCE_NONE,
	/** Not chosen: has no lines. */
	PYPROF_SOURCE_PRIVATE,
};

/**
 * The lines of a file, read once.
 *
 * @param[out] lines_ret NUL-terminated lines without their line ends, owned by
 * `source`; bytes that are not UTF-8 are replaced.
 */
enum pyprof_source_status pyprof_source_lines(struct pyprof_source *source,
					      const char *file,
					      const char *const **lines_ret,
					      size_t *count_ret);

/** One line, 1-based; "" when there is none. */
const char *pyprof_source_line(struct pyprof_source *source, const char *file,
			       int32_t line);

#endif /* PYPROF_REPORT_SOURCE_H */
