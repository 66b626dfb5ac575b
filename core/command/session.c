// SPDX-License-Identifier: Apache-2.0
#include "core/command/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/command/facts.h"
#include "core/command/inspect.h"

const struct pyprof_sampler_options pyprof_session_defaults = {
	.mode = PYPROF_MODE_AUTO,
	.rate_hz = 100,
	.max_stop_percent = 10,
};

struct pyprof_error *pyprof_session_create(const struct pyprof_host_ops *ops,
					   void *host,
					   struct pyprof_session **ret)
{
	struct pyprof_session *session = calloc(1, sizeof(*session));
	if (!session)
		return pyprof_error_oom();
	struct pyprof_error *err = pyprof_strtab_create(&session->strings);
	if (err) {
		free(session);
		return err;
	}
	session->ops = ops;
	session->host = host;
	session->options = pyprof_session_defaults;
	*ret = session;
	return NULL;
}

static void disarm_ticks(struct pyprof_session *session)
{
	if (session->ticks_armed)
		session->ops->disarm_ticks(session->host);
	session->ticks_armed = false;
}

void pyprof_session_destroy(struct pyprof_session *session)
{
	if (!session)
		return;
	pyprof_session_stop(session);
	pyprof_sampler_destroy(session->sampler);
	pyprof_profile_destroy(session->profile);
	pyprof_profile_destroy(session->loaded);
	free(session->loaded_name);
	pyprof_heap_session_deinit(&session->heaps);
	pyprof_inspected_deinit(&session->inspected);
	pyprof_strtab_destroy(session->strings);
	free(session);
}

/** Show a line that no command asked for. */
static void notice(struct pyprof_session *session, const char *what,
		   const struct pyprof_error *err)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_buf_printf(&text, "pyprof: %s: %s\n", what, err->message);
	session->ops->print(session->host, text.data);
}

struct pyprof_error *pyprof_session_inferior(struct pyprof_session *session,
					     struct pyprof_inferior *ret)
{
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err =
		session->ops->inferior(session->host, &inferior);
	if (err)
		return err;
	if (inferior.kind == PYPROF_INFERIOR_NONE)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "no process; start or attach first");
	*ret = inferior;
	return NULL;
}

/** What can be sampled: a live process on this machine. */
static struct pyprof_error *find_local(struct pyprof_session *session,
				       struct pyprof_inferior *ret)
{
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	if (err)
		return err;
	if (inferior.kind == PYPROF_INFERIOR_CORE)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%s is a core dump; there is nothing to sample (bt, "
			"threads and info work)",
			inferior.core_path ? inferior.core_path : "this");
	if (inferior.kind == PYPROF_INFERIOR_REMOTE)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"process %d is not local; run the debugger on the "
			"machine that the process runs on",
			inferior.pid);
	*ret = inferior;
	return NULL;
}

static struct pyprof_error *ensure_sampler(struct pyprof_session *session)
{
	struct pyprof_error *err = NULL;
	if (!session->profile)
		err = pyprof_profile_create(&session->profile);
	if (!err && !session->sampler)
		err = pyprof_sampler_create(session->profile,
					    &session->sampler);
	return err;
}

/** Arm ticks where the mode may need them. */
static struct pyprof_error *arm_ticks(struct pyprof_session *session,
				      struct pyprof_sampler_options *options)
{
	options->tick_signal = 0;
	if (options->mode != PYPROF_MODE_AUTO &&
	    options->mode != PYPROF_MODE_STOP)
		return NULL;
	if (session->ticks_armed) {
		options->tick_signal = session->options.tick_signal;
		return NULL;
	}
	struct pyprof_error *err = NULL;
	if (session->ops->arm_ticks)
		err = session->ops->arm_ticks(session->host,
					      &options->tick_signal);
	else if (options->mode == PYPROF_MODE_STOP)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"this debugger cannot stop threads by ticks; use "
			"--mode preempt or --mode free");
	if (!err) {
		session->ticks_armed = options->tick_signal != 0;
		return NULL;
	}
	if (options->mode == PYPROF_MODE_STOP)
		return err;
	/* Ticks are only one of the ways that `auto` may choose. */
	notice(session, "no ticks to fall back to", err);
	pyprof_error_destroy(err);
	options->tick_signal = 0;
	return NULL;
}

static void wake(void *arg)
{
	struct pyprof_session *session = arg;
	session->ops->wake(session->host);
}

/**
 * Whether a process without an interpreter may still get one: a program that
 * was started here loads it, or execs another one. A process that was attached
 * to is what it is.
 */
static struct pyprof_error *check_python(struct pyprof_session *session,
					 int32_t pid)
{
	struct pyprof_inspected *inspected = NULL;
	struct pyprof_error *err = pyprof_session_inspect(session, &inspected);
	if (err && pyprof_facts_is_launched(pid))
		pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND);
	return err;
}

/** Let the sampler look at `inferior` as the options say. */
static struct pyprof_error *
start_sampler(struct pyprof_session *session,
	      const struct pyprof_inferior *inferior,
	      const struct pyprof_sampler_options *options)
{
	if (session->pid != inferior->pid)
		pyprof_sampler_stop(session->sampler);
	struct pyprof_error *err =
		pyprof_sampler_start(session->sampler, inferior->pid, options);
	if (err)
		return err;
	session->pid = inferior->pid;
	session->options = *options;
	pyprof_facts_fill(session);
	if (inferior->is_running || session->ops->is_silent)
		pyprof_sampler_resumed(session->sampler);
	else
		pyprof_sampler_stopped(session->sampler);
	return NULL;
}

