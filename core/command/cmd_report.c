// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/options.h"
#include "core/command/profile_view.h"
#include "core/command/units.h"
#include "core/report/header.h"

enum { SORT, STATE, THREAD, LIMIT, LEAST, FIELDS, COLUMNS };

/* As enum pyprof_sort. */
static const char *const sorts[] = {"self", "total", NULL};

static const struct pyprof_option options[] = {
	[SORT] = {.name = "--sort",
		  .kind = PYPROF_OPTION_CHOICE,
		  .choices = sorts,
		  .text = "by time in itself (default), or in all it called"},
	[STATE] = PYPROF_STATE_OPTION,
	[THREAD] = PYPROF_THREAD_OPTION,
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N rows (default: 20; 0: all)"},
	[LEAST] = {.name = "--percent-limit",
		   .kind = PYPROF_OPTION_TEXT,
		   .placeholder = "P",
		   .text = "no rows with less of the time that they are sorted "
			   "by; calls of the tree, of their total"},
	[FIELDS] = {.name = "--fields",
		    .alias = "-F",
		    .kind = PYPROF_OPTION_TEXT,
		    .placeholder = "LIST",
		    .text = "these columns, with commas between, by the names "
			    "that --json has for them"},
	[COLUMNS] = {.name = "--columns",
		     .kind = PYPROF_OPTION_FLAG,
		     .text = "underline the parts of lines that took the time"},
	{},
};

/** Rows shown unless the user says otherwise. */
#define DEFAULT_LIMIT 20

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_profile_view view = {};
	size_t kind = PYPROF_REPORT_LINES;
	struct pyprof_error *err = NULL;
	double least = 0;
	if (given[LEAST].given)
		err = pyprof_parse_percent(given[LEAST].text, &least);
	if (!err && arguments->count)
		err = pyprof_choice_find("a report", arguments->positional[0],
					 pyprof_report_kind_names, &kind);
	if (!err)
		err = pyprof_profile_view_open(
			session, (enum pyprof_filter_states)given[STATE].number,
			given[THREAD].text,
			(enum pyprof_sort)given[SORT].number, arguments->output,
			&view);
	if (err)
		return err;
	view.view.limit = pyprof_option_count(&given[LIMIT], DEFAULT_LIMIT);
	view.view.min_percent = least;
	view.view.fields = given[FIELDS].text;
	view.view.columns = given[COLUMNS].given && !arguments->json;
	if (arguments->json)
		err = pyprof_report_write_json(
			&view.view, (enum pyprof_report_kind)kind, out);
	else
		err = pyprof_report_write_text(&view.view,
					       (enum pyprof_report_kind)kind,
					       view.width, out);
	pyprof_profile_view_close(&view);
	return err;
}

const struct pyprof_command pyprof_cmd_report = {
	.name = "report",
	.usage = "[lines|functions|tree|threads|files]",
	.summary = "Show where the time went, by line unless told otherwise",
	.help = "Self is time in the line or function itself, total that and "
		"in\n"
		"all it called. Time is split into running Python code, "
		"running\n"
		"C code, and waiting; waiting is left out unless --state says\n"
		"otherwise.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.words = pyprof_report_kind_names,
	.run = run,
};
