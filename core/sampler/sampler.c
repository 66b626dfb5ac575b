// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/sampler.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/sampler/machine.h"
#include "core/target/linux_proc.h"

const char *const pyprof_mode_names[] = {
	[PYPROF_MODE_AUTO] = "auto", [PYPROF_MODE_PREEMPT] = "preempt",
	[PYPROF_MODE_STOP] = "stop", [PYPROF_MODE_FREE] = "free",
	[PYPROF_MODE_COUNT] = NULL,
};

static void init_locks(struct pyprof_sampler *sampler)
{
	pthread_mutex_init(&sampler->lock, NULL);
	pthread_mutex_init(&sampler->look_lock, NULL);
	pthread_mutex_init(&sampler->profile_lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sampler->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct pyprof_error *pyprof_sampler_create(struct pyprof_profile *profile,
					   struct pyprof_sampler **ret)
{
	struct pyprof_sampler *sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return pyprof_error_oom();
	sampler->profile = profile;
	init_locks(sampler);
	pyprof_task_init(&sampler->look_task, 0, 0);
	pyprof_task_init(&sampler->aside_task, 0, 0);
	struct pyprof_error *err =
		pyprof_ring_create(PYPROF_RING_SIZE, &sampler->ring);
	if (err) {
		pyprof_sampler_destroy(sampler);
		return err;
	}
	*ret = sampler;
	return NULL;
}

void pyprof_sampler_destroy(struct pyprof_sampler *sampler)
{
	if (!sampler)
		return;
	pyprof_sampler_stop(sampler);
	pyprof_ring_destroy(sampler->ring);
	pyprof_vec_deinit(&sampler->lanes);
	pyprof_threads_deinit(&sampler->threads);
	pthread_cond_destroy(&sampler->changed);
	pthread_mutex_destroy(&sampler->profile_lock);
	pthread_mutex_destroy(&sampler->look_lock);
	pthread_mutex_destroy(&sampler->lock);
	free(sampler);
}

bool pyprof_sampler_is_running(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->lock);
	bool running = sampler->running;
	pthread_mutex_unlock(&sampler->lock);
	return running;
}

int64_t pyprof_sampler_resumed_at(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->lock);
	int64_t resumed_ns = sampler->resumed_ns;
	pthread_mutex_unlock(&sampler->lock);
	return resumed_ns;
}

bool pyprof_sampler_is_attached(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->look_lock);
	bool attached = sampler->attachment != NULL;
	pthread_mutex_unlock(&sampler->look_lock);
	return attached;
}

static struct pyprof_error *ask_held(const struct pyprof_sampler *sampler,
				     struct pyprof_task *task, int32_t tid,
				     bool *ret)
{
	if (task->tid != tid) {
		pyprof_task_deinit(task);
		pyprof_task_init(task, sampler->pid, tid);
	}
	return pyprof_task_is_held(task, sampler->pid, ret);
}

bool pyprof_sampler_is_held(struct pyprof_sampler *sampler,
			    struct pyprof_task *task)
{
	if (!sampler->options.finds_stops)
		return false;
	int32_t tid = atomic_load(&sampler->stop_tid);
	bool held = false;
	_cleanup_error_ struct pyprof_error *ended =
		ask_held(sampler, task, tid ? tid : sampler->pid, &held);
	/* The first thread is there for as long as the process. */
	if (ended && tid)
		pyprof_error_destroy(
			ask_held(sampler, task, sampler->pid, &held));
	return held;
}

static void set_problem(struct pyprof_sampler *sampler, const char *text)
{
	pthread_mutex_lock(&sampler->lock);
	snprintf(sampler->problem, sizeof(sampler->problem), "%s", text);
	pthread_mutex_unlock(&sampler->lock);
}

void pyprof_sampler_fall_back(struct pyprof_sampler *sampler,
			      enum pyprof_mode mode, const char *why)
{
	pthread_mutex_lock(&sampler->lock);
	snprintf(sampler->fallback, sizeof(sampler->fallback), "%s", why);
	sampler->mode = mode;
	pthread_mutex_unlock(&sampler->lock);
}

