// SPDX-License-Identifier: Apache-2.0
#include "core/command/threads.h"

#include <string.h>

#include "core/command/units.h"

/** The thread of a number of the debugger's, else of the kernel's. */
static struct pyprof_error *find_number(struct pyprof_session *session,
					int64_t number, int32_t *ret)
{
	const struct pyprof_host_thread *threads = NULL;
	size_t count = 0;
	struct pyprof_error *err =
		session->ops->threads(session->host, &threads, &count);
	if (err)
		return err;
	int32_t found = 0;
	for (size_t i = 0; i < count; i++) {
		if (threads[i].number == number) {
			found = threads[i].tid;
			break;
		}
		if (threads[i].tid == number)
			found = threads[i].tid;
	}
	if (!found)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"there is no thread %lld; pyprof threads lists them",
			(long long)number);
	*ret = found;
	return NULL;
}

struct pyprof_error *pyprof_threads_select(struct pyprof_session *session,
					   const char *spec, int32_t *ret)
{
	struct pyprof_inferior inferior = {};
	int64_t number = 0;
	if (strcmp(spec, "all") == 0) {
		*ret = 0;
		return NULL;
	}
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	if (err)
		return err;
	if (strcmp(spec, "main") == 0) {
		*ret = inferior.pid;
		return NULL;
	}
	if (strchr(spec, ','))
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "threads %.60s: lists are not "
					   "supported yet; name one, or all",
					   spec);
	err = pyprof_parse_integer(spec, &number);
	if (err) {
		pyprof_error_destroy(err);
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%.60s is not a thread; write all, main or a number",
			spec);
	}
	return find_number(session, number, ret);
}
