// SPDX-License-Identifier: Apache-2.0
#include "core/command/profile_view.h"

#include <string.h>

#include "core/command/sources.h"
#include "core/command/threads.h"
#include "core/command/units.h"

/** Whether the profile has samples of a thread. */
static bool has_thread(const struct pyprof_profile *profile, int32_t tid)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	for (size_t i = 0; i < count; i++)
		if (threads[i].tid == tid)
			return true;
	return false;
}

static int32_t find_main(const struct pyprof_profile *profile)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	for (size_t i = 0; i < count; i++)
		if (threads[i].is_main)
			return threads[i].tid;
	return 0;
}

/* Threads of a profile may have ended, so an OS id need not be one that the
 * debugger knows. */
struct pyprof_error *
pyprof_profile_view_thread(struct pyprof_session *session,
			   const struct pyprof_profile *profile,
			   const char *spec, int32_t *ret)
{
	int32_t tid = 0;
	int64_t number = 0;
	if (!spec || strcmp(spec, "all") == 0) {
		*ret = 0;
		return NULL;
	}
	if (strcmp(spec, "main") == 0) {
		tid = find_main(profile);
	} else {
		/* The debugger's threads are not those of what was loaded. */
		struct pyprof_error *err =
			session->loaded
				? NULL
				: pyprof_threads_select(session, spec, &tid);
		struct pyprof_error *bad = pyprof_parse_integer(spec, &number);
		if (!tid && !bad && has_thread(profile, (int32_t)number))
			tid = (int32_t)number;
		pyprof_error_destroy(err);
		pyprof_error_destroy(bad);
	}
	if (!tid || !has_thread(profile, tid))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"there are no samples of thread %.60s; pyprof report "
			"threads lists those there are",
			spec);
	*ret = tid;
	return NULL;
}

struct pyprof_error *pyprof_profile_view_open(struct pyprof_session *session,
					      enum pyprof_filter_states states,
					      const char *thread,
					      enum pyprof_sort sort,
					      bool to_file,
					      struct pyprof_profile_view *ret)
{
	struct pyprof_profile_view opened = {};
	struct pyprof_report_view *view = &opened.view;
	struct pyprof_error *err =
		pyprof_session_profile(session, &view->profile);
	if (err)
		return err;
	opened.session = session;
	view->filter.states = states;
	view->sort = sort;
	err = pyprof_profile_view_thread(session, view->profile, thread,
					 &view->filter.tid);
	if (!err)
		err = pyprof_summary_create(view->profile, &view->filter, sort,
					    &opened.summary);
	if (!err)
		err = pyprof_sources_of_profile(session, view->profile,
						&opened.source);
	if (err) {
		pyprof_profile_view_close(&opened);
		return err;
	}
	view->summary = opened.summary;
	view->source = opened.source;
	opened.width = to_file ? 0 : session->ops->width(session->host);
	*ret = opened;
	return NULL;
}

void pyprof_profile_view_close(struct pyprof_profile_view *view)
{
	pyprof_summary_destroy(view->summary);
	pyprof_source_destroy(view->source);
	if (view->session)
		pyprof_session_release_profile(view->session);
	*view = (struct pyprof_profile_view){};
}
