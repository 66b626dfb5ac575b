// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The source text in the data of an HTML report.
 */
#ifndef PYPROF_REPORT_HTML_SOURCE_H
#define PYPROF_REPORT_HTML_SOURCE_H

#include "core/base/json.h"
#include "core/profile/profile.h"
#include "core/report/source.h"

/** Files of more lines have only the lines around those with time. */
#define PYPROF_HTML_WHOLE_FILE 3000
/** How many lines around. */
#define PYPROF_HTML_AROUND 40
/** The same in pages of stacks. */
#define PYPROF_HTML_NEAR 20
/** Lines are cut to so many bytes. */
#define PYPROF_HTML_LINE_MAX 1000
/**
 * Write the members "sources", the files with time, most time first, and
 * "source_choice" of the object that is being written.
 *
 * @param source NULL writes no text.
 * @param limit Files come without text once there are so many bytes of it.
 * @param string_ids What the strings of the profile are called in the data.
 * @param[out] omitted_ret Files whose text was left out by the limit.
 */
struct pyprof_error *pyprof_html_sources(const struct pyprof_profile *profile,
					 struct pyprof_source *source,
					 size_t limit,
					 const uint32_t *string_ids,
					 struct pyprof_json *json,
					 size_t *omitted_ret) PYPROF_MUST_CHECK;

/**
 * Write the members "status", "total" and "windows" of the object that is
 * being written: a file's text around some of its lines.
 */
struct pyprof_error *
pyprof_html_source_around(struct pyprof_source *source, const char *name,
			  const int32_t *lines, size_t count,
			  struct pyprof_json *json) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_SOURCE_H */
