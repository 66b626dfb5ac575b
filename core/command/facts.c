// SPDX-License-Identifier: Apache-2.0
#include "core/command/facts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/target/linux_proc.h"

/** Longer command lines are cut behind the argument that goes beyond. */
#define MAX_COMMAND_LINE 4096

/** Intern text; a fact that there is no memory for stays empty. */
static void set_fact(struct pyprof_session *session, uint32_t *fact,
		     const char *text)
{
	struct pyprof_strtab *strings =
		pyprof_profile_strings(session->profile);
	pyprof_error_destroy(
		pyprof_strtab_intern(strings, text, strlen(text), fact));
}

/** Append an argument, quoted where a shell would need it. */
static void put_argument(struct pyprof_buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789%+,-./:=@_";
	if (*text && !text[strspn(text, plain)]) {
		pyprof_buf_puts(out, text);
		return;
	}
	pyprof_buf_putc(out, '\'');
	for (; *text; text++) {
		/* Display text is one line, whatever the arguments are. */
		unsigned char c = (unsigned char)*text;
		if (c == '\'')
			pyprof_buf_puts(out, "'\\''");
		else
			pyprof_buf_putc(out,
					c < 0x20 || c == 0x7f ? ' ' : *text);
	}
	pyprof_buf_putc(out, '\'');
}

bool pyprof_facts_command_line(int32_t pid, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (pyprof_proc_read(pid, "cmdline", &text) || !text.length)
		return false;
	size_t at = 0;
	for (; at < text.length && at < MAX_COMMAND_LINE;
	     at += strlen(text.data + at) + 1) {
		if (at)
			pyprof_buf_putc(out, ' ');
		put_argument(out, text.data + at);
	}
	if (at < text.length)
		pyprof_buf_puts(out, " …");
	return true;
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

static void fill_process(struct pyprof_session *session,
			 struct pyprof_profile_meta *meta)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	char host[HOST_NAME_MAX + 1] = "";
	meta->pid = session->pid;
	if (pyprof_facts_command_line(session->pid, &line))
		set_fact(session, &meta->command_line, line.data);
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