struct pyprof_error *
pyprof_session_start(struct pyprof_session *session,
		     const struct pyprof_sampler_options *options)
{
	struct pyprof_sampler_options wanted = *options;
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = find_local(session, &inferior);
	if (!err)
		err = check_python(session, inferior.pid);
	if (!err)
		err = ensure_sampler(session);
	if (err)
		return err;

	bool had_ticks = session->ticks_armed;
	wanted.wake = session->ops->wake ? wake : NULL;
	wanted.wake_arg = session;
	wanted.finds_stops = session->ops->is_silent;
	err = arm_ticks(session, &wanted);
	if (!err)
		err = start_sampler(session, &inferior, &wanted);
	if (err) {
		if (!had_ticks)
			disarm_ticks(session);
		return err;
	}
	session->armed = true;
	/* From a mode with ticks to one without. */
	if (!wanted.tick_signal)
		disarm_ticks(session);
	return NULL;
}

void pyprof_session_stop(struct pyprof_session *session)
{
	if (session->armed) {
		pyprof_facts_fill(session);
		pyprof_sampler_stop(session->sampler);
	}
	disarm_ticks(session);
	session->armed = false;
	session->pid = 0;
}

void pyprof_session_reset(struct pyprof_session *session)
{
	if (!session->profile)
		return;
	pyprof_sampler_reset(session->sampler);
	pyprof_sampler_lock(session->sampler);
	pyprof_profile_meta(session->profile)->started_at = time(NULL);
	pyprof_sampler_unlock(session->sampler);
	/* What was sampled before need not be what runs now. */
	pyprof_facts_fill(session);
}

struct pyprof_error *pyprof_session_look_at(struct pyprof_session *session,
					    struct pyprof_profile *loaded,
					    const char *name)
{
	char *copy = loaded ? strdup(name) : NULL;
	if (loaded && !copy) {
		pyprof_profile_destroy(loaded);
		return pyprof_error_oom();
	}
	pyprof_profile_destroy(session->loaded);
	free(session->loaded_name);
	session->loaded = loaded;
	session->loaded_name = copy;
	return NULL;
}

/** Sampling cannot go on: say why, and end it. */
static void give_up(struct pyprof_session *session, struct pyprof_error *err)
{
	notice(session, "sampling has ended, the profile is kept", err);
	pyprof_error_destroy(err);
	pyprof_session_stop(session);
}

void pyprof_session_changed(struct pyprof_session *session)
{
	pyprof_heap_session_forget(&session->heaps);
}

void pyprof_session_resumed(struct pyprof_session *session)
{
	pyprof_session_changed(session);
	if (!session->armed)
		return;
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = find_local(session, &inferior);
	if (err) {
		/* Another program than the one to sample. */
		pyprof_error_destroy(err);
		return;
	}
	inferior.is_running = true;
	if (inferior.pid == session->pid) {
		pyprof_sampler_resumed(session->sampler);
		return;
	}
	err = start_sampler(session, &inferior, &session->options);
	if (err)
		give_up(session, err);
}

void pyprof_session_stopped(struct pyprof_session *session)
{
	if (!session->armed)
		return;
	pyprof_sampler_stopped(session->sampler);
	pyprof_facts_fill(session);
}

void pyprof_session_gone(struct pyprof_session *session)
{
	if (session->armed) {
		pyprof_sampler_stopped(session->sampler);
		pyprof_facts_fill(session);
		pyprof_sampler_stop(session->sampler);
	}
	/* Armed still: the next run is sampled too. */
	session->pid = 0;
	pyprof_session_changed(session);
	pyprof_inspected_deinit(&session->inspected);
}

void pyprof_session_ticks_lost(struct pyprof_session *session)
{
	if (!session->ticks_armed)
		return;
	disarm_ticks(session);
	session->options.tick_signal = 0;
	if (!session->armed || !session->pid)
		return;
	struct pyprof_error *err = pyprof_sampler_start(
		session->sampler, session->pid, &session->options);
	if (err)
		give_up(session, err);
}

bool pyprof_session_tick(struct pyprof_session *session, int32_t tid)
{
	return session->sampler && pyprof_sampler_tick(session->sampler, tid);
}

void pyprof_session_poll(struct pyprof_session *session)
{
	if (!session->sampler)
		return;
	pyprof_sampler_poll(session->sampler);
	pyprof_facts_fill(session);
}

struct pyprof_error *pyprof_session_profile(struct pyprof_session *session,
					    const struct pyprof_profile **ret)
{
	if (session->loaded) {
		*ret = session->loaded;
		return NULL;
	}
	if (!session->profile)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"nothing was sampled yet; see pyprof help start");
	pyprof_facts_fill(session);
	pyprof_sampler_lock(session->sampler);
	if (pyprof_profile_samples(session->profile)) {
		*ret = session->profile;
		return NULL;
	}
	pyprof_sampler_unlock(session->sampler);
	struct pyprof_sampler_status status = {};
	pyprof_sampler_status(session->sampler, &status);
	if (session->armed && status.problem[0])
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "nothing was sampled yet: %s",
					   status.problem);
	return pyprof_error_create(PYPROF_ERROR_USAGE,
				   "nothing was sampled yet; %s",
				   session->armed ? "let the process run"
						  : "see pyprof help start");
}

void pyprof_session_release_profile(struct pyprof_session *session)
{
	if (!session->loaded)
		pyprof_sampler_unlock(session->sampler);
}
