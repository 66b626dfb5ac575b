// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/namer.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/cpython/thread_names.h"

/* Between two looks: at first, and after many that found nothing new; and of
 * how many times the processor time that one took. */
#define EVERY_NS (PYPROF_NS_PER_SECOND / 10)
#define EVERY_NS_MAX (60 * PYPROF_NS_PER_SECOND)
#define COST_FACTOR 100

void pyprof_namer_deinit(struct pyprof_namer *namer)
{
	pyprof_vec_deinit(&namer->is_done);
}

/* How long this thread has run. */
static int64_t processor_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * PYPROF_NS_PER_SECOND + now.tv_nsec;
}

/* Take notice of new threads; false when there is nothing to do yet. */
static bool is_due(struct pyprof_namer *namer, size_t count, int64_t now)
{
	/* The profile was emptied. */
	if (count < namer->is_done.count)
		namer->is_done.count = 0;
	if (count > namer->is_done.count)
		namer->every_ns = EVERY_NS;
	while (namer->is_done.count < count)
		if (!pyprof_vec_push(&namer->is_done, false))
			return false;
	int64_t since = now - namer->last_ns;
	if (since < namer->every_ns || since < COST_FACTOR * namer->cost_ns)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!namer->is_done.items[i])
			return true;
	return false;
}

/* Whether it was there when names were read: identifiers are used again. */
static bool is_alive(const struct pyprof_python *python, int32_t tid)
{
	return syscall(SYS_tgkill, python->target->pid, tid, 0) == 0;
}

static bool set_name(struct pyprof_profile *profile, uint32_t id,
		     const char *text)
{
	uint32_t name;
	_cleanup_error_ struct pyprof_error *err = pyprof_strtab_intern(
		pyprof_profile_strings(profile), text, strlen(text), &name);
	if (!err)
		pyprof_profile_name_thread(profile, id, name);
	return !err;
}

/* Returns whether one was named that was not. */
static bool name_all(struct pyprof_namer *namer,
		     const struct pyprof_python *python,
		     struct pyprof_profile *profile,
		     const struct pyprof_thread_names *names)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	bool is_news = false;
	for (uint32_t i = 0; i < count; i++) {
		bool *is_done = &namer->is_done.items[i];
		const char *name = pyprof_thread_name(
			names, threads[i].interp_id, threads[i].ident);
		if (*is_done)
			continue;
		bool is_gone = !is_alive(python, threads[i].tid);
		bool is_named = !is_gone && *name && set_name(profile, i, name);
		*is_done = is_gone || is_named;
		is_news |= is_named;
	}
	return is_news;
}

void pyprof_namer_run(struct pyprof_namer *namer, struct pyprof_python *python,
		      struct pyprof_profile *profile, int64_t now)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	if (!is_due(namer, count, now))
		return;
	int64_t began = processor_ns();
	_cleanup_(
		pyprof_thread_names_cleanup) struct pyprof_thread_names *names =
		NULL;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_thread_names_read(python, &names);
	/* A thread may never have a name. */
	if (err || !name_all(namer, python, profile, names))
		namer->every_ns = namer->every_ns < EVERY_NS_MAX / 2
					  ? namer->every_ns * 2
					  : EVERY_NS_MAX;
	namer->last_ns = now;
	namer->cost_ns = processor_ns() - began;
}
