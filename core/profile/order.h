// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The order of a summary's rows: most time first, then by name.
 */
#ifndef PYPROF_PROFILE_ORDER_H
#define PYPROF_PROFILE_ORDER_H

#include "core/profile/summary.h"

/* Each is a comparison as qsort() takes it: below 0 when `x` comes first. */

int pyprof_order_times(const struct pyprof_times *x,
		       const struct pyprof_times *y, enum pyprof_sort sort);
int pyprof_order_functions(const struct pyprof_profile *profile, uint32_t x,
			   uint32_t y);

/** Sort the rows of a summary; the tree is made in order. */
void pyprof_summary_sort(struct pyprof_summary *summary,
			 const struct pyprof_profile *profile,
			 const struct pyprof_filter *filter,
			 enum pyprof_sort sort);

#endif /* PYPROF_PROFILE_ORDER_H */
