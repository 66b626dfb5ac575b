// SPDX-License-Identifier: Apache-2.0
#include "core/report/html.h"

#include "core/report/formats.h"
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/page.h"

/* `old` is the one to compare with, if there is one. */
struct context {
	const struct pyprof_profile *profile, *old;
	const struct pyprof_report_options *options;
	/* How much of what a page may have it may have. */
	double share;
};

/* What a page is to take unless the user says otherwise. */
#define MAX_SIZE ((size_t)5000000)
/* Of what a page may have, the least that is tried. */
#define LEAST_SHARE 1e-5

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct context *of = context;
	uint32_t id = pyprof_profile_meta_const(of->profile)->command_line;
	pyprof_buf_append(out, pyprof_profile_string(of->profile, id),
			  pyprof_profile_string_length(of->profile, id));
	return NULL;
}

static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	const struct context *of = context;
	struct pyprof_error *err = NULL;
	if (of->old) {
		err = pyprof_report_text.write(of->old, of->options, out);
		pyprof_buf_putc(out, '\n');
	}
	return err ? err
		   : pyprof_report_text.write(of->profile, of->options, out);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	const struct context *of = context;
	return of->old ? pyprof_html_diff_data(of->old, of->profile,
					       of->options, of->share, out)
		       : pyprof_html_data(of->profile, of->options, of->share,
					  out);
}

static const struct pyprof_html_parts parts = {
	.put_title = put_title,
	.put_text = put_text,
	.put_data = put_data,
};

static struct pyprof_error *too_large(size_t size)
{
	return pyprof_error_create(
		PYPROF_ERROR_USAGE,
		"the page takes %zu bytes at least; give that as --max-size",
		size);
}

/* Write a page with less in it until it is small enough. */
static struct pyprof_error *fill(struct context *context, const char *page,
				 size_t page_size, struct pyprof_buf *out)
{
	size_t given = context->options->max_size, start = out->length;
	size_t most = given ? given : MAX_SIZE;
	for (context->share = 1;;) {
		struct pyprof_error *err =
			pyprof_html_fill(page, page_size, &parts, context, out);
		size_t size = out->length - start;
		if (err || size <= most)
			return err;
		if (context->share < LEAST_SHARE)
			return given ? too_large(size) : NULL;
		double less = 0.9 * (double)most / (double)size;
		context->share *= less < 0.7 ? less : 0.7;
		out->length = start;
	}
}

static struct pyprof_error *
write_html(const struct pyprof_profile *profile,
	   const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	struct context context = {.profile = profile, .options = options};
	return fill(&context, pyprof_report_page, pyprof_report_page_size, out);
}

struct pyprof_error *pyprof_html_diff(
	const struct pyprof_profile *old, const struct pyprof_profile *new,
	const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	struct context context = {
		.profile = new, .old = old, .options = options};
	return fill(&context, pyprof_diff_page, pyprof_diff_page_size, out);
}

const struct pyprof_report_format pyprof_report_html = {
	.name = "html",
	.extension = ".html",
	.summary = "a page for browsers: lines, functions, flame graph, source",
	.write = write_html,
};
