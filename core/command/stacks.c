// SPDX-License-Identifier: Apache-2.0
#include "core/command/stacks.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/command/heap_session.h"
#include "core/command/locals.h"
#include "core/command/sources.h"
#include "core/command/stack.h"
#include "core/command/threads.h"
#include "core/target/linux_proc.h"

/** What all steps need. */
struct reader {
	const struct pyprof_stacks_wanted *wanted;
	struct pyprof_session *session;
	struct pyprof_inspected *inspected;
	struct pyprof_thread_list list;
	/** NULL unless variables are wanted. */
	struct pyprof_locals *locals;
	struct pyprof_stacks_report *report;
};

static void reader_deinit(struct reader *reader)
{
	pyprof_locals_destroy(reader->locals);
	pyprof_thread_list_deinit(&reader->list);
}

static const char *text(const struct reader *reader, uint32_t id)
{
	return pyprof_strtab_get(reader->session->strings, id);
}

static struct pyprof_error *add_locals(struct reader *reader, uint64_t frame)
{
	const struct pyprof_local *locals = NULL;
	size_t count = 0;
	bool is_damaged = false;
	if (!reader->locals)
		return NULL;
	struct pyprof_error *err = pyprof_locals_read(
		reader->locals, frame, &locals, &count, &is_damaged);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		pyprof_stacks_add_local(reader->report, locals[i].name,
					locals[i].value);
	if (is_damaged)
		pyprof_stacks_damage_locals(reader->report);
	return NULL;
}

static struct pyprof_error *add_frames(struct reader *reader,
				       const struct pyprof_stack_view *stack,
				       size_t count)
{
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		const struct pyprof_stack_row *row = &stack->rows.items[i];
		pyprof_stacks_add_frame(reader->report, text(reader, row->name),
					text(reader, row->qualname),
					text(reader, row->file),
					&row->position);
		err = add_locals(reader, row->frame);
	}
	return err;
}

static uint64_t gil_of(const struct reader *reader,
		       const struct pyprof_thread_view *view)
{
	const struct pyprof_interps *interps = &reader->list.interps;
	for (size_t i = 0; i < interps->list.count; i++)
		if (interps->list.items[i].address == view->python.interp)
			return interps->list.items[i].gil;
	return 0;
}

static struct pyprof_error *add_thread(struct reader *reader,
				       const struct pyprof_thread_view *view)
{
	struct pyprof_stack_view stack = {};
	struct pyprof_error *err =
		pyprof_stack_read(reader->inspected, view->python.address,
				  reader->list.is_running, &stack);
	size_t count = stack.rows.count;
	if (count > reader->wanted->limit)
		count = reader->wanted->limit;
	if (!err) {
		struct pyprof_stacks_thread thread = {
			.number = view->number,
			.tid = view->python.tid,
			.ident = view->python.ident,
			.name = view->name,
			.interpreter = view->python.interp_id,
			.is_main = view->python.is_main,
			.is_selected = view->is_selected,
			.gil = gil_of(reader, view),
			.has_gil = view->has_gil,
			.has_state = view->has_state,
			.state = view->state,
			.left_out = stack.rows.count - count,
			.why = stack.why.data,
		};
		pyprof_stacks_add_thread(reader->report, &thread);
		err = add_frames(reader, &stack, count);
	}
	pyprof_stack_deinit(&stack);
	return err;
}

static struct pyprof_error *add_threads(struct reader *reader)
{
	const char *spec = reader->wanted->thread;
	const struct pyprof_thread_view *view = NULL;
	struct pyprof_error *err = NULL;
	if (!spec || strcmp(spec, "all") != 0) {
		err = pyprof_thread_list_find(&reader->list, spec, &view);
		return err ? err : add_thread(reader, view);
	}
	for (size_t i = 0; !err && i < reader->list.views.count; i++)
		err = add_thread(reader, &reader->list.views.items[i]);
	return err;
}

/** Get ready for the variables of a process that stands still, or a core. */
static struct pyprof_error *open_locals(struct reader *reader)
{
	if (!reader->wanted->locals)
		return NULL;
	if (reader->list.is_running)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"process %d runs; interrupt it to see its variables",
			reader->inspected->pid);
	return pyprof_locals_create(reader->inspected, &reader->locals);
}

/** When it stood as it is shown, seconds since 1970; 0: not known. */
static int64_t moment_of(const struct pyprof_inspected *inspected)
{
	struct stat core;
	if (!inspected->core_path)
		return time(NULL);
	return stat(inspected->core_path, &core) ? 0 : core.st_mtime;
}

static struct pyprof_error *open_report(struct reader *reader)
{
	_cleanup_buf_ struct pyprof_buf program = PYPROF_BUF_INIT;
	const struct pyprof_inspected *inspected = reader->inspected;
	const struct pyprof_build *build = &inspected->python->build;
	struct pyprof_source *source = NULL;
	const char *spec = reader->wanted->thread;
	char host[HOST_NAME_MAX + 1] = "", version[32];
	struct pyprof_error *err =
		inspected->core_path
			? pyprof_sources_of_core(inspected->core_path, &source)
			: pyprof_sources_of_process(inspected->pid, &source);
	if (err)
		return err;
	pyprof_source_choose(source, reader->wanted->source);
	if (!inspected->core_path) {
		pyprof_proc_command_line(inspected->pid, &program);
		gethostname(host, sizeof(host) - 1);
	}
	struct pyprof_stacks_facts facts = {
		.program = program.data,
		.pid = inspected->pid,
		.core_path = inspected->core_path,
		.python = pyprof_version_text(build->version, version),
		.build = pyprof_build_text(build),
		.host = host,
		.debugger = reader->session->ops->name(reader->session->host),
		.taken_at = moment_of(inspected),
		.is_running = reader->list.is_running,
		.is_whole = spec && strcmp(spec, "all") == 0,
		.has_locals = reader->wanted->locals,
		.others = reader->list.others,
	};
	return pyprof_stacks_report_init(reader->report, &facts, source);
}

struct pyprof_error *
pyprof_stacks_read(struct pyprof_session *session,
		   const struct pyprof_stacks_wanted *wanted,
		   struct pyprof_stacks_report *report)
{
	_cleanup_(reader_deinit) struct reader reader = {
		.wanted = wanted,
		.session = session,
		.report = report,
	};
	struct pyprof_error *err =
		pyprof_session_inspect(session, &reader.inspected);
	if (!err)
		err = pyprof_thread_list_read(session, reader.inspected,
					      &reader.list);
	if (!err)
		err = open_locals(&reader);
	if (!err)
		err = open_report(&reader);
	if (!err)
		err = add_threads(&reader);
	return err ? err : pyprof_stacks_report_finish(report);
}
