// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where in the lines of a file its self time went, in the data of an HTML
 * report; a part of html_source.c.
 */
#ifndef PYPROF_REPORT_HTML_SPANS_H
#define PYPROF_REPORT_HTML_SPANS_H

#include "core/base/json.h"
#include "core/profile/summary.h"

/** The text of a file in the page. */
struct pyprof_html_text {
	const char *const *lines;
	size_t line_count;
	/** Whether a line is in the page, by its index. */
	const bool *wanted;
	/** Lines are cut to so many bytes. */
	size_t line_max;
};

/**
 * Write the member "spans" of the object that is being written, where there
 * are some: columns of parts of lines that are in the page, with their time by
 * group. `from` and `to` count as JavaScript does, in units of UTF-16; both
 * are 0 for the time of a line whose part is not known, or not in its text.
 *
 * @param summary Of all states.
 */
struct pyprof_error *
pyprof_html_spans(const struct pyprof_summary *summary, uint32_t file,
		  const struct pyprof_html_text *text, struct pyprof_json *json)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_SPANS_H */
