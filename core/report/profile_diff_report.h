// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What differs between two profiles, for people and programs.
 */
#ifndef PYPROF_REPORT_PROFILE_DIFF_REPORT_H
#define PYPROF_REPORT_PROFILE_DIFF_REPORT_H

#include "core/profile/profile_diff.h"
#include "core/report/source.h"

/** All pointers are borrowed. */
struct pyprof_profile_diff_view {
	const struct pyprof_profile_diff *diff;
	/** What the profiles are called. */
	const char *names[PYPROF_PROFILE_SIDES];
	/** At most so many rows of each table; 0 for all. */
	size_t limit;
	/** Of the new one; NULL for none. */
	struct pyprof_source *source;
};

/** @param width Columns of the terminal; 0: as wide as it takes. */
struct pyprof_error *
pyprof_profile_diff_text(const struct pyprof_profile_diff_view *view,
			 unsigned width, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** The same facts as one JSON object, schema "pyprof/diff/1". */
struct pyprof_error *
pyprof_profile_diff_json(const struct pyprof_profile_diff_view *view,
			 struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_PROFILE_DIFF_REPORT_H */
