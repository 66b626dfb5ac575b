// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_page.h"

#include <string.h>

#include "core/base/utf8.h"

/** Text as it has to stand inside of an element; what is not text is replaced.
 */
static struct pyprof_error *put_escaped(const struct pyprof_buf *plain,
					struct pyprof_buf *out)
{
	const char *text = plain->data;
	for (size_t at = 0; at < plain->length;) {
		size_t size =
			pyprof_utf8_character(text + at, plain->length - at);
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
	return pyprof_buf_error(plain);
}

struct pyprof_error *pyprof_html_fill(const char *page, size_t size,
				      const struct pyprof_html_parts *parts,
				      void *context, struct pyprof_buf *out)
{
	const struct {
		const char *marker;
		struct pyprof_error *(*put)(void *context,
					    struct pyprof_buf *out);
		struct pyprof_error *(*wrap)(const struct pyprof_buf *plain,
					     struct pyprof_buf *out);
	} all[] = {
		{"<!--pyprof:title-->", parts->put_title, put_escaped},
		{"<!--pyprof:text-->", parts->put_text, put_escaped},
		{"<!--pyprof:data-->", parts->put_data,
		 pyprof_html_put_payload},
	};
	const char *at = page, *end = page + size;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		_cleanup_buf_ struct pyprof_buf plain = PYPROF_BUF_INIT;
		const char *marker = strstr(at, all[i].marker);
		if (!marker)
			return pyprof_error_create(
				PYPROF_ERROR_NOT_FOUND,
				"the page of this build has no %s",
				all[i].marker);
		pyprof_buf_append(out, at, (size_t)(marker - at));
		struct pyprof_error *err = all[i].put(context, &plain);
		if (!err)
			err = all[i].wrap(&plain, out);
		if (err)
			return err;
		at = marker + strlen(all[i].marker);
	}
	pyprof_buf_append(out, at, (size_t)(end - at));
	return pyprof_buf_error(out);
}
