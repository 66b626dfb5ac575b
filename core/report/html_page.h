// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Filling in a page that was built into this library at its markers.
 */
#ifndef PYPROF_REPORT_HTML_PAGE_H
#define PYPROF_REPORT_HTML_PAGE_H

#include "core/base/buf.h"

/** What stands in a page for a marker. */
struct pyprof_html_part {
	/** "<!--pyprof:data-->" */
	const char *marker;
	struct pyprof_error *(*put)(void *context, struct pyprof_buf *out);
};

/**
 * Append a page with its markers, which are in the order of the page,
 * replaced. NOT_FOUND when it has one of them not.
 *
 * @param page Ends in a NUL.
 * @param parts Ends at one without a marker.
 */
struct pyprof_error *pyprof_html_fill(const char *page, size_t size,
				      const struct pyprof_html_part *parts,
				      void *context, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** Append text as it has to stand inside of an element; what is not text is
 * replaced. */
void pyprof_html_put_escaped(struct pyprof_buf *out, const char *text,
			     size_t length);

/** Append the element that holds the data of a page: deflated, in builds that
 * have zlib. */
struct pyprof_error *pyprof_html_put_payload(const struct pyprof_buf *json,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_PAGE_H */
