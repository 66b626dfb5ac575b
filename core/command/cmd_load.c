// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/profile_file.h"

static bool has_samples(struct pyprof_session *session)
{
	return session->profile && pyprof_profile_samples(session->profile);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const char *file = arguments->positional[0];
	struct pyprof_profile *profile = NULL;
	if (session->armed)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "samples are being taken; pyprof "
					   "stop first, then load");
	struct pyprof_error *err = pyprof_profile_read(file, &profile);
	if (!err)
		err = pyprof_session_look_at(session, profile, file);
	if (err)
		return err;
	pyprof_profile_describe(profile, file, out);
	if (has_samples(session))
		pyprof_buf_puts(out, "# what was sampled here is kept; pyprof "
				     "reset goes back to it\n");
	return NULL;
}

const struct pyprof_command pyprof_cmd_load = {
	.name = "load",
	.usage = "FILE",
	.summary = "Look at a saved profile; no process is needed",
	.help = "FILE is one that pyprof save wrote. All commands about the "
		"profile\n"
		"are about that one then. It is not mixed with other samples: "
		"pyprof\n"
		"start and pyprof reset put it away.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_FILES,
	.run = run,
};