/* Make all that works on an attachment. */
static struct pyprof_error *equip(struct pyprof_sampler *sampler,
				  struct pyprof_attachment *attachment)
{
	struct pyprof_error *err =
		pyprof_observer_create(attachment->python, &sampler->observer);
	if (!err)
		err = pyprof_observer_create(&attachment->decode_python,
					     &sampler->aside);
	if (!err)
		err = pyprof_decoder_create(attachment, sampler->profile,
					    &sampler->decoder);
	if (err)
		return err;
	pyprof_observer_identify(sampler->observer, &attachment->known);
	pyprof_observer_identify(sampler->aside, &attachment->known);
	sampler->attachment = attachment;
	return NULL;
}

static void unequip(struct pyprof_sampler *sampler)
{
	pyprof_decoder_destroy(sampler->decoder);
	pyprof_observer_destroy(sampler->aside);
	pyprof_observer_destroy(sampler->observer);
	pyprof_attachment_destroy(sampler->attachment);
	sampler->decoder = NULL;
	sampler->aside = sampler->observer = NULL;
	sampler->attachment = NULL;
	sampler->lanes.count = 0;
	sampler->threads.list.count = 0;
	sampler->threads_read_ns = sampler->lanes_read_ns = 0;
	sampler->faults = 0;
	atomic_store(&sampler->stop_tid, 0);
	pyprof_task_deinit(&sampler->look_task);
	pyprof_task_deinit(&sampler->aside_task);
	pyprof_task_init(&sampler->look_task, 0, 0);
	pyprof_task_init(&sampler->aside_task, 0, 0);
}

static struct pyprof_error *set_fact(struct pyprof_sampler *sampler,
				     uint32_t *fact, const char *text)
{
	return pyprof_strtab_intern(pyprof_profile_strings(sampler->profile),
				    text, strlen(text), fact);
}

/* Which program it is: one that ran before in this process, a script of the
 * shell that execs Python, is not what is sampled. */
static struct pyprof_error *describe_program(struct pyprof_sampler *sampler)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf cwd = PYPROF_BUF_INIT;
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(sampler->profile);
	struct pyprof_error *err = NULL;
	if (pyprof_proc_command_line(sampler->pid, &line))
		err = set_fact(sampler, &meta->command_line, line.data);
	if (!err && pyprof_proc_cwd(sampler->pid, &cwd))
		err = set_fact(sampler, &meta->cwd, cwd.data);
	return err;
}

/* Which interpreter it is, for the reports. */
static struct pyprof_error *describe(struct pyprof_sampler *sampler)
{
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(sampler->profile);
	const struct pyprof_python *python = sampler->attachment->python;
	const char *build = pyprof_build_text(&python->build);
	const char *source = python->layout.source;
	char version[32];
	pyprof_version_text(python->build.version, version);
	struct pyprof_error *err =
		set_fact(sampler, &meta->python_version, version);
	if (!err)
		err = set_fact(sampler, &meta->python_build, build);
	if (!err && source)
		err = set_fact(sampler, &meta->layout_source, source);
	return err ? err : describe_program(sampler);
}

/* Takes the attachment, also on failure. */
static struct pyprof_error *use(struct pyprof_sampler *sampler,
				struct pyprof_attachment *attachment)
{
	struct pyprof_error *err = equip(sampler, attachment);
	if (!err)
		err = describe(sampler);
	else
		pyprof_attachment_destroy(attachment);
	if (err)
		unequip(sampler);
	return err;
}

struct pyprof_error *pyprof_sampler_attach(struct pyprof_sampler *sampler)
{
	struct pyprof_attachment *attachment;
	struct pyprof_error *err =
		pyprof_attachment_create(sampler->pid, &attachment);
	if (err) {
		set_problem(sampler, err->message);
		return err;
	}
	pthread_mutex_lock(&sampler->profile_lock);
	pthread_mutex_lock(&sampler->look_lock);
	/* The looker and the main thread may both have looked for it. */
	if (sampler->attachment)
		pyprof_attachment_destroy(attachment);
	else
		err = use(sampler, attachment);
	pthread_mutex_unlock(&sampler->look_lock);
	pthread_mutex_unlock(&sampler->profile_lock);
	set_problem(sampler, err ? err->message : "");
	return err;
}

void pyprof_sampler_detach(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->profile_lock);
	pthread_mutex_lock(&sampler->look_lock);
	/* With both locks: a sample that was taken in between would be decoded
	 * as one of the next program. */
	pyprof_sampler_take_in(sampler);
	unequip(sampler);
	atomic_store(&sampler->tick.waiting, false);
	pthread_mutex_unlock(&sampler->look_lock);
	pthread_mutex_unlock(&sampler->profile_lock);
}

