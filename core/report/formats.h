// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The rows of the table of formats.
 */
#ifndef PYPROF_REPORT_FORMATS_H
#define PYPROF_REPORT_FORMATS_H

#include "core/report/report.h"

extern const struct pyprof_report_format pyprof_report_text;
extern const struct pyprof_report_format pyprof_report_json;
extern const struct pyprof_report_format pyprof_report_csv;
extern const struct pyprof_report_format pyprof_report_collapsed;
extern const struct pyprof_report_format pyprof_report_html;
extern const struct pyprof_report_format pyprof_report_svg;
extern const struct pyprof_report_format pyprof_report_speedscope;
extern const struct pyprof_report_format pyprof_report_gecko;
extern const struct pyprof_report_format pyprof_report_chrome_trace;
extern const struct pyprof_report_format pyprof_report_pprof;
extern const struct pyprof_report_format pyprof_report_pstats;
extern const struct pyprof_report_format pyprof_report_callgrind;
extern const struct pyprof_report_format pyprof_report_scalene;
extern const struct pyprof_report_format pyprof_report_saved;

#endif /* PYPROF_REPORT_FORMATS_H */
