// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/output.h"
#include "core/command/session.h"
#include "core/command/sources.h"
#include "core/report/report.h"

enum { FORMAT };

static const struct pyprof_option options[] = {
	[FORMAT] = {.name = "--format",
		    .kind = PYPROF_OPTION_FORMAT,
		    .placeholder = "NAME",
		    .text = "the format, whatever the file is called"},
	{},
};

static struct pyprof_error *
write_report(struct pyprof_session *session,
	     const struct pyprof_report_format *format,
	     struct pyprof_buf *bytes)
{
	_cleanup_(pyprof_source_cleanup) struct pyprof_source *source = NULL;
	const struct pyprof_profile *profile = NULL;
	struct pyprof_error *err = pyprof_session_profile(session, &profile);
	if (err)
		return err;
	err = pyprof_sources_of_profile(session, &source);
	if (!err) {
		struct pyprof_report_options how = {.source = source};
		err = format->write(profile, &how, bytes);
	}
	pyprof_session_release_profile(session);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	const struct pyprof_report_format *format = NULL;
	const char *file = arguments->positional[0];
	struct pyprof_error *err = pyprof_report_format_find(
		arguments->options[FORMAT].text, file, &format);
	if (!err)
		err = write_report(session, format, &bytes);
	if (!err)
		err = pyprof_output_save(file, &bytes, out);
	return err;
}

const struct pyprof_command pyprof_cmd_dump = {
	.name = "dump",
	.usage = "FILE",
	.summary = "Write the profile to a file, in the format of its ending",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_FILES,
	.options = options,
	.run = run,
};
