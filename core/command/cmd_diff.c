// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/output.h"
#include "core/command/profile_file.h"
#include "core/command/profile_view.h"
#include "core/command/sources.h"
#include "core/report/header.h"
#include "core/report/html.h"
#include "core/report/profile_diff_report.h"

enum { SORT, STATE, BY, LIMIT, FORCE, SOURCE };

/* As enum pyprof_sort, and as enum pyprof_profile_diff_by. */
static const char *const sorts[] = {"self", "total", NULL};
static const char *const bys[] = {"share", "time", NULL};

static const struct pyprof_option options[] = {
	[SORT] = {.name = "--sort",
		  .kind = PYPROF_OPTION_CHOICE,
		  .choices = sorts,
		  .text = "by change in itself (default), or in all it called"},
	[STATE] = PYPROF_STATE_OPTION,
	[BY] = {.name = "--by",
		.kind = PYPROF_OPTION_CHOICE,
		.choices = bys,
		.text = "shares of the time sampled (default), or times"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N functions, and lines (default: 15)"},
	[FORCE] = {.name = "--force",
		   .kind = PYPROF_OPTION_FLAG,
		   .text = "compare what was sampled in different ways"},
	[SOURCE] = {.name = "--source",
		    .kind = PYPROF_OPTION_CHOICE,
		    .choices = pyprof_source_choices,
		    .text = "whose source text a page gets (default: project)"},
	{},
};

/** Rows shown unless the user says otherwise. */
#define DEFAULT_LIMIT 15

/** What is compared. */
struct sides {
	struct pyprof_session *session;
	/** Read from files, or NULL. */
	struct pyprof_profile *files[PYPROF_PROFILE_SIDES];
	const struct pyprof_profile *profiles[PYPROF_PROFILE_SIDES];
	const char *names[PYPROF_PROFILE_SIDES];
	bool is_locked;
};

static void sides_deinit(struct sides *sides)
{
	if (sides->is_locked)
		pyprof_session_release_profile(sides->session);
	for (unsigned side = 0; side < PYPROF_PROFILE_SIDES; side++)
		pyprof_profile_destroy(sides->files[side]);
}

static struct pyprof_error *open_sides(struct sides *sides,
				       const struct pyprof_arguments *arguments)
{
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < arguments->count; i++) {
		sides->names[i] = arguments->positional[i];
		err = pyprof_profile_read(sides->names[i], &sides->files[i]);
		sides->profiles[i] = sides->files[i];
	}
	if (err || arguments->count == PYPROF_PROFILE_SIDES)
		return err;
	struct pyprof_session *session = sides->session;
	sides->names[PYPROF_PROFILE_NEW] =
		session->loaded ? session->loaded_name : "sampled here";
	err = pyprof_session_profile(session,
				     &sides->profiles[PYPROF_PROFILE_NEW]);
	sides->is_locked = !err;
	return err;
}

static struct pyprof_error *check_alike(const struct sides *sides)
{
	_cleanup_buf_ struct pyprof_buf what = PYPROF_BUF_INIT;
	if (!pyprof_profile_unlike(sides->profiles[PYPROF_PROFILE_OLD],
				   sides->profiles[PYPROF_PROFILE_NEW], &what))
		return NULL;
	return pyprof_error_create(PYPROF_ERROR_USAGE,
				   "%s and %s are hard to compare: %s; --force "
				   "does it anyway",
				   sides->names[PYPROF_PROFILE_OLD],
				   sides->names[PYPROF_PROFILE_NEW], what.data);
}

static struct pyprof_error *write_page(const struct sides *sides,
				       const struct pyprof_arguments *arguments,
				       struct pyprof_source *source,
				       struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_report_options how = {
		.filter.states = (enum pyprof_filter_states)given[STATE].number,
		.source = source,
	};
	pyprof_source_choose(
		source,
		given[SOURCE].given
			? (enum pyprof_source_choice)given[SOURCE].number
			: PYPROF_SOURCE_PROJECT);
	return pyprof_html_diff(sides->profiles[PYPROF_PROFILE_OLD],
				sides->profiles[PYPROF_PROFILE_NEW], &how, out);
}

static struct pyprof_error *
write_tables(const struct sides *sides,
	     const struct pyprof_arguments *arguments, bool is_json,
	     struct pyprof_source *source, struct pyprof_buf *out)
{
	_cleanup_(
		pyprof_profile_diff_cleanup) struct pyprof_profile_diff *diff =
		NULL;
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_session *session = sides->session;
	struct pyprof_filter filter = {
		.states = (enum pyprof_filter_states)given[STATE].number,
	};
	struct pyprof_error *err = pyprof_profile_diff_create(
		sides->profiles[PYPROF_PROFILE_OLD],
		sides->profiles[PYPROF_PROFILE_NEW], &filter,
		(enum pyprof_profile_diff_by)given[BY].number,
		(enum pyprof_sort)given[SORT].number, &diff);
	if (err)
		return err;
	struct pyprof_profile_diff_view view = {
		.diff = diff,
		.names = {sides->names[PYPROF_PROFILE_OLD],
			  sides->names[PYPROF_PROFILE_NEW]},
		.limit = pyprof_option_count(&given[LIMIT], DEFAULT_LIMIT),
		.source = source,
	};
	if (is_json)
		return pyprof_profile_diff_json(&view, out);
	return pyprof_profile_diff_text(
		&view,
		arguments->output ? 0 : session->ops->width(session->host),
		out);
}

static struct pyprof_error *write_diff(const struct sides *sides,
				       const struct pyprof_arguments *arguments,
				       enum pyprof_output_kind kind,
				       struct pyprof_buf *out)
{
	_cleanup_(pyprof_source_cleanup) struct pyprof_source *source = NULL;
	struct pyprof_error *err = pyprof_sources_of_profile(
		sides->session, sides->profiles[PYPROF_PROFILE_NEW], &source);
	if (err)
		return err;
	if (kind == PYPROF_OUTPUT_PAGE)
		return write_page(sides, arguments, source, out);
	return write_tables(sides, arguments, kind == PYPROF_OUTPUT_JSON,
			    source, out);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_(sides_deinit) struct sides sides = {.session = session};
	enum pyprof_output_kind kind = PYPROF_OUTPUT_TEXT;
	struct pyprof_error *err =
		pyprof_output_kind(arguments, "a diff", &kind);
	if (!err)
		err = open_sides(&sides, arguments);
	if (!err && !arguments->options[FORCE].given)
		err = check_alike(&sides);
	return err ? err : write_diff(&sides, arguments, kind, out);
}

const struct pyprof_command pyprof_cmd_diff = {
	.name = "diff",
	.usage = "OLD [NEW]",
	.summary = "Show what changed between two profiles",
	.help = "OLD and NEW are files that pyprof save wrote; without NEW, "
		"OLD is\n"
		"compared with the present profile. Times are shares of the "
		"time that\n"
		"each was sampled for, unless --by time. Profiles of "
		"different modes\n"
		"or interpreters are refused unless --force. --output FILE "
		"writes what\n"
		"its ending says: .html a page, .json, .txt.",
	.min_arguments = 1,
	.max_arguments = 2,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_FILES |
		 PYPROF_COMMAND_OUTPUT,
	.options = options,
	.run = run,
};
