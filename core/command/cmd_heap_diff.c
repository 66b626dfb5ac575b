// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/command/output.h"
#include "core/command/session.h"
#include "core/report/heap_diff_report.h"

enum { LIMIT, TYPES_ONLY };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types, and holders (default: 15)"},
	[TYPES_ONLY] = {.name = "--types",
			.kind = PYPROF_OPTION_FLAG,
			.text = "types alone, which is faster"},
	{},
};

/** Rows shown unless the user says otherwise, and in files that programs read,
 * which can be sorted and searched; more holders than these nobody reads. */
#define DEFAULT_LIMIT 15
#define FILE_TYPES 5000
#define FILE_HOLDERS 200
#define LIMIT_MAX 1000

/** How much is told: of types, and of holders. */
struct limits {
	size_t types, holders;
};

static struct limits find_limits(const struct pyprof_arguments *arguments,
				 enum pyprof_output_kind kind)
{
	const struct pyprof_option_value *given = arguments->options;
	bool to_file = arguments->output && kind != PYPROF_OUTPUT_TEXT;
	struct limits limits = {DEFAULT_LIMIT, DEFAULT_LIMIT};
	if (to_file)
		limits = (struct limits){FILE_TYPES, FILE_HOLDERS};
	if (given[LIMIT].given)
		limits.types = limits.holders = (size_t)given[LIMIT].number;
	if (limits.holders > LIMIT_MAX)
		limits.holders = LIMIT_MAX;
	if (given[TYPES_ONLY].given)
		limits.holders = 0;
	return limits;
}

static struct pyprof_error *write_view(struct pyprof_session *session,
				       enum pyprof_output_kind kind,
				       bool to_file,
				       const struct pyprof_heap_diff_view *view,
				       struct pyprof_buf *out)
{
	switch (kind) {
	case PYPROF_OUTPUT_JSON:
		return pyprof_heap_diff_json(view, out);
	case PYPROF_OUTPUT_PAGE:
		return pyprof_heap_diff_html(view, out);
	case PYPROF_OUTPUT_TEXT:
		break;
	}
	return pyprof_heap_diff_text(
		view, to_file ? 0 : session->ops->width(session->host), out);
}

/** Compare, and find what leads to the holders. */
static struct pyprof_error *compare(const struct limits *limits,
				    struct pyprof_heap *const heaps[2],
				    const struct pyprof_progress *progress,
				    struct pyprof_diff *diff,
				    struct pyprof_paths **paths)
{
	struct pyprof_error *err = pyprof_diff_find(
		heaps[0], heaps[1], limits->holders, progress, diff);
	if (!err && diff->holders.count)
		err = pyprof_paths_create(heaps[1], progress, paths);
	return err;
}

static struct pyprof_error *
write_diff(struct pyprof_session *session,
	   const struct pyprof_arguments *arguments,
	   enum pyprof_output_kind kind,
	   struct pyprof_snapshot *const snapshots[2], struct pyprof_buf *out)
{
	_cleanup_(pyprof_paths_cleanup) struct pyprof_paths *paths = NULL;
	struct pyprof_diff diff = {};
	struct limits limits = find_limits(arguments, kind);
	struct pyprof_heap_diff_view view = {
		.diff = &diff,
		.heaps = {snapshots[0]->heap, snapshots[1]->heap},
		.facts = {pyprof_snapshot_facts(snapshots[0]),
			  pyprof_snapshot_facts(snapshots[1])},
		.type_limit = limits.types,
	};
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		compare(&limits, view.heaps, &watch.progress, &diff, &paths);
	view.paths = paths;
	if (!err)
		err = write_view(session, kind, arguments->output, &view, out);
	pyprof_watch_end(&watch);
	pyprof_diff_deinit(&diff);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const char *const *names = arguments->positional;
	enum pyprof_snapshot_stage stage = arguments->options[TYPES_ONLY].given
						   ? PYPROF_SNAPSHOT_CENSUS
						   : PYPROF_SNAPSHOT_DOMINATED;
	enum pyprof_output_kind kind = PYPROF_OUTPUT_TEXT;
	struct pyprof_snapshot *snapshots[2] = {};
	struct pyprof_error *err =
		pyprof_output_kind(arguments, "a diff", &kind);
	if (!err)
		err = pyprof_snapshot_open(session, names[0], stage,
					   &snapshots[0]);
	if (!err)
		err = pyprof_snapshot_open(
			session, arguments->count > 1 ? names[1] : NULL, stage,
			&snapshots[1]);
	if (!err && snapshots[0] == snapshots[1])
		err = pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%s would be compared with itself; let the process "
			"run in between, or name another snapshot",
			names[0]);
	return err ? err : write_diff(session, arguments, kind, snapshots, out);
}

const struct pyprof_command pyprof_cmd_heap_diff = {
	.name = "heap diff",
	.usage = "OLD [NEW]",
	.summary = "Show what grew between two snapshots, and who holds it",
	.help = "OLD and NEW are snapshots or their files; without NEW, OLD "
		"is\n"
		"compared with the process as it stands. Objects at the same "
		"address\n"
		"and of the same type are taken for the same. --output FILE "
		"writes\n"
		"what its ending says: .html a page, .json, .txt; page and "
		"JSON "
		"have\n"
		"all types that changed and the 200 biggest holders, unless "
		"--limit\n"
		"says otherwise.",
	.min_arguments = 1,
	.max_arguments = 2,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.run = run,
};
