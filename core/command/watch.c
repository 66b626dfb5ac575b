// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/show.h"
#include "core/base/utf8.h"
#include "core/command/heap_session.h"
#include "core/command/session.h"

/** Work of less than this says nothing of how far it is. */
#define SILENT_NS PYPROF_NS_PER_SECOND
/** How often the line is written anew. */
#define REDRAW_NS (PYPROF_NS_PER_SECOND / 10)

static void write_line(struct pyprof_watch *watch, const char *text)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	size_t columns = pyprof_utf8_columns(text, strlen(text));
	pyprof_buf_printf(&line, "\r%s", text);
	if (columns < watch->columns)
		pyprof_buf_fill(&line, ' ', watch->columns - columns);
	watch->session->ops->print(watch->session->host, line.data);
	watch->columns = columns;
}

static void show(struct pyprof_watch *watch, const char *what, uint64_t done,
		 uint64_t all)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	bool is_bytes = strncmp(what, "copying", strlen("copying")) == 0;
	pyprof_buf_printf(&text, "# %s", what);
	if (all && done <= all && is_bytes)
		pyprof_buf_printf(&text, ": %" PRIu64 " of %" PRIu64 " MB",
				  done >> 20, all >> 20);
	else if (all && done <= all)
		pyprof_buf_printf(&text, ": %d %%",
				  (int)(100.0 * (double)done / (double)all));
	write_line(watch, text.data);
}

static struct pyprof_error *run(void *context, const char *what, uint64_t done,
				uint64_t all)
{
	struct pyprof_watch *watch = context;
	const struct pyprof_host_ops *ops = watch->session->ops;
	void *host = watch->session->host;
	if (ops->interrupted && ops->interrupted(host))
		return pyprof_error_create(PYPROF_ERROR_INTERRUPTED,
					   "interrupted");
	int64_t now = pyprof_clock_ns();
	if (!watch->is_shown || now - watch->begun < SILENT_NS ||
	    now - watch->drawn < REDRAW_NS)
		return NULL;
	watch->drawn = now;
	show(watch, what, done, all);
	return NULL;
}

void pyprof_watch_begin(struct pyprof_watch *watch,
			struct pyprof_session *session)
{
	const struct pyprof_host_ops *ops = session->ops;
	*watch = (struct pyprof_watch){
		.progress = {.run = run, .context = watch},
		.session = session,
		.begun = pyprof_clock_ns(),
		.is_shown = ops->is_terminal && ops->is_terminal(session->host),
	};
}

void pyprof_watch_end(struct pyprof_watch *watch)
{
	if (!watch->columns)
		return;
	write_line(watch, "");
	watch->session->ops->print(watch->session->host, "\r");
}
