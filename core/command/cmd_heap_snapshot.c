// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/session.h"

enum { DROP };

static const struct pyprof_option options[] = {
	[DROP] = {.name = "--drop",
		  .kind = PYPROF_OPTION_FLAG,
		  .text = "forget the snapshot of that NAME"},
	{},
};

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 1);
	pyprof_snapshot_json_begin(snapshot, "snapshot", &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return pyprof_buf_error(out);
}

static void put_text(const struct pyprof_snapshot *snapshot,
		     struct pyprof_buf *out)
{
	pyprof_buf_printf(out, "# snapshot %s: ", snapshot->name);
	pyprof_show_size(out, snapshot->bytes);
	pyprof_buf_puts(out, snapshot->core_path ? " mapped" : " copied in ");
	if (!snapshot->core_path) {
		pyprof_show_duration(out, (uint64_t)snapshot->copy_ns);
		pyprof_buf_puts(out, "; the process may run on");
	}
	pyprof_buf_putc(out, '\n');
}

/** The names of those that are kept. */
static void put_kept(const struct pyprof_heap_session *heaps,
		     struct pyprof_buf *out)
{
	for (size_t i = 0; i < heaps->kept.count; i++)
		pyprof_buf_printf(out, "%s%s", i ? ", " : "",
				  heaps->kept.items[i]->name);
	if (!heaps->kept.count)
		pyprof_buf_puts(out, "none");
}

static struct pyprof_error *run_drop(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     struct pyprof_buf *out)
{
	const char *name = arguments->positional[0];
	if (!arguments->count)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"heap snapshot --drop needs the name of a snapshot");
	struct pyprof_error *err = pyprof_snapshot_drop(session, name);
	if (err)
		return err;
	if (arguments->json) {
		struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 1);
		pyprof_json_begin_object(&json);
		pyprof_json_key(&json, "schema");
		pyprof_json_string(&json, "pyprof/heap-snapshot/1");
		pyprof_json_key(&json, "dropped");
		pyprof_json_string(&json, name);
		pyprof_json_end_object(&json);
		pyprof_buf_putc(out, '\n');
		return pyprof_buf_error(out);
	}
	pyprof_buf_printf(out, "# snapshot %s is dropped; still kept: ", name);
	put_kept(&session->heaps, out);
	pyprof_buf_putc(out, '\n');
	return NULL;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const char *name = arguments->count ? arguments->positional[0] : NULL;
	if (arguments->options[DROP].given)
		return run_drop(session, arguments, out);
	if (name && pyprof_snapshot_is_file(name))
		return pyprof_snapshot_save(session, arguments->snapshot, name,
					    out);
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err =
		pyprof_snapshot_take(session, name, &snapshot);
	if (err)
		return err;
	if (arguments->json)
		return put_json(snapshot, out);
	put_text(snapshot, out);
	return NULL;
}

const struct pyprof_command pyprof_cmd_heap_snapshot = {
	.name = "heap snapshot",
	.usage = "[NAME|FILE]",
	.summary = "Copy the memory of the process, to look at it later",
	.help = "The process has to stand still for the copy alone: continue "
		"it\n"
		"as soon as this returns, other heap commands work on the "
		"copy.\n"
		"A name keeps it until the debugger ends, or until --drop "
		"with\n"
		"the name frees its memory; without one it is called 1, 2, "
		"….\n"
		"What has a slash, or ends in .pyheap, is a file: --snapshot\n"
		"FILE opens it again, with no process at hand.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_FILES |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
