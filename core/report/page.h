// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the web folder holds, as it was built into this library.
 *
 * page.c is made of core/report/web by the build; see report.am.
 */
#ifndef PYPROF_REPORT_PAGE_H
#define PYPROF_REPORT_PAGE_H

#include <stddef.h>

/** The page of profiles, filled in at its markers. Ends in a NUL as well. */
extern const char pyprof_report_page[];
extern const size_t pyprof_report_page_size;

/** The page of two profiles. */
extern const char pyprof_diff_page[];
extern const size_t pyprof_diff_page_size;

/** The page of heaps. */
extern const char pyprof_heap_page[];
extern const size_t pyprof_heap_page_size;

/** The page of stacks. */
extern const char pyprof_stacks_page[];
extern const size_t pyprof_stacks_page_size;

/** The script of SVG reports. Ends in a NUL as well. */
extern const char pyprof_report_svg_script[];
extern const size_t pyprof_report_svg_script_size;

#endif /* PYPROF_REPORT_PAGE_H */