bool pyprof_sampler_push(struct pyprof_sampler *sampler,
			 struct pyprof_raw_sample *head,
			 const struct pyprof_raw_stack *stack)
{
	bool pushed = pyprof_ring_push(sampler->ring, head,
				       stack ? stack->frames : NULL,
				       stack ? stack->count : 0);
	struct pyprof_counts *counts = &sampler->counts;
	if (!head->beside)
		atomic_fetch_add(pushed ? &counts->taken : &counts->lost, 1);
	return pushed;
}

/* Move the counts made without the profile's lock into the profile. */
static void take_in_counts(struct pyprof_sampler *sampler)
{
	struct pyprof_counts *counts = &sampler->counts;
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(sampler->profile);
	meta->sampled_ns += atomic_exchange(&counts->sampled_ns, 0);
	uint64_t tried = atomic_load(&counts->taken);
	for (size_t code = 0; code < PYPROF_ERROR_COUNT; code++) {
		uint64_t bad = atomic_exchange(&counts->bad[code], 0);
		meta->bad[code] += bad;
		/* A look that failed was not missed. */
		tried += bad;
		atomic_fetch_add(&counts->taken, bad);
	}
	uint64_t due = atomic_load(&counts->due_milli) / 1000;
	meta->missed = due > tried ? due - tried : 0;
}

void pyprof_sampler_take_in(struct pyprof_sampler *sampler)
{
	take_in_counts(sampler);
	if (!sampler->decoder)
		return;
	struct pyprof_error *err =
		pyprof_decoder_drain(sampler->decoder, sampler->ring);
	if (err)
		pyprof_profile_meta(sampler->profile)->bad[err->code]++;
	pyprof_error_destroy(err);
}

static struct pyprof_error *
check_options(const struct pyprof_sampler_options *options)
{
	if (!(options->rate_hz >= PYPROF_RATE_MIN &&
	      options->rate_hz <= PYPROF_RATE_MAX))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"rate %ghz is not between 1hz and 100khz",
			options->rate_hz);
	if (!(options->max_stop_percent > 0 &&
	      options->max_stop_percent <= 100))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"--max-stop %g is not between 0 and 100 percent",
			options->max_stop_percent);
	if (options->mode == PYPROF_MODE_STOP && !options->tick_signal)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"mode stop needs a debugger that handles ticks");
	return NULL;
}

/* Threads of ours take no signals: those are the debugger's. */
static struct pyprof_error *start_threads(struct pyprof_sampler *sampler)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	sampler->quit = false;
	int failed = pthread_create(&sampler->looker, NULL, pyprof_looker_main,
				    sampler);
	if (!failed) {
		failed = pthread_create(&sampler->follower, NULL,
					pyprof_follower_main, sampler);
		if (failed) {
			pthread_mutex_lock(&sampler->lock);
			sampler->quit = true;
			pthread_cond_broadcast(&sampler->changed);
			pthread_mutex_unlock(&sampler->lock);
			pthread_join(sampler->looker, NULL);
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return pyprof_error_os(failed, "cannot start a thread");
	sampler->started = true;
	return NULL;
}

static void set_options(struct pyprof_sampler *sampler,
			const struct pyprof_sampler_options *options)
{
	pthread_mutex_lock(&sampler->profile_lock);
	pthread_mutex_lock(&sampler->look_lock);
	pthread_mutex_lock(&sampler->lock);
	sampler->options = *options;
	sampler->mode = options->mode == PYPROF_MODE_AUTO ? PYPROF_MODE_PREEMPT
							  : options->mode;
	sampler->fallback[0] = '\0';
	sampler->ticks_lost = 0;
	pyprof_pace_init(&sampler->pace, options->rate_hz,
			 options->max_stop_percent);
	pthread_cond_broadcast(&sampler->changed);
	pthread_mutex_unlock(&sampler->lock);
	pthread_mutex_unlock(&sampler->look_lock);
	pyprof_profile_meta(sampler->profile)->rate_hz = options->rate_hz;
	pthread_mutex_unlock(&sampler->profile_lock);
}

struct pyprof_error *
pyprof_sampler_start(struct pyprof_sampler *sampler, int32_t pid,
		     const struct pyprof_sampler_options *options)
{
	struct pyprof_error *err = check_options(options);
	if (err)
		return err;
	if (sampler->pid != pid) {
		pyprof_sampler_stop(sampler);
		sampler->pid = pid;
	}
	if (!pyprof_sampler_is_attached(sampler)) {
		err = pyprof_sampler_attach(sampler);
		/* It may still be starting. */
		pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND);
		if (err)
			return err;
	}
	set_options(sampler, options);
	return sampler->started ? NULL : start_threads(sampler);
}

