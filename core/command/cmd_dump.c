// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/command/output.h"
#include "core/command/profile_view.h"
#include "core/command/session.h"
#include "core/command/sources.h"
#include "core/report/formats.h"
#include "core/report/header.h"
#include "core/report/heap_report.h"
#include "core/report/report.h"

enum { FORMAT, STATE, THREAD, HEAP, SNAPSHOT, SOURCE, MAX_SIZE };

static const struct pyprof_option options[] = {
	[FORMAT] = {.name = "--format",
		    .kind = PYPROF_OPTION_FORMAT,
		    .placeholder = "NAME",
		    .text = "the format, whatever the file is called"},
	[STATE] = PYPROF_STATE_OPTION,
	[THREAD] = PYPROF_THREAD_OPTION,
	[HEAP] = {.name = "--heap",
		  .kind = PYPROF_OPTION_FLAG,
		  .text = "write the heap, whatever the file is called"},
	[SNAPSHOT] = {.name = "--snapshot",
		      .kind = PYPROF_OPTION_TEXT,
		      .placeholder = "NAME",
		      .text = "write the heap of this snapshot"},
	[SOURCE] = {.name = "--source",
		    .kind = PYPROF_OPTION_CHOICE,
		    .choices = pyprof_source_choices,
		    .text = "whose source text is written (default: project)"},
	[MAX_SIZE] = {.name = "--max-size",
		      .kind = PYPROF_OPTION_SIZE,
		      .placeholder = "SIZE",
		      .text = "a page is no larger (default: 5mb, if it can "
			      "be): rare stacks are folded, and it says how "
			      "many"},
	{},
};

static struct pyprof_error *
write_report(struct pyprof_session *session,
	     const struct pyprof_report_format *format,
	     const struct pyprof_option_value *given, struct pyprof_buf *bytes)
{
	_cleanup_(pyprof_source_cleanup) struct pyprof_source *source = NULL;
	const struct pyprof_profile *profile = NULL;
	struct pyprof_error *err = pyprof_session_profile(session, &profile);
	if (err)
		return err;
	struct pyprof_report_options how = {
		.max_size = (size_t)given[MAX_SIZE].number,
	};
	how.filter.states = (enum pyprof_filter_states)given[STATE].number;
	err = pyprof_profile_view_thread(session, profile, given[THREAD].text,
					 &how.filter.tid);
	if (!err)
		err = pyprof_sources_of_profile(session, profile, &source);
	if (!err) {
		how.source = source;
		pyprof_source_choose(
			source,
			given[SOURCE].given
				? (enum pyprof_source_choice)given[SOURCE]
					  .number
				: PYPROF_SOURCE_PROJECT);
		err = format->write(profile, &how, bytes);
	}
	pyprof_session_release_profile(session);
	return err;
}

/** "heap.html", "/tmp/heap-2.json", but not "heapsort.html": whether the name
 * says that it is to be the heap. */
static bool is_named_heap(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	char next = '\0';
	if (strncmp(name, "heap", strlen("heap")) == 0)
		next = (char)(name[strlen("heap")] | 0x20);
	return next && !(next >= 'a' && next <= 'z');
}

static struct pyprof_error *
write_heap(struct pyprof_session *session, const char *name,
	   const struct pyprof_heap_report_format *format,
	   struct pyprof_buf *bytes)
{
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_heap_report report = {};
	struct pyprof_watch watch;
	struct pyprof_error *err = pyprof_snapshot_open(
		session, name, PYPROF_SNAPSHOT_DOMINATED, &snapshot);
	if (err)
		return err;
	struct pyprof_heap_facts facts = pyprof_snapshot_facts(snapshot);
	pyprof_watch_begin(&watch, session);
	err = pyprof_heap_report_init(snapshot->heap, &facts, &watch.progress,
				      &report);
	if (!err)
		err = format->write(&report, bytes);
	pyprof_watch_end(&watch);
	pyprof_heap_report_deinit(&report);
	return err;
}

/** A heap has no samples and no source text: what would choose among them is
 * refused, not ignored. */
static struct pyprof_error *
refuse_for_heap(const struct pyprof_option_value *given)
{
	static const int of_profiles[] = {STATE, THREAD, SOURCE, MAX_SIZE};
	for (size_t i = 0; i < sizeof(of_profiles) / sizeof(*of_profiles); i++)
		if (given[of_profiles[i]].given)
			return pyprof_error_create(
				PYPROF_ERROR_USAGE,
				"%s is for profiles; a heap is written whole",
				options[of_profiles[i]].name);
	return NULL;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	const struct pyprof_option_value *given = arguments->options;
	const struct pyprof_report_format *format = NULL;
	const struct pyprof_heap_report_format *heap_format = NULL;
	const char *file = arguments->positional[0];
	bool is_heap = given[HEAP].given || given[SNAPSHOT].given ||
		       is_named_heap(file);
	struct pyprof_error *err = is_heap ? refuse_for_heap(given) : NULL;
	if (!err)
		err = is_heap ? pyprof_heap_report_format_find(
					given[FORMAT].text, file, &heap_format)
			      : pyprof_report_format_find(given[FORMAT].text,
							  file, &format);
	if (!err && given[MAX_SIZE].given && format != &pyprof_report_html)
		err = pyprof_error_create(PYPROF_ERROR_USAGE,
					  "--max-size is for pages; other "
					  "formats leave nothing out");
	if (!err)
		err = is_heap ? write_heap(session, given[SNAPSHOT].text,
					   heap_format, &bytes)
			      : write_report(session, format, given, &bytes);
	if (!err && is_heap)
		err = pyprof_output_save(file, &bytes, out);
	else if (!err)
		err = pyprof_output_save_profile(file, &bytes, out);
	return err;
}

const struct pyprof_command pyprof_cmd_dump = {
	.name = "dump",
	.usage = "FILE",
	.summary = "Write the profile, or the heap, to a file",
	.help = "The ending of FILE says in which format. A FILE whose name "
		"begins\n"
		"with heap, as heap.html, gets the heap: a page or JSON with "
		"all\n"
		"that the heap commands tell, of the process as it stands or "
		"of the\n"
		"newest snapshot when it runs. All others get the profile.\n"
		"\n"
		"Source text is that of the project's own files which "
		"everybody may\n"
		"read, unless --source says otherwise.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_FILES,
	.options = options,
	.run = run,
};
