// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/command/locals.h"
#include "core/command/sources.h"
#include "core/command/stack.h"
#include "core/command/threads.h"

enum { LOCALS, NATIVE, TRACEBACK, LIMIT };

static const struct pyprof_option options[] = {
	[LOCALS] = {.name = "--locals",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "show local variables"},
	[NATIVE] = {.name = "--native",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "merge native frames (not supported yet)"},
	[TRACEBACK] = {.name = "--traceback",
		       .kind = PYPROF_OPTION_FLAG,
		       .text = "print as Python does, most recent call last"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N frames of each thread"},
	{},
};

/** What all printers need. */
struct printer {
	struct pyprof_session *session;
	const struct pyprof_thread_list *list;
	struct pyprof_source *source;
	/** Frames shown of a stack. */
	size_t limit;
	bool traceback, json;
	/** NULL unless variables are wanted. */
	struct pyprof_locals *locals;
	/** It has been said that the process runs. */
	bool warned;
	struct pyprof_json writer;
	struct pyprof_buf *out;
};

static const char *text(const struct printer *printer, uint32_t id)
{
	return pyprof_strtab_get(printer->session->strings, id);
}

/** Append text of the target's on one line, without control characters. */
static void put_plain(struct pyprof_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		pyprof_buf_putc(out, c < 0x20 || c == 0x7f ? '?' : *text);
	}
}

/** The line of source of a frame without its indentation; "" for none. */
static const char *source_of(const struct printer *printer,
			     const struct pyprof_stack_row *row)
{
	const char *line = pyprof_source_line(
		printer->source, text(printer, row->file), row->position.line);
	return line + strspn(line, " \t\f");
}

static void put_source(const struct printer *printer,
		       const struct pyprof_stack_row *row, const char *indent)
{
	const char *line = source_of(printer, row);
	if (!*line)
		return;
	pyprof_buf_puts(printer->out, indent);
	put_plain(printer->out, line);
	pyprof_buf_putc(printer->out, '\n');
}

/** What is known of a frame's variables; none when they are not wanted. */
static struct pyprof_error *read_locals(const struct printer *printer,
					const struct pyprof_stack_row *row,
					const struct pyprof_local **ret,
					size_t *count_ret, bool *damaged_ret)
{
	*ret = NULL;
	*count_ret = 0;
	*damaged_ret = false;
	if (!printer->locals)
		return NULL;
	return pyprof_locals_read(printer->locals, row->frame, ret, count_ret,
				  damaged_ret);
}

static struct pyprof_error *put_locals(const struct printer *printer,
				       const struct pyprof_stack_row *row)
{
	const struct pyprof_local *locals;
	size_t count;
	bool damaged;
	struct pyprof_error *err =
		read_locals(printer, row, &locals, &count, &damaged);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		pyprof_buf_puts(printer->out, "        ");
		put_plain(printer->out, locals[i].name);
		pyprof_buf_puts(printer->out, " = ");
		put_plain(printer->out, locals[i].value);
		pyprof_buf_putc(printer->out, '\n');
	}
	if (damaged)
		pyprof_buf_puts(printer->out,
				"# variables of this frame are damaged\n");
	return NULL;
}

static void put_frame(const struct printer *printer, size_t number,
		      const struct pyprof_stack_row *row)
{
	struct pyprof_buf *out = printer->out;
	pyprof_buf_printf(out, "#%-3zu", number);
	put_plain(out, text(printer, row->qualname));
	pyprof_buf_puts(out, " (");
	put_plain(out, text(printer, row->file));
	if (row->position.line > 0)
		pyprof_buf_printf(out, ":%d", row->position.line);
	pyprof_buf_puts(out, ")\n");
	put_source(printer, row, "        ");
}

