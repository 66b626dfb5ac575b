// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The data of an HTML report: one JSON object, "pyprof-report/1", that its page
 * makes every table and graph from.
 *
 * Tables are columns of whole numbers: samples and nanoseconds, ids that count
 * from 0 in the order of the columns. Only what samples use is written.
 * `stacks` start at the empty stack 0; parents come before their children.
 */
#ifndef PYPROF_REPORT_HTML_DATA_H
#define PYPROF_REPORT_HTML_DATA_H

#include "core/report/report.h"

struct pyprof_error *
pyprof_html_data(const struct pyprof_profile *profile,
		 const struct pyprof_report_options *options,
		 struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_DATA_H */
