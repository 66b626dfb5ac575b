// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Reports read back by a reader that is not ours: read_page.py, on the parsers
 * that come with Python.
 */
#ifndef PYPROF_TESTS_SUPPORT_READ_REPORT_H
#define PYPROF_TESTS_SUPPORT_READ_REPORT_H

#include "core/report/report.h"

/**
 * Write a report in a format and return what read_page.py prints of it, which
 * is the caller's to free. The test fails when it is not well formed.
 */
char *test_read_report(const struct pyprof_profile *profile,
		       const struct pyprof_report_options *options,
		       const char *format, const char *kind);

#endif /* PYPROF_TESTS_SUPPORT_READ_REPORT_H */