static void put_traceback_frame(const struct printer *printer,
				const struct pyprof_stack_row *row)
{
	struct pyprof_buf *out = printer->out;
	pyprof_buf_puts(out, "  File \"");
	put_plain(out, text(printer, row->file));
	pyprof_buf_puts(out, "\", line ");
	if (row->position.line > 0)
		pyprof_buf_printf(out, "%d", row->position.line);
	else
		pyprof_buf_putc(out, '?');
	pyprof_buf_puts(out, ", in ");
	put_plain(out, text(printer, row->name));
	pyprof_buf_putc(out, '\n');
	put_source(printer, row, "    ");
}

static void put_header(const struct printer *printer,
		       const struct pyprof_thread_view *view)
{
	struct pyprof_buf *out = printer->out;
	pyprof_buf_puts(out, "# ");
	pyprof_thread_view_name(view, out);
	if (view->python.is_main)
		pyprof_buf_puts(out, ", main");
	if (view->python.interp_id)
		pyprof_buf_printf(out, ", interpreter %" PRId64,
				  view->python.interp_id);
	/* Where the state says so itself, once is enough. */
	bool tell_gil = view->has_gil && view->state != PYPROF_STATE_NATIVE_GIL;
	pyprof_buf_printf(out, ": %s%s\n", pyprof_thread_view_state(view),
			  tell_gil ? ", holds the GIL" : "");
}

/** The frames that are shown of a stack, most recent first. */
static size_t shown(const struct printer *printer,
		    const struct pyprof_stack_view *stack)
{
	return stack->rows.count < printer->limit ? stack->rows.count
						  : printer->limit;
}

/** Say what is not shown: frames beyond the limit, and a stack's bad end. */
static void put_rest(const struct printer *printer,
		     const struct pyprof_stack_view *stack)
{
	size_t left_out = stack->rows.count - shown(printer, stack);
	if (left_out) {
		pyprof_buf_puts(printer->out, "# and ");
		pyprof_show_count(printer->out, left_out, "older frame");
		pyprof_buf_putc(printer->out, '\n');
	}
	if (stack->end != PYPROF_WALK_COMPLETE)
		pyprof_buf_printf(printer->out, "# the stack ends here: %s\n",
				  stack->why.data);
	else if (!stack->rows.count)
		pyprof_buf_puts(printer->out, "# no Python frames\n");
}

static struct pyprof_error *put_text(struct printer *printer,
				     const struct pyprof_thread_view *view,
				     const struct pyprof_stack_view *stack)
{
	struct pyprof_error *err = NULL;
	size_t count = shown(printer, stack);
	if (printer->list->is_running && !printer->warned)
		pyprof_buf_puts(printer->out,
				"# the process runs: stacks are read while "
				"they change\n");
	printer->warned = true;
	put_header(printer, view);
	if (!printer->traceback) {
		for (size_t i = 0; !err && i < count; i++) {
			put_frame(printer, i, &stack->rows.items[i]);
			err = put_locals(printer, &stack->rows.items[i]);
		}
		put_rest(printer, stack);
		return err;
	}
	pyprof_buf_puts(printer->out, "Traceback (most recent call last):\n");
	put_rest(printer, stack);
	for (size_t i = count; !err && i-- > 0;) {
		put_traceback_frame(printer, &stack->rows.items[i]);
		err = put_locals(printer, &stack->rows.items[i]);
	}
	return err;
}

static struct pyprof_error *put_json_locals(struct printer *printer,
					    const struct pyprof_stack_row *row)
{
	struct pyprof_json *json = &printer->writer;
	const struct pyprof_local *locals;
	size_t count;
	bool damaged;
	struct pyprof_error *err =
		read_locals(printer, row, &locals, &count, &damaged);
	if (err || !printer->locals)
		return err;
	pyprof_json_key(json, "locals");
	pyprof_json_begin_object(json);
	for (size_t i = 0; i < count; i++) {
		pyprof_json_key(json, locals[i].name);
		pyprof_json_string(json, locals[i].value);
	}
	pyprof_json_end_object(json);
	pyprof_json_key(json, "locals_damaged");
	pyprof_json_bool(json, damaged);
	return NULL;
}

