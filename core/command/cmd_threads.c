// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/json.h"
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/stack.h"
#include "core/command/threads.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N threads"},
	{},
};

/* What only programs see has no header, what only people see has no key. */
static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_COUNT, "number", "id"},
	{PYPROF_COLUMN_COUNT, "tid", "tid"},
	{PYPROF_COLUMN_NAME, "name", "name"},
	{PYPROF_COLUMN_ADDRESS, "ident", NULL},
	{PYPROF_COLUMN_COUNT, "interpreter", NULL},
	{PYPROF_COLUMN_MARK, "main", NULL},
	{PYPROF_COLUMN_MARK, "selected", NULL},
	{PYPROF_COLUMN_MARK, "gil", "gil"},
	{PYPROF_COLUMN_NAME, "state", NULL},
	{PYPROF_COLUMN_NAME, NULL, "state"},
	{PYPROF_COLUMN_NAME, "function", "function"},
	{PYPROF_COLUMN_PATH, NULL, "file:line"},
	{PYPROF_COLUMN_PATH, "file", NULL},
	{PYPROF_COLUMN_COUNT, "line", NULL},
};

static void put_top(struct pyprof_session *session,
		    const struct pyprof_stack_view *stack,
		    struct pyprof_table *table)
{
	if (!stack->rows.count)
		return;
	const struct pyprof_stack_row *top = &stack->rows.items[0];
	const char *file = pyprof_strtab_get(session->strings, top->file);
	pyprof_table_text(table,
			  pyprof_strtab_get(session->strings, top->qualname));
	if (top->position.line > 0)
		pyprof_table_printf(table, "%s:%d", file, top->position.line);
	else
		pyprof_table_text(table, file);
	pyprof_table_text(table, file);
	if (top->position.line > 0)
		pyprof_table_int(table, top->position.line);
}

static void put_number(struct pyprof_table *table, int64_t number)
{
	if (number)
		pyprof_table_int(table, number);
	else
		pyprof_table_skip(table);
}

static struct pyprof_error *put_row(struct pyprof_session *session,
				    struct pyprof_inspected *inspected,
				    const struct pyprof_thread_view *view,
				    bool is_running, struct pyprof_table *table)
{
	struct pyprof_stack_view stack = {};
	struct pyprof_error *err = pyprof_stack_read(
		inspected, view->python.address, is_running, &stack);
	pyprof_table_row(table);
	put_number(table, view->number);
	put_number(table, view->python.tid);
	pyprof_table_text(table, view->name);
	pyprof_table_uint(table, view->python.ident);
	pyprof_table_int(table, view->python.interp_id);
	pyprof_table_mark(table, view->python.is_main);
	pyprof_table_mark(table, view->is_selected);
	pyprof_table_mark(table, view->has_gil);
	if (view->has_state)
		pyprof_table_text(table, pyprof_states[view->state].word);
	else
		pyprof_table_skip(table);
	pyprof_table_text(table, pyprof_thread_view_state(view));
	if (!err)
		put_top(session, &stack, table);
	pyprof_stack_deinit(&stack);
	return err;
}

static struct pyprof_error *put_json(const struct pyprof_thread_list *list,
				     const struct pyprof_inspected *inspected,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT(out);
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/threads/1");
	pyprof_json_key(&json, "pid");
	pyprof_json_int(&json, inspected->pid);
	pyprof_json_key(&json, "core");
	pyprof_json_string(&json, inspected->core_path);
	pyprof_json_key(&json, "running");
	pyprof_json_bool(&json, list->is_running);
	pyprof_json_key(&json, "others");
	pyprof_json_uint(&json, list->others);
	return pyprof_table_end_json(table, "threads", &json);
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_thread_list *list,
				     const struct pyprof_table *table,
				     bool to_file, struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "# ");
	pyprof_show_count(out, list->views.count, "Python thread");
	if (list->others)
		pyprof_buf_printf(out, ", %zu without Python", list->others);
	if (list->is_running)
		pyprof_buf_puts(out, "; the process runs meanwhile");
	pyprof_buf_putc(out, '\n');
	return pyprof_table_write_text(
		table, to_file ? 0 : session->ops->width(session->host), out);
}

static struct pyprof_error *fill(struct pyprof_session *session,
				 struct pyprof_inspected *inspected,
				 const struct pyprof_thread_list *list,
				 size_t limit, struct pyprof_table *table)
{
	for (size_t i = 0; i < list->views.count && i < limit; i++) {
		struct pyprof_error *err =
			put_row(session, inspected, &list->views.items[i],
				list->is_running, table);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_inspected *inspected = NULL;
	struct pyprof_thread_list list = {};
	const struct pyprof_option_value *limit = &arguments->options[LIMIT];
	struct pyprof_error *err = pyprof_session_inspect(session, &inspected);
	if (!err)
		err = pyprof_thread_list_read(session, inspected, &list);
	if (!err)
		err = pyprof_table_create(
			columns, sizeof(columns) / sizeof(*columns), &table);
	if (!err)
		err = fill(session, inspected, &list,
			   pyprof_option_count(limit, SIZE_MAX), table);
	if (!err && arguments->json)
		err = put_json(&list, inspected, table, out);
	else if (!err)
		err = put_text(session, &list, table, arguments->output, out);
	pyprof_thread_list_deinit(&list);
	return err;
}

const struct pyprof_command pyprof_cmd_threads = {
	.name = "threads",
	.summary = "List the Python threads, what they do and where",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.run = run,
};
