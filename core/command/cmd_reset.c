// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/profile_file.h"

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	(void)arguments;
	if (session->loaded) {
		pyprof_profile_put_away(session, out);
		return NULL;
	}
	pyprof_session_reset(session);
	pyprof_buf_puts(out, "# the profile is empty\n");
	return NULL;
}

const struct pyprof_command pyprof_cmd_reset = {
	.name = "reset",
	.summary = "Empty the profile; sampling goes on if it does",
	.help = "A profile that was loaded is put away instead; what was "
		"sampled\n"
		"before is there again.",
	.run = run,
};
