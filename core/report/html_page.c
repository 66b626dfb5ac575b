// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_page.h"

#include <string.h>

#include "core/base/utf8.h"

void pyprof_html_put_escaped(struct pyprof_buf *out, const char *text,
			     size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = pyprof_utf8_character(text + at, length - at);
		if (text[at] == '<')
			pyprof_buf_puts(out, "&lt;");
		else if (text[at] == '>')
			pyprof_buf_puts(out, "&gt;");
		else if (text[at] == '&')
			pyprof_buf_puts(out, "&amp;");
		else if (size && text[at])
			pyprof_buf_append(out, text + at, size);
		else
			pyprof_buf_puts(out, PYPROF_UTF8_REPLACEMENT);
		at += size ? size : 1;
	}
}

struct pyprof_error *pyprof_html_fill(const char *page, size_t size,
				      const struct pyprof_html_part *parts,
				      void *context, struct pyprof_buf *out)
{
	const char *at = page, *end = page + size;
	for (; parts->marker; parts++) {
		const char *marker = strstr(at, parts->marker);
		if (!marker)
			return pyprof_error_create(
				PYPROF_ERROR_NOT_FOUND,
				"the page of this build has no %s",
				parts->marker);
		pyprof_buf_append(out, at, (size_t)(marker - at));
		struct pyprof_error *err = parts->put(context, out);
		if (err)
			return err;
		at = marker + strlen(parts->marker);
	}
	pyprof_buf_append(out, at, (size_t)(end - at));
	return pyprof_buf_error(out);
}
