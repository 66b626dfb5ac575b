// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The moments in the data of an HTML report: when tallies got their time, in
 * slices, no more of them than asked.
 */
#ifndef PYPROF_REPORT_HTML_MOMENTS_H
#define PYPROF_REPORT_HTML_MOMENTS_H

#include "core/base/json.h"
#include "core/report/html_shape.h"

/** The time is told in so many slices at most. */
#define PYPROF_HTML_SLICES 16384

/**
 * Write the member "moments" of the object that is being written; none when
 * the profile has none.
 */
struct pyprof_error *pyprof_html_moments(const struct pyprof_profile *profile,
					 const struct pyprof_html_shape *shape,
					 size_t limit, struct pyprof_json *json)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_MOMENTS_H */
