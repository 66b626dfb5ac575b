// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What `report` and `annotate` share: the locked profile, summed up as the
 * options say, and the source to show with it.
 */
#ifndef PYPROF_COMMAND_PROFILE_VIEW_H
#define PYPROF_COMMAND_PROFILE_VIEW_H

#include "core/command/command.h"
#include "core/command/session.h"
#include "core/report/header.h"
#include "core/report/tables.h"

/** The rows of the options that choose samples, in every command's table. */
#define PYPROF_STATE_OPTION                                      \
	{                                                        \
		.name = "--state", .kind = PYPROF_OPTION_CHOICE, \
		.choices = pyprof_filter_state_names,            \
		.text = "which samples count (default: running)" \
	}
#define PYPROF_THREAD_OPTION                                       \
	{                                                          \
		.name = "--thread", .kind = PYPROF_OPTION_TEXT,    \
		.placeholder = "T",                                \
		.text = "one thread alone, by number, id, or main" \
	}

/** Zero-initialise. */
struct pyprof_profile_view {
	struct pyprof_session *session;
	struct pyprof_report_view view;
	struct pyprof_summary *summary;
	struct pyprof_source *source;
	/** Of the console; 0 when the text goes to a file. */
	unsigned width;
};

/**
 * Lock the profile and sum it up.
 *
 * @param thread As `pyprof threads` numbers it, an OS id, or "main"; NULL for
 * all.
 */
struct pyprof_error *
pyprof_profile_view_open(struct pyprof_session *session,
			 enum pyprof_filter_states states, const char *thread,
			 enum pyprof_sort sort, bool to_file,
			 struct pyprof_profile_view *ret) PYPROF_MUST_CHECK;
/**
 * The OS id of a thread of a profile, as a user names it; 0 for all of them.
 *
 * @param spec As above.
 */
struct pyprof_error *
pyprof_profile_view_thread(struct pyprof_session *session,
			   const struct pyprof_profile *profile,
			   const char *spec, int32_t *ret) PYPROF_MUST_CHECK;
/** Unlock it. A zeroed one is accepted. */
void pyprof_profile_view_close(struct pyprof_profile_view *view);

#endif /* PYPROF_COMMAND_PROFILE_VIEW_H */
