// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The spans of a summary; a part of pyprof_summary_create().
 */
#ifndef PYPROF_PROFILE_SPANS_H
#define PYPROF_PROFILE_SPANS_H

#include "core/profile/summary.h"

/** Make `spans` and `span_count` of a summary. */
struct pyprof_error *pyprof_summary_spans(const struct pyprof_profile *profile,
					  const struct pyprof_filter *filter,
					  struct pyprof_summary *summary)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_PROFILE_SPANS_H */
