// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"

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

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const char *name = arguments->count ? arguments->positional[0] : NULL;
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
		"A name keeps it until the debugger ends; without one it is\n"
		"called 1, 2, …. What has a slash, or ends in .pyheap, is a\n"
		"file: --snapshot FILE opens it again, with no process at "
		"hand.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_FILES |
		 PYPROF_COMMAND_HEAP,
	.run = run,
};
