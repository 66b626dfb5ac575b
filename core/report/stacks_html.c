// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_data.h"
#include "core/report/html_page.h"
#include "core/report/page.h"
#include "core/report/stacks_report.h"

static struct pyprof_error *put_title(void *context, struct pyprof_buf *out)
{
	const struct pyprof_stacks_report *report = context;
	_cleanup_buf_ struct pyprof_buf title = PYPROF_BUF_INIT;
	const struct pyprof_stacks_facts *facts = &report->facts;
	pyprof_buf_puts(&title, "stacks of ");
	if (facts->core_path)
		pyprof_buf_puts(&title, facts->core_path);
	else if (*facts->program)
		pyprof_buf_printf(&title, "%s (pid %d)", facts->program,
				  facts->pid);
	else
		pyprof_buf_printf(&title, "process %d", facts->pid);
	pyprof_html_put_escaped(out, title.data, title.length);
	return pyprof_buf_error(&title);
}

/* For browsers that run no scripts, and for grep. */
static struct pyprof_error *put_text(void *context, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_stacks_report_text(context, PYPROF_STACKS_GROUPED, &text);
	pyprof_html_put_escaped(out, text.data, text.length);
	return pyprof_buf_error(&text);
}

/** What states are called, by their words. */
static void put_states(struct pyprof_json *json)
{
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		pyprof_json_key(json, pyprof_states[i].word);
		pyprof_json_string(json, pyprof_states[i].text);
	}
	pyprof_json_end_object(json);
}

static struct pyprof_error *put_data(void *context, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_html_begin("stacks", &text);
	pyprof_buf_puts(&text, ",\"stacks\":");
	pyprof_stacks_report_json(context, true, &PYPROF_JSON_INIT(&text));
	pyprof_buf_puts(&text, ",\"states\":");
	put_states(&PYPROF_JSON_INIT(&text));
	pyprof_buf_putc(&text, '}');
	return pyprof_html_put_payload(&text, out);
}

static const struct pyprof_html_part parts[] = {
	{"<!--pyprof:title-->", put_title},
	{"<!--pyprof:text-->", put_text},
	{"<!--pyprof:data-->", put_data},
	{},
};

struct pyprof_error *
pyprof_stacks_report_html(const struct pyprof_stacks_report *report,
			  struct pyprof_buf *out)
{
	return pyprof_html_fill(pyprof_stacks_page, pyprof_stacks_page_size,
				parts, (void *)report, out);
}
