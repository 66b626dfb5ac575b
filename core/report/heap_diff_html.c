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
	_cleanup_buf_ struct pyprof_buf title = PYPROF_BUF_INIT;
	pyprof_buf_puts(&title, "growth of ");
	pyprof_heap_put_title(&view->facts[1], &title);
	pyprof_html_put_escaped(out, title.data, title.length);
	return pyprof_buf_error(&title);
}

/* For browsers that run no scripts, and for grep. */
static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	struct pyprof_heap_diff_view view =
		*(const struct pyprof_heap_diff_view *)context;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (view.type_limit > TEXT_TYPES)
		view.type_limit = TEXT_TYPES;
	struct pyprof_error *err = pyprof_heap_diff_text(&view, 0, &text);
	if (err)
		return err;
	pyprof_html_put_escaped(out, text.data, text.length);
	return pyprof_buf_error(&text);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf json = PYPROF_BUF_INIT;
	pyprof_html_begin("growth", &json);
	pyprof_buf_puts(&json, ",\"growth\":");
	struct pyprof_error *err = pyprof_heap_diff_json(context, &json);
	pyprof_buf_putc(&json, '}');
	return err ? err : pyprof_html_put_payload(&json, out);
}

static const struct pyprof_html_part parts[] = {
	{"<!--pyprof:title-->", put_title},
	{"<!--pyprof:text-->", put_text},
	{"<!--pyprof:data-->", put_data},
	{},
};

struct pyprof_error *
pyprof_heap_diff_html(const struct pyprof_heap_diff_view *view,
		      struct pyprof_buf *out)
{
	struct pyprof_heap_diff_view copy = *view;
	return pyprof_html_fill(pyprof_heap_page, pyprof_heap_page_size, parts,
				&copy, out);
}
