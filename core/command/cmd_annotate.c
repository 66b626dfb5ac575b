// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/profile_view.h"
#include "core/report/header.h"

enum { FUNCTION, STATE, THREAD, COLUMNS };

static const struct pyprof_option options[] = {
	[FUNCTION] = {.name = "--function",
		      .kind = PYPROF_OPTION_TEXT,
		      .placeholder = "F",
		      .text = "functions of this name alone"},
	[STATE] = PYPROF_STATE_OPTION,
	[THREAD] = PYPROF_THREAD_OPTION,
	[COLUMNS] = {.name = "--columns",
		     .kind = PYPROF_OPTION_FLAG,
		     .text = "underline the parts of lines that took the time"},
	{},
};

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	const char *file = arguments->positional[0];
	const char *function = given[FUNCTION].text;
	struct pyprof_profile_view view = {};
	struct pyprof_error *err = pyprof_profile_view_open(
		session, (enum pyprof_filter_states)given[STATE].number,
		given[THREAD].text, PYPROF_SORT_SELF, arguments->output, &view);
	if (err)
		return err;
	view.view.columns = given[COLUMNS].given && !arguments->json;
	if (arguments->json)
		err = pyprof_report_annotate_json(&view.view, file, function,
						  out);
	else
		err = pyprof_report_annotate_text(&view.view, file, function,
						  view.width, out);
	pyprof_profile_view_close(&view);
	return err;
}

const struct pyprof_command pyprof_cmd_annotate = {
	.name = "annotate",
	.usage = "FILE",
	.summary = "Show a source file with the time of each line beside it",
	.help = "FILE is its path, or the end of it: \"app.py\" when only one\n"
		"sampled file is called so.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_FILES |
		 PYPROF_COMMAND_OUTPUT,
	.options = options,
	.run = run,
};