void pyprof_sampler_stop(struct pyprof_sampler *sampler)
{
	if (sampler->started) {
		pthread_mutex_lock(&sampler->lock);
		sampler->quit = true;
		sampler->running = false;
		pthread_cond_broadcast(&sampler->changed);
		pthread_mutex_unlock(&sampler->lock);
		pthread_join(sampler->looker, NULL);
		pthread_join(sampler->follower, NULL);
		sampler->started = false;
	}
	pyprof_sampler_detach(sampler);
}

void pyprof_sampler_resumed(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->lock);
	if (!sampler->running) {
		sampler->resumed_ns = pyprof_clock_ns();
		sampler->running = true;
		pthread_cond_broadcast(&sampler->changed);
	}
	pthread_mutex_unlock(&sampler->lock);
}

void pyprof_sampler_stopped(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->lock);
	sampler->running = false;
	pthread_cond_broadcast(&sampler->changed);
	pthread_mutex_unlock(&sampler->lock);
	/* A look or a pass under way ends before these are given. */
	pthread_mutex_lock(&sampler->profile_lock);
	pthread_mutex_unlock(&sampler->profile_lock);
	pthread_mutex_lock(&sampler->look_lock);
	pthread_mutex_unlock(&sampler->look_lock);
}

bool pyprof_sampler_tick(struct pyprof_sampler *sampler, int32_t tid)
{
	return pyprof_looker_tick(sampler, tid);
}

void pyprof_sampler_poll(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->profile_lock);
	pyprof_sampler_take_in(sampler);
	pthread_mutex_unlock(&sampler->profile_lock);
}

void pyprof_sampler_lock(struct pyprof_sampler *sampler)
{
	pthread_mutex_lock(&sampler->profile_lock);
	pyprof_sampler_take_in(sampler);
}

void pyprof_sampler_unlock(struct pyprof_sampler *sampler)
{
	pthread_mutex_unlock(&sampler->profile_lock);
}

void pyprof_sampler_reset(struct pyprof_sampler *sampler)
{
	/* The program may have become another one, of the same executable even:
	 * what is sampled from here on is described anew. */
	pyprof_sampler_detach(sampler);
	pyprof_sampler_lock(sampler);
	pyprof_profile_reset(sampler->profile);
	pyprof_profile_meta(sampler->profile)->rate_hz =
		sampler->options.rate_hz;
	atomic_store(&sampler->counts.due_milli, 0);
	atomic_store(&sampler->counts.taken, 0);
	atomic_store(&sampler->counts.lost, 0);
	pyprof_sampler_unlock(sampler);
}

void pyprof_sampler_status(struct pyprof_sampler *sampler,
			   struct pyprof_sampler_status *ret)
{
	pyprof_sampler_lock(sampler);
	bool held = sampler->running &&
		    pyprof_sampler_is_held(sampler, &sampler->aside_task);
	pthread_mutex_lock(&sampler->lock);
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta(sampler->profile);
	*ret = (struct pyprof_sampler_status){
		.attached = sampler->attachment != NULL,
		.running = sampler->running && !held,
		.mode = sampler->mode,
		.rate_hz = sampler->options.rate_hz,
		.threads = sampler->threads.list.count,
	};
	memcpy(ret->fallback, sampler->fallback, sizeof(ret->fallback));
	memcpy(ret->problem, sampler->problem, sizeof(ret->problem));
	if (meta->sampled_ns)
		ret->reached_hz =
			(double)pyprof_profile_samples(sampler->profile) *
			PYPROF_NS_PER_SECOND / (double)meta->sampled_ns;
	pthread_mutex_unlock(&sampler->lock);
	pyprof_sampler_unlock(sampler);
}
