// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	(void)session;
	const struct pyprof_command *command = NULL;
	size_t used = 0;
	if (arguments->count) {
		struct pyprof_error *err =
			pyprof_command_find(arguments->positional,
					    arguments->count, &command, &used);
		if (err)
			return err;
	}
	pyprof_command_help(command, out);
	return NULL;
}

const struct pyprof_command pyprof_cmd_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "Show what the commands do",
	.max_arguments = 2,
	.flags = PYPROF_COMMAND_NAMES,
	.run = run,
};
