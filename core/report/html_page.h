// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Filling in a page that was built into this library at its markers.
 */
#ifndef PYPROF_REPORT_HTML_PAGE_H
#define PYPROF_REPORT_HTML_PAGE_H

#include "core/base/buf.h"

/** What stands in a page for its markers, `<!--pyprof:title-->` and so on, in
 * their order. Each writes into an empty buffer what it has, as it is: the page
 * escapes or packs it. */
struct pyprof_html_parts {
	struct pyprof_error *(*put_title)(void *context,
					  struct pyprof_buf *out);
	/** For browsers that run no scripts, and for grep. */
	struct pyprof_error *(*put_text)(void *context, struct pyprof_buf *out);
	/** One object of JSON (html_data.h). */
	struct pyprof_error *(*put_data)(void *context, struct pyprof_buf *out);
};

/**
 * Append a page with its markers replaced. NOT_FOUND when it has one of them
 * not.
 *
 * @param page Ends in a NUL.
 */
struct pyprof_error *pyprof_html_fill(const char *page, size_t size,
				      const struct pyprof_html_parts *parts,
				      void *context, struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** Append the element that holds the data of a page: deflated, in builds that
 * have zlib. */
struct pyprof_error *pyprof_html_put_payload(const struct pyprof_buf *json,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HTML_PAGE_H */
