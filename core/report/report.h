// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Report formats: a profile goes in and is not changed, bytes come out.
 *
 * To add a format: one file with a `const struct pyprof_report_format` and one
 * row in formats.c. File names, help, completion and the tests' matrix follow
 * from the row.
 */
#ifndef PYPROF_REPORT_REPORT_H
#define PYPROF_REPORT_REPORT_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/profile/summary.h"
#include "core/report/source.h"

struct pyprof_report_options {
	struct pyprof_filter filter;
	/** Where source text comes from; NULL writes none. Borrowed. */
	struct pyprof_source *source;
	/** Bytes that a page may take, by leaving things out; 0: as it likes.
	 */
	size_t max_size;
};

struct pyprof_report_format {
	/** What `--format` takes. */
	const char *name;
	/** What file names end in, with the dot: ".speedscope.json". */
	const char *extension;
	/** One line for help and the manual. */
	const char *summary;
	struct pyprof_error *(*write)(
		const struct pyprof_profile *profile,
		const struct pyprof_report_options *options,
		struct pyprof_buf *out);
};

/** All formats; ends at a NULL. */
extern const struct pyprof_report_format *const pyprof_report_formats[];

/**
 * The format of a name, or when `name` is NULL that of the longest matching
 * ending of a file name, without a ".gz" at its end. USAGE, listing what there
 * is, when there is none.
 */
struct pyprof_error *
pyprof_report_format_find(const char *name, const char *file,
			  const struct pyprof_report_format **ret)
	PYPROF_MUST_CHECK;

/** Compress what is to be written to `file` when its name ends in ".gz". */
struct pyprof_error *pyprof_report_compress(const char *file,
					    struct pyprof_buf *bytes)
	PYPROF_MUST_CHECK;

/**
 * Write bytes to a file: beside it first, then renamed over it, so that a full
 * disk never leaves half a report.
 */
struct pyprof_error *pyprof_report_save(const char *path,
					const struct pyprof_buf *bytes)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_REPORT_H */
