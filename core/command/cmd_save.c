// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/command/command.h"
#include "core/command/output.h"
#include "core/command/session.h"
#include "core/profile/profile_file.h"
#include "core/report/report.h"

/** Whether a name promises another format. */
static struct pyprof_error *check_name(const char *file)
{
	const struct pyprof_report_format *format = NULL;
	_cleanup_error_ struct pyprof_error *none =
		pyprof_report_format_find(NULL, file, &format);
	if (none || strcmp(format->extension, PYPROF_PROFILE_EXTENSION) == 0)
		return NULL;
	return pyprof_error_create(
		PYPROF_ERROR_USAGE,
		"save writes a profile to be loaded again, FILE%s; pyprof dump "
		"%s writes %s",
		PYPROF_PROFILE_EXTENSION, file, format->name);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	const struct pyprof_profile *profile = NULL;
	const char *file = arguments->positional[0];
	struct pyprof_error *err = check_name(file);
	if (!err)
		err = pyprof_session_profile(session, &profile);
	if (err)
		return err;
	err = pyprof_profile_save(profile, &bytes);
	pyprof_session_release_profile(session);
	return err ? err : pyprof_output_save_profile(file, &bytes, out);
}

const struct pyprof_command pyprof_cmd_save = {
	.name = "save",
	.usage = "FILE",
	.summary = "Save the profile, to be loaded again",
	.help = "FILE holds all that the profile does, in pyprof's own format; "
		"its\n"
		"name best ends in .pyprof. Formats for others: pyprof dump.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_FILES,
	.run = run,
};
