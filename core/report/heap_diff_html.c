// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_diff_report.h"
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/page.h"

/** Types that the text has. */
#define TEXT_TYPES 100

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct pyprof_heap_diff_view *view = context;
	pyprof_buf_puts(out, "growth of ");
	pyprof_heap_put_title(&view->facts[1], out);
	return NULL;
}

static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	struct pyprof_heap_diff_view view =
		*(const struct pyprof_heap_diff_view *)context;
	if (view.type_limit > TEXT_TYPES)
		view.type_limit = TEXT_TYPES;
	return pyprof_heap_diff_text(&view, 0, out);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	pyprof_html_begin("growth", out);
	pyprof_buf_puts(out, ",\"growth\":");
	struct pyprof_error *err = pyprof_heap_diff_json(context, out);
	pyprof_buf_putc(out, '}');
	return err;
}

static const struct pyprof_html_parts parts = {
	.put_title = put_title,
	.put_text = put_text,
	.put_data = put_data,
};

struct pyprof_error *
pyprof_heap_diff_html(const struct pyprof_heap_diff_view *view,
		      struct pyprof_buf *out)
{
	struct pyprof_heap_diff_view copy = *view;
	return pyprof_html_fill(pyprof_heap_page, pyprof_heap_page_size, &parts,
				&copy, out);
}
