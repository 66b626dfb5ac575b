// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The data of an HTML report: one JSON object, "pyprof-report/1", that its page
 * makes every table and graph from. Its "kind" says what it holds: a "profile",
 * two in a "diff", or a "heap".
 *
 * Tables are columns of whole numbers: samples and nanoseconds, ids that count
 * from 0 in the order of the columns. `stacks` start at the empty stack 0;
 * parents come before their children, `up` is the way back to them. A `step`
 * is the difference to the one before. Only what samples use is written, and
 * less of it where it is too much (html_shape.h). What the page makes of it is
 * in web/src/payload.ts.
 */
#ifndef PYPROF_REPORT_HTML_DATA_H
#define PYPROF_REPORT_HTML_DATA_H

#include "core/report/report.h"

/** @param share How much of what a page may have, up to 1, it may have. */
struct pyprof_error *
pyprof_html_data(const struct pyprof_profile *profile,
		 const struct pyprof_report_options *options, double share,
		 struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** The data of a page that compares two profiles. */
struct pyprof_error *
pyprof_html_diff_data(const struct pyprof_profile *old,
		      const struct pyprof_profile *new,
		      const struct pyprof_report_options *options, double share,
		      struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** Begin an object of a kind; its other members follow behind commas. */
void pyprof_html_begin(const char *kind, struct pyprof_buf *out);

#endif /* PYPROF_REPORT_HTML_DATA_H */
