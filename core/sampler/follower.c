// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <sys/prctl.h>

#include "core/base/clock.h"
#include "core/cpython/gil.h"
#include "core/sampler/machine.h"

/* Raw samples wait no longer than this. */
#define DRAIN_EVERY_NS (20 * INT64_C(1000000))
/* How often the thread states are listed anew. */
#define THREADS_EVERY_NS (100 * INT64_C(1000000))
/* A pass over all threads is made so rarely that it costs no more than this
 * share of one CPU. */
#define ASIDE_SHARE 0.01

/* The threads that the looker samples: who holds each GIL or held it last. */
struct anchors {
	PYPROF_VEC(struct pyprof_gil) gils;
	PYPROF_VEC(struct pyprof_interp) interps;
	/* Their OS threads, which can have a state in other interpreters. */
	PYPROF_VEC(int32_t) tids;
};

static void anchors_deinit(struct anchors *anchors)
{
	pyprof_vec_deinit(&anchors->gils);
	pyprof_vec_deinit(&anchors->interps);
	pyprof_vec_deinit(&anchors->tids);
}

static struct pyprof_error *find_anchors(struct pyprof_sampler *sampler,
					 struct anchors *anchors)
{
	struct pyprof_python *python = &sampler->attachment->decode_python;
	struct pyprof_interps interps = {};
	struct pyprof_error *err = pyprof_interps_read(python, &interps);
	for (size_t i = 0; !err && i < interps.list.count; i++) {
		struct pyprof_gil gil = {};
		if (interps.list.items[i].gil)
			err = pyprof_observer_gil(sampler->aside,
						  interps.list.items[i].gil,
						  NULL, &gil);
		if (!err && (!pyprof_vec_push(&anchors->gils, gil) ||
			     !pyprof_vec_push(&anchors->interps,
					      interps.list.items[i])))
			err = pyprof_error_oom();
	}
	pyprof_interps_deinit(&interps);
	return err;
}

/* The GIL of a thread, or NULL when its interpreter has gone. */
static const struct pyprof_gil *gil_of(const struct anchors *anchors,
				       const struct pyprof_thread *thread)
{
	for (size_t i = 0; i < anchors->interps.count; i++)
		if (anchors->interps.items[i].address == thread->interp)
			return &anchors->gils.items[i];
	return NULL;
}

static bool is_anchor(const struct pyprof_gil *gil, uint64_t tstate)
{
	return gil->holder ? gil->holder == tstate : gil->last_holder == tstate;
}

static void find_anchor_tids(const struct pyprof_threads *threads,
			     struct anchors *anchors)
{
	for (size_t i = 0; i < threads->list.count; i++) {
		const struct pyprof_thread *thread = &threads->list.items[i];
		const struct pyprof_gil *gil = gil_of(anchors, thread);
		if (gil && is_anchor(gil, thread->address) &&
		    !pyprof_vec_push(&anchors->tids, thread->tid))
			return;
	}
}

static bool is_sampled(const struct anchors *anchors, int32_t tid)
{
	for (size_t i = 0; i < anchors->tids.count; i++)
		if (anchors->tids.items[i] == tid)
			return true;
	return false;
}

/* Whether a thread is blocked as it was at the last look and has not been on a
 * CPU since: then its stack is the same. */
static bool has_not_run(struct pyprof_watched *watched, int32_t pid)
{
	uint64_t runs, ns;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_task_schedstat(&watched->task, pid, &runs, &ns);
	bool same = !err && watched->has_os && !watched->os.running &&
		    runs == watched->runs;
	if (!err)
		watched->runs = runs;
	return same;
}

/* Look at one thread; false when it has ended. */
static bool look_aside(struct pyprof_sampler *sampler,
		       struct pyprof_watched *watched, uint64_t gil,
		       int64_t now)
{
	struct pyprof_raw_sample head = {
		.tstate = watched->tstate,
		.ident = watched->ident,
		.tid = watched->tid,
		.role = PYPROF_GIL_OUTSIDE,
		.beside = true,
		.gil = gil,
		.at_ns = (uint64_t)now,
		.ns = (uint64_t)(now - sampler->aside_ns),
	};
	if (has_not_run(watched, sampler->pid)) {
		head.same = true;
		head.os = watched->os;
		pyprof_sampler_push(sampler, &head, NULL);
		return true;
	}
	watched->has_os = false;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_task_state(&watched->task, sampler->pid, &head.os);
	struct pyprof_observation seen;
	enum pyprof_look_result result = PYPROF_LOOK_ENDED;
	for (int attempt = 0; !err && attempt < 2; attempt++) {
		result = pyprof_observe(sampler->aside, watched, gil,
					PYPROF_LOOK_ASIDE, &seen);
		if (result != PYPROF_LOOK_UNPROVEN)
			break;
	}
	if (result != PYPROF_LOOK_DONE && result != PYPROF_LOOK_UNPROVEN)
		return false;
	/* It has taken the GIL meanwhile: the looker's business now. */
	if (seen.role == PYPROF_GIL_HOLDER)
		return true;
	watched->os = head.os;
	head.exactness = seen.exactness;
	head.end = watched->stack.end;
	/* What is lost cannot be what the next one is the same as. */
	bool pushed = pyprof_sampler_push(sampler, &head, &watched->stack);
	watched->has_os = pushed && result == PYPROF_LOOK_DONE;
	return true;
}

