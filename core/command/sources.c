// SPDX-License-Identifier: Apache-2.0
#include "core/command/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/target/linux_proc.h"

/** When a process was started, seconds since the epoch; 0: not known. */
static int64_t start_of(int32_t pid)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct timespec now, up;
	long ticks_a_second = sysconf(_SC_CLK_TCK);
	if (ticks_a_second <= 0 || pyprof_proc_read(pid, "stat", &text))
		return 0;
	const char *start =
		pyprof_proc_stat_field(text.data, PYPROF_STAT_START_TIME);
	if (!start || clock_gettime(CLOCK_REALTIME, &now) ||
	    clock_gettime(CLOCK_BOOTTIME, &up))
		return 0;
	int64_t age = up.tv_sec - strtoll(start, NULL, 10) / ticks_a_second;
	return now.tv_sec - age;
}

struct pyprof_error *pyprof_sources_of_process(int32_t pid,
					       struct pyprof_source **ret)
{
	_cleanup_buf_ struct pyprof_buf cwd = PYPROF_BUF_INIT;
	char root[PYPROF_PROC_PATH_MAX];
	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	bool has_cwd = pyprof_proc_cwd(pid, &cwd);
	return pyprof_source_create(root, has_cwd ? cwd.data : NULL,
				    start_of(pid), ret);
}

struct pyprof_error *
pyprof_sources_of_profile(struct pyprof_session *session,
			  const struct pyprof_profile *profile,
			  struct pyprof_source **ret)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	struct pyprof_inferior inferior = {};
	_cleanup_error_ struct pyprof_error *err =
		session->ops->inferior(session->host, &inferior);
	/* What was loaded may be of another machine. */
	bool is_here = profile == session->profile;
	if (!err && is_here && inferior.kind == PYPROF_INFERIOR_LOCAL &&
	    inferior.pid == meta->pid)
		return pyprof_sources_of_process(meta->pid, ret);
	const char *cwd =
		meta->cwd ? pyprof_profile_string(profile, meta->cwd) : NULL;
	return pyprof_source_create(NULL, cwd, meta->started_at, ret);
}

struct pyprof_error *pyprof_sources_of_core(const char *core_path,
					    struct pyprof_source **ret)
{
	struct stat core;
	int64_t since = stat(core_path, &core) ? 0 : core.st_mtime;
	return pyprof_source_create(NULL, NULL, since, ret);
}
