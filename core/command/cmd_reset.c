// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/session.h"

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	(void)arguments;
	pyprof_session_reset(session);
	pyprof_buf_puts(out, "# the profile is empty\n");
	return NULL;
}

const struct pyprof_command pyprof_cmd_reset = {
	.name = "reset",
	.summary = "Empty the profile; sampling goes on if it does",
	.run = run,
};
