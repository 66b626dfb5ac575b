// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_report.h"
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/page.h"

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct pyprof_heap_report *report = context;
	pyprof_heap_put_title(report->facts, out);
	return NULL;
}

static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	return pyprof_heap_report_text(context, out);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	pyprof_html_begin("heap", out);
	pyprof_buf_puts(out, ",\"heap\":");
	struct pyprof_error *err = pyprof_heap_report_json(context, out);
	pyprof_buf_putc(out, '}');
	return err;
}

static const struct pyprof_html_parts parts = {
	.put_title = put_title,
	.put_text = put_text,
	.put_data = put_data,
};

struct pyprof_error *pyprof_heap_report_html(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
{
	return pyprof_html_fill(pyprof_heap_page, pyprof_heap_page_size, &parts,
				report, out);
}