static void follow(struct pyprof_sampler *sampler,
		   const struct pyprof_thread *thread, uint64_t gil,
		   int64_t now)
{
	struct pyprof_watched *watched;
	if (sampler->options.tid && sampler->options.tid != thread->tid)
		return;
	_cleanup_error_ struct pyprof_error *gone = pyprof_observer_watch(
		sampler->aside, thread->address, &watched);
	if (gone)
		return;
	if (look_aside(sampler, watched, gil, now)) {
		pyprof_observer_spare_files(sampler->aside, watched);
	} else {
		pyprof_observer_forget(sampler->aside, watched);
		sampler->threads_read_ns = 0;
	}
}

static struct pyprof_error *list_threads(struct pyprof_sampler *sampler,
					 int64_t now)
{
	if (now - sampler->threads_read_ns < THREADS_EVERY_NS)
		return NULL;
	pyprof_observer_expire(sampler->aside);
	struct pyprof_error *err = pyprof_threads_read(
		&sampler->attachment->decode_python, &sampler->threads);
	if (!err)
		sampler->threads_read_ns = now;
	return err;
}

/* Look at every thread that the looker does not look at. */
static void pass(struct pyprof_sampler *sampler, int64_t now)
{
	_cleanup_(anchors_deinit) struct anchors anchors = {};
	_cleanup_error_ struct pyprof_error *err = list_threads(sampler, now);
	if (err || sampler->threads.list.count < 2)
		return;
	err = find_anchors(sampler, &anchors);
	if (err)
		return;
	find_anchor_tids(&sampler->threads, &anchors);
	for (size_t i = 0; i < sampler->threads.list.count; i++) {
		const struct pyprof_thread *thread =
			&sampler->threads.list.items[i];
		const struct pyprof_gil *gil = gil_of(&anchors, thread);
		if (gil && gil->address && !is_sampled(&anchors, thread->tid))
			follow(sampler, thread, gil->address, now);
	}
}

/* `profile_lock` is held. */
static void pass_if_due(struct pyprof_sampler *sampler)
{
	if (!sampler->attachment || !pyprof_sampler_is_running(sampler) ||
	    pyprof_clock_ns() < sampler->aside_next_ns)
		return;
	if (pyprof_sampler_is_held(sampler, &sampler->aside_task)) {
		sampler->aside_ns = pyprof_clock_ns();
		return;
	}
	/* The clock is read last: the time since then must not be negative. */
	int64_t resumed_ns = pyprof_sampler_resumed_at(sampler);
	if (sampler->aside_ns < resumed_ns)
		sampler->aside_ns = resumed_ns;
	int64_t now = pyprof_clock_ns();
	pass(sampler, now);
	double cost = (double)(pyprof_clock_ns() - now);
	sampler->aside_cost_ns += (cost - sampler->aside_cost_ns) / 8;
	double period = (double)PYPROF_NS_PER_SECOND / sampler->options.rate_hz;
	double least = sampler->aside_cost_ns / ASIDE_SHARE;
	sampler->aside_ns = now;
	sampler->aside_next_ns =
		now + (int64_t)(period > least ? period : least);
}

/* `profile_lock` is held. */
static void name_threads(struct pyprof_sampler *sampler)
{
	struct pyprof_attachment *attachment = sampler->attachment;
	if (attachment)
		pyprof_namer_run(&attachment->namer, &attachment->decode_python,
				 sampler->profile, pyprof_clock_ns());
}

/* When to wake next: for a pass, or to drain the ring. */
static int64_t next_wake(const struct pyprof_sampler *sampler)
{
	int64_t now = pyprof_clock_ns();
	int64_t drain = now + DRAIN_EVERY_NS;
	if (sampler->threads.list.count < 2 || sampler->aside_next_ns > drain)
		return drain;
	/* Never in a tight loop, however high the rate. */
	int64_t soonest = now + DRAIN_EVERY_NS / 40;
	return sampler->aside_next_ns > soonest ? sampler->aside_next_ns
						: soonest;
}

void *pyprof_follower_main(void *arg)
{
	struct pyprof_sampler *sampler = arg;
	prctl(PR_SET_NAME, "pyprof-follower");
	for (;;) {
		pthread_mutex_lock(&sampler->profile_lock);
		pass_if_due(sampler);
		pyprof_sampler_take_in(sampler);
		name_threads(sampler);
		int64_t wake_ns = next_wake(sampler);
		pthread_mutex_unlock(&sampler->profile_lock);

		pthread_mutex_lock(&sampler->lock);
		struct timespec wake = {
			.tv_sec = wake_ns / PYPROF_NS_PER_SECOND,
			.tv_nsec = wake_ns % PYPROF_NS_PER_SECOND,
		};
		if (!sampler->quit && !sampler->running)
			pthread_cond_wait(&sampler->changed, &sampler->lock);
		else if (!sampler->quit)
			pthread_cond_timedwait(&sampler->changed,
					       &sampler->lock, &wake);
		bool quit = sampler->quit;
		pthread_mutex_unlock(&sampler->lock);
		if (quit)
			return NULL;
	}
}