static struct pyprof_error *put_json_frame(struct printer *printer,
					   const struct pyprof_stack_row *row)
{
	struct pyprof_json *json = &printer->writer;
	const struct pyprof_position *at = &row->position;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "function");
	pyprof_json_string(json, text(printer, row->name));
	pyprof_json_key(json, "qualname");
	pyprof_json_string(json, text(printer, row->qualname));
	pyprof_json_key(json, "file");
	pyprof_json_string(json, text(printer, row->file));
	const struct {
		const char *key;
		int32_t value;
		int32_t least;
	} places[] = {
		{"line", at->line, 1},
		{"end_line", at->end_line, 1},
		{"column", at->column, 0},
		{"end_column", at->end_column, 0},
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		pyprof_json_key(json, places[i].key);
		if (places[i].value >= places[i].least)
			pyprof_json_int(json, places[i].value);
		else
			pyprof_json_null(json);
	}
	pyprof_json_key(json, "source");
	pyprof_json_string(json, source_of(printer, row));
	struct pyprof_error *err = put_json_locals(printer, row);
	pyprof_json_end_object(json);
	return err;
}

static void put_json_thread(struct pyprof_json *json,
			    const struct pyprof_thread_view *view)
{
	pyprof_json_key(json, "number");
	pyprof_json_int(json, view->number);
	pyprof_json_key(json, "tid");
	pyprof_json_int(json, view->python.tid);
	pyprof_json_key(json, "ident");
	pyprof_json_address(json, view->python.ident);
	pyprof_json_key(json, "name");
	pyprof_json_string(json, view->name);
	pyprof_json_key(json, "interpreter");
	pyprof_json_int(json, view->python.interp_id);
	pyprof_json_key(json, "main");
	pyprof_json_bool(json, view->python.is_main);
	pyprof_json_key(json, "selected");
	pyprof_json_bool(json, view->is_selected);
	pyprof_json_key(json, "gil");
	pyprof_json_bool(json, view->has_gil);
	pyprof_json_key(json, "state");
	pyprof_json_string(
		json, view->has_state ? pyprof_states[view->state].word : NULL);
}

static struct pyprof_error *put_json(struct printer *printer,
				     const struct pyprof_thread_view *view,
				     const struct pyprof_stack_view *stack)
{
	struct pyprof_error *err = NULL;
	struct pyprof_json *json = &printer->writer;
	pyprof_json_begin_object(json);
	put_json_thread(json, view);
	pyprof_json_key(json, "frames");
	pyprof_json_begin_array(json);
	for (size_t i = 0; !err && i < shown(printer, stack); i++)
		err = put_json_frame(printer, &stack->rows.items[i]);
	pyprof_json_end_array(json);
	pyprof_json_key(json, "left_out");
	pyprof_json_uint(json, stack->rows.count - shown(printer, stack));
	pyprof_json_key(json, "complete");
	pyprof_json_bool(json, stack->end == PYPROF_WALK_COMPLETE);
	pyprof_json_key(json, "why");
	pyprof_json_string(json, stack->why.data);
	pyprof_json_end_object(json);
	return err;
}

static struct pyprof_error *put_thread(struct printer *printer,
				       struct pyprof_inspected *inspected,
				       const struct pyprof_thread_view *view)
{
	struct pyprof_stack_view stack = {};
	struct pyprof_error *err =
		pyprof_stack_read(inspected, view->python.address,
				  printer->list->is_running, &stack);
	if (!err && printer->json)
		err = put_json(printer, view, &stack);
	else if (!err)
		err = put_text(printer, view, &stack);
	pyprof_stack_deinit(&stack);
	return err;
}

