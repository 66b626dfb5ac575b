// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The call tree of a summary; a part of pyprof_summary_create().
 */
#ifndef PYPROF_PROFILE_TREE_H
#define PYPROF_PROFILE_TREE_H

#include "core/profile/summary.h"

/**
 * Make `tree` and `tree_count` of a summary.
 *
 * @param stacks Self time of each stack of the profile.
 */
struct pyprof_error *pyprof_summary_tree(const struct pyprof_profile *profile,
					 const struct pyprof_times *stacks,
					 struct pyprof_summary *summary)
	PYPROF_MUST_CHECK;

/** Add the total time of `from` to that of `to`. */
void pyprof_times_add_total(struct pyprof_times *to,
			    const struct pyprof_times *from);

#endif /* PYPROF_PROFILE_TREE_H */
