// SPDX-License-Identifier: Apache-2.0
#include "core/report/formats.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/report/html_data.h"
#include "core/report/page.h"

/* Text inside of an element; what is not text is replaced. */
static void put_escaped(struct pyprof_buf *out, const char *text, size_t length)
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

static struct pyprof_error *
put_title(const struct pyprof_profile *profile,
	  const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	(void)options;
	uint32_t id = pyprof_profile_meta_const(profile)->command_line;
	put_escaped(out, pyprof_profile_string(profile, id),
		    pyprof_profile_string_length(profile, id));
	return NULL;
}

/* The text report, for browsers that run no scripts, and for grep. */
static struct pyprof_error *
put_text(const struct pyprof_profile *profile,
	 const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_report_text.write(profile, options, &text);
	if (err)
		return err;
	put_escaped(out, text.data, text.length);
	return pyprof_buf_error(&text);
}

/* What stands in the page for what, in the order of the page. */
static const struct {
	const char *marker;
	struct pyprof_error *(*put)(const struct pyprof_profile *profile,
				    const struct pyprof_report_options *options,
				    struct pyprof_buf *out);
} markers[] = {
	{"<!--pyprof:title-->", put_title},
	{"<!--pyprof:text-->", put_text},
	{"<!--pyprof:data-->", pyprof_html_data},
};

static struct pyprof_error *
write_html(const struct pyprof_profile *profile,
	   const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	const char *at = pyprof_report_page;
	const char *end = at + pyprof_report_page_size;
	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers); i++) {
		const char *marker = strstr(at, markers[i].marker);
		if (!marker)
			return pyprof_error_create(
				PYPROF_ERROR_NOT_FOUND,
				"the page of this build has no %s",
				markers[i].marker);
		pyprof_buf_append(out, at, (size_t)(marker - at));
		struct pyprof_error *err =
			markers[i].put(profile, options, out);
		if (err)
			return err;
		at = marker + strlen(markers[i].marker);
	}
	pyprof_buf_append(out, at, (size_t)(end - at));
	return pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_html = {
	.name = "html",
	.extension = ".html",
	.summary = "a page for browsers: lines, functions, flame graph, source",
	.write = write_html,
};
