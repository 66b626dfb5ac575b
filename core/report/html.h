// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The page that compares two profiles. That of one profile is a report format.
 */
#ifndef PYPROF_REPORT_HTML_H
#define PYPROF_REPORT_HTML_H

#include "core/report/report.h"

struct pyprof_error *
pyprof_html_diff(const struct pyprof_profile *old,
		 const struct pyprof_profile *new,
		 const struct pyprof_report_options *options,
		 struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_H */
