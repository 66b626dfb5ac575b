// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/output.h"
#include "core/command/stacks.h"

enum { LOCALS, NATIVE, TRACEBACK, LIMIT, SOURCE };

static const struct pyprof_option options[] = {
	[LOCALS] = {.name = "--locals",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "show local variables"},
	[NATIVE] = {.name = "--native",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "merge native frames (not supported yet)"},
	[TRACEBACK] = {.name = "--traceback",
		       .kind = PYPROF_OPTION_FLAG,
		       .text = "print as Python does, most recent call last"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N frames of each thread"},
	[SOURCE] = {.name = "--source",
		    .kind = PYPROF_OPTION_CHOICE,
		    .choices = pyprof_source_choices,
		    .text = "whose source text (default: all; project in "
			    "pages)"},
	{},
};

static struct pyprof_error *write_kind(struct pyprof_stacks_report *report,
				       enum pyprof_output_kind kind,
				       bool is_traceback,
				       struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT(out);
	switch (kind) {
	case PYPROF_OUTPUT_PAGE:
		return pyprof_stacks_report_html(report, out);
	case PYPROF_OUTPUT_JSON:
		pyprof_stacks_report_json(report, false, &json);
		pyprof_buf_putc(out, '\n');
		break;
	case PYPROF_OUTPUT_TEXT:
		pyprof_stacks_report_text(report,
					  is_traceback ? PYPROF_STACKS_TRACEBACK
						       : PYPROF_STACKS_NUMBERED,
					  out);
		break;
	}
	return NULL;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_(pyprof_stacks_report_deinit) struct pyprof_stacks_report
		report = {};
	const struct pyprof_option_value *given = arguments->options;
	enum pyprof_output_kind kind = PYPROF_OUTPUT_TEXT;
	if (given[NATIVE].given)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "native frames are not supported "
					   "yet");
	struct pyprof_error *err = pyprof_output_kind(arguments, "bt", &kind);
	if (err)
		return err;
	struct pyprof_stacks_wanted wanted = {
		.thread = arguments->count ? arguments->positional[0] : NULL,
		.limit = pyprof_option_count(&given[LIMIT], SIZE_MAX),
		.locals = given[LOCALS].given,
		.source = kind == PYPROF_OUTPUT_PAGE ? PYPROF_SOURCE_PROJECT
						     : PYPROF_SOURCE_ALL,
	};
	if (given[SOURCE].given)
		wanted.source = (enum pyprof_source_choice)given[SOURCE].number;
	err = pyprof_stacks_read(session, &wanted, &report);
	if (!err)
		err = pyprof_stacks_add_facts(&report);
	return err ? err
		   : write_kind(&report, kind, given[TRACEBACK].given, out);
}

static const char *const words[] = {"all", "main", NULL};

const struct pyprof_command pyprof_cmd_bt = {
	.name = "bt",
	.usage = "[THREAD|all]",
	.summary = "Show Python stacks, most recent call first",
	.help = "THREAD is the debugger's number of a thread, its OS id, or\n"
		"main; the default is the thread that is selected in the\n"
		"debugger, or the main one when that runs no Python.\n"
		"--output FILE writes what its ending says: .html a page, "
		".json,\n"
		".txt; with .gz behind it, compressed. A page has the source "
		"text\n"
		"of the project's own files which everybody may read, unless\n"
		"--source says otherwise, and no variables without --locals.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.words = words,
	.run = run,
};
