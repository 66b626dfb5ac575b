// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_report.h"
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/page.h"

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct pyprof_heap_report *report = context;
	_cleanup_buf_ struct pyprof_buf title = PYPROF_BUF_INIT;
	pyprof_heap_put_title(report->facts, &title);
	pyprof_html_put_escaped(out, title.data, title.length);
	return pyprof_buf_error(&title);
}

/* For browsers that run no scripts, and for grep. */
static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err = pyprof_heap_report_text(context, &text);
	if (err)
		return err;
	pyprof_html_put_escaped(out, text.data, text.length);
	return pyprof_buf_error(&text);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf json = PYPROF_BUF_INIT;
	pyprof_html_begin("heap", &json);
	pyprof_buf_puts(&json, ",\"heap\":");
	struct pyprof_error *err = pyprof_heap_report_json(context, &json);
	pyprof_buf_putc(&json, '}');
	return err ? err : pyprof_html_put_payload(&json, out);
}

static const struct pyprof_html_part parts[] = {
	{"<!--pyprof:title-->", put_title},
	{"<!--pyprof:text-->", put_text},
	{"<!--pyprof:data-->", put_data},
	{},
};

struct pyprof_error *pyprof_heap_report_html(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
{
	return pyprof_html_fill(pyprof_heap_page, pyprof_heap_page_size, parts,
				report, out);
}