static struct pyprof_error *put_threads(struct printer *printer,
					struct pyprof_inspected *inspected,
					const char *spec)
{
	const struct pyprof_thread_list *list = printer->list;
	const struct pyprof_thread_view *view = NULL;
	if (!spec || strcmp(spec, "all") != 0) {
		struct pyprof_error *err =
			pyprof_thread_list_find(list, spec, &view);
		return err ? err : put_thread(printer, inspected, view);
	}
	for (size_t i = 0; i < list->views.count; i++) {
		if (i && !printer->json)
			pyprof_buf_putc(printer->out, '\n');
		struct pyprof_error *err =
			put_thread(printer, inspected, &list->views.items[i]);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *put_all(struct printer *printer,
				    struct pyprof_inspected *inspected,
				    const char *spec)
{
	struct pyprof_json *json = &printer->writer;
	if (!printer->json)
		return put_threads(printer, inspected, spec);
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "schema");
	pyprof_json_string(json, "pyprof/bt/1");
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, inspected->pid);
	pyprof_json_key(json, "core");
	pyprof_json_string(json, inspected->core_path);
	pyprof_json_key(json, "running");
	pyprof_json_bool(json, printer->list->is_running);
	pyprof_json_key(json, "threads");
	pyprof_json_begin_array(json);
	struct pyprof_error *err = put_threads(printer, inspected, spec);
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
	pyprof_buf_putc(printer->out, '\n');
	return err;
}

static struct pyprof_error *
check_options(const struct pyprof_arguments *arguments)
{
	if (arguments->options[NATIVE].given)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "native frames are not supported "
					   "yet");
	return NULL;
}

/** Get ready for the variables of a process that stands still, or a core. */
static struct pyprof_error *open_locals(struct pyprof_session *session,
					struct pyprof_inspected *inspected,
					const struct pyprof_thread_list *list,
					struct pyprof_locals **ret)
{
	if (list->is_running)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"process %d runs; interrupt it to see its variables",
			inspected->pid);
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		pyprof_locals_create(inspected, &watch.progress, ret);
	pyprof_watch_end(&watch);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_(pyprof_source_cleanup) struct pyprof_source *source = NULL;
	_cleanup_(pyprof_locals_cleanup) struct pyprof_locals *locals = NULL;
	struct pyprof_inspected *inspected = NULL;
	struct pyprof_thread_list list = {};
	struct pyprof_error *err = check_options(arguments);
	if (!err)
		err = pyprof_session_inspect(session, &inspected);
	if (!err)
		err = inspected->core_path
			      ? pyprof_sources_of_core(inspected->core_path,
						       &source)
			      : pyprof_sources_of_process(inspected->pid,
							  &source);
	if (!err)
		err = pyprof_thread_list_read(session, inspected, &list);
	if (!err && arguments->options[LOCALS].given)
		err = open_locals(session, inspected, &list, &locals);
	if (!err) {
		const struct pyprof_option_value *limit =
			&arguments->options[LIMIT];
		struct printer printer = {
			.session = session,
			.list = &list,
			.source = source,
			.limit =
				limit->given ? (size_t)limit->number : SIZE_MAX,
			.traceback = arguments->options[TRACEBACK].given,
			.json = arguments->json,
			.locals = locals,
			.writer = PYPROF_JSON_INIT(out),
			.out = out,
		};
		err = put_all(&printer, inspected,
			      arguments->count ? arguments->positional[0]
					       : NULL);
	}
	pyprof_thread_list_deinit(&list);
	return err;
}

static const char *const words[] = {"all", "main", NULL};

const struct pyprof_command pyprof_cmd_bt = {
	.name = "bt",
	.usage = "[THREAD|all]",
	.summary = "Show Python stacks, most recent call first",
	.help = "THREAD is the debugger's number of a thread, its OS id, or\n"
		"main; the default is the thread that is selected in the\n"
		"debugger, or the main one when that runs no Python.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.words = words,
	.run = run,
};
