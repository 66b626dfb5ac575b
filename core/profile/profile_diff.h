// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What differs between two profiles, by function and by line.
 *
 * A function of one is that of the other when file and name are the same, and
 * with several of a name when they begin at the same line, or else come in the
 * same order. A line is the same when it is as far behind the first of its
 * function, so that code that only moved is not new; or else when its number
 * is the same.
 */
#ifndef PYPROF_PROFILE_PROFILE_DIFF_H
#define PYPROF_PROFILE_PROFILE_DIFF_H

#include "core/base/buf.h"
#include "core/profile/summary.h"

enum pyprof_profile_side {
	PYPROF_PROFILE_OLD,
	PYPROF_PROFILE_NEW,
	PYPROF_PROFILE_SIDES,
};

/** A function, or one of its lines. Arrays are by side. */
struct pyprof_profile_diff_row {
	/** Whether the profile has it at all: it has time of it. */
	bool has[PYPROF_PROFILE_SIDES];
	/** Of that profile; meaningless where it has none. */
	uint32_t function[PYPROF_PROFILE_SIDES];
	/** For a function the first. */
	int32_t line[PYPROF_PROFILE_SIDES];
	struct pyprof_times times[PYPROF_PROFILE_SIDES];
};

struct pyprof_profile_diff_rows {
	struct pyprof_profile_diff_row *items;
	size_t count, capacity;
};

/** How times of two profiles are compared. */
enum pyprof_profile_diff_by {
	/** As shares of the time sampled, which may have been different. */
	PYPROF_DIFF_BY_SHARE,
	/** As they are: of two runs that did the same work. */
	PYPROF_DIFF_BY_TIME,
};

struct pyprof_profile_diff {
	const struct pyprof_profile *profiles[PYPROF_PROFILE_SIDES];
	struct pyprof_filter filter;
	enum pyprof_profile_diff_by by;
	/** Time sampled; never 0, so that shares of it can be taken. */
	uint64_t sampled_ns[PYPROF_PROFILE_SIDES];
	/** All time that passed the filter. */
	uint64_t ns[PYPROF_PROFILE_SIDES];
	/** The largest changes first. */
	struct pyprof_profile_diff_rows functions, lines;
};

/** Both profiles are borrowed and must outlive the result. */
struct pyprof_error *
pyprof_profile_diff_create(const struct pyprof_profile *old_profile,
			   const struct pyprof_profile *new_profile,
			   const struct pyprof_filter *filter,
			   enum pyprof_profile_diff_by by,
			   enum pyprof_sort sort,
			   struct pyprof_profile_diff **ret) PYPROF_MUST_CHECK;
void pyprof_profile_diff_destroy(struct pyprof_profile_diff *diff);
PYPROF_DEFINE_CLEANUP(pyprof_profile_diff, struct pyprof_profile_diff *,
		      pyprof_profile_diff_destroy)

/**
 * What grew, less what it was: percent of the time sampled, or nanoseconds,
 * as the diff is `by`.
 */
double pyprof_profile_diff_change(const struct pyprof_profile_diff *diff,
				  uint64_t old_ns, uint64_t new_ns);

/**
 * Append what makes two profiles hard to compare, as "mode preempt and free,
 * CPython 3.12.1 release and 3.13.5 release". False, with nothing appended,
 * when nothing does.
 */
bool pyprof_profile_unlike(const struct pyprof_profile *old_profile,
			   const struct pyprof_profile *new_profile,
			   struct pyprof_buf *out);

#endif /* PYPROF_PROFILE_PROFILE_DIFF_H */
