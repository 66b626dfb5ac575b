// SPDX-License-Identifier: Apache-2.0
#include "core/command/facts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/target/linux_proc.h"

/** Intern text; a fact that there is no memory for stays empty. */
static void set_fact(struct pyprof_session *session, uint32_t *fact,
		     const char *text)
{
	struct pyprof_strtab *strings =
		pyprof_profile_strings(session->profile);
	pyprof_error_destroy(
		pyprof_strtab_intern(strings, text, strlen(text), fact));
}

/** The parent of a process, 0 when it has none. */
static int32_t parent_of(int32_t pid)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (pyprof_proc_read(pid, "stat", &text))
		return 0;
	const char *parent =
		pyprof_proc_stat_field(text.data, PYPROF_STAT_PARENT);
	return parent ? (int32_t)strtol(parent, NULL, 10) : 0;
}

bool pyprof_facts_is_launched(int32_t pid)
{
	int32_t parent = parent_of(pid);
	return parent == getpid() || (parent && parent_of(parent) == getpid());
}

/** What it runs now; the sampler says what it has sampled, which may have been
 * another program. */
static void fill_program(struct pyprof_session *session,
			 struct pyprof_profile_meta *meta)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf cwd = PYPROF_BUF_INIT;
	if (pyprof_proc_command_line(session->pid, &line))
		set_fact(session, &meta->command_line, line.data);
	if (pyprof_proc_cwd(session->pid, &cwd))
		set_fact(session, &meta->cwd, cwd.data);
}

static void fill_process(struct pyprof_session *session,
			 struct pyprof_profile_meta *meta)
{
	char host[HOST_NAME_MAX + 1] = "";
	meta->pid = session->pid;
	if (!pyprof_profile_samples(session->profile))
		fill_program(session, meta);
	if (gethostname(host, sizeof(host) - 1) == 0)
		set_fact(session, &meta->host, host);
	set_fact(session, &meta->debugger, session->ops->name(session->host));
	if (!meta->started_at)
		meta->started_at = time(NULL);
}

void pyprof_facts_fill(struct pyprof_session *session)
{
	struct pyprof_sampler_status status = {};
	if (!session->pid)
		return;
	pyprof_sampler_status(session->sampler, &status);
	pyprof_sampler_lock(session->sampler);
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(session->profile);
	fill_process(session, meta);
	set_fact(session, &meta->mode, pyprof_mode_names[status.mode]);
	pyprof_sampler_unlock(session->sampler);
}
