// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/cpython/gil.h"
#include "core/sampler/machine.h"
#include "core/target/linux_process.h"

/* Tries to prove one sample before something else is done. */
#define ATTEMPTS 4
/* How often an interpreter is looked for while there is none. */
#define ATTACH_EVERY_NS (50 * INT64_C(1000000))
/* A tick not handled for so long, while the process runs, is lost. */
#define TICK_LOST_NS PYPROF_NS_PER_SECOND
/* What a thread has to have run for, since the process was resumed, to be sent
 * a tick: a debugger that steps by one instruction would take the tick for the
 * end of the step. */
#define TICK_AFTER_NS INT64_C(1000000)
/* So many lost in a row: ticks do not work here. */
#define TICKS_LOST_MAX 3
/* So many looks in a row found nobody: this may be another program now. */
#define FAULTS_MAX 20
/* How often, at most, is looked whether a process that is held goes on. */
#define HELD_EVERY_NS INT64_C(1000000)
/* The shortest turn on a CPU that can be asked for. */
#define SHORTEST_TURN_NS 100000

static void count_bad(struct pyprof_sampler *sampler,
		      enum pyprof_error_code code)
{
	atomic_fetch_add(&sampler->counts.bad[code], 1);
}

/* The time that a sample of a lane taken now stands for. */
static uint64_t weight_ns(const struct pyprof_sampler *sampler,
			  const struct pyprof_lane *lane, int64_t now)
{
	return pyprof_pace_weight(&sampler->pace, now - lane->last_ns);
}

/* Whether a thread has run for TICK_AFTER_NS since the process was resumed. */
static bool has_run(struct pyprof_sampler *sampler,
		    struct pyprof_watched *watched)
{
	bool is_new = watched->resumed_ns != sampler->resumed_ns;
	if (!is_new && !watched->tick_at_ns)
		return true;
	uint64_t runs, ns = 0;
	_cleanup_error_ struct pyprof_error *unknown =
		pyprof_task_schedstat(&watched->task, sampler->pid, &runs, &ns);
	if (unknown)
		return true;
	if (is_new) {
		watched->resumed_ns = sampler->resumed_ns;
		watched->tick_at_ns = ns + TICK_AFTER_NS;
	}
	if (ns < watched->tick_at_ns)
		return false;
	watched->tick_at_ns = 0;
	return true;
}

/* Send a tick to a thread; the sample is taken when it is handled. */
static void send_tick(struct pyprof_sampler *sampler, struct pyprof_lane *lane,
		      struct pyprof_watched *watched, int64_t now)
{
	struct pyprof_pending_tick *tick = &sampler->tick;
	if (!has_run(sampler, watched))
		return;
	if (atomic_load(&tick->waiting)) {
		/* A thread that has ended took its tick with it. */
		if (syscall(SYS_tgkill, sampler->pid, tick->tid, 0)) {
			atomic_store(&tick->waiting, false);
			return;
		}
		if (now - tick->sent_ns < TICK_LOST_NS)
			return;
		atomic_store(&tick->waiting, false);
		if (++sampler->ticks_lost >= TICKS_LOST_MAX)
			pyprof_sampler_fall_back(
				sampler, PYPROF_MODE_FREE,
				"ticks do not arrive: does the program block "
				"the signal?");
		return;
	}
	tick->tid = watched->tid;
	tick->tstate = watched->tstate;
	tick->gil = lane->gil;
	tick->sent_ns = now;
	atomic_store(&tick->waiting, true);
	if (syscall(SYS_tgkill, sampler->pid, watched->tid,
		    sampler->options.tick_signal)) {
		atomic_store(&tick->waiting, false);
		count_bad(sampler, PYPROF_ERROR_GONE);
	}
}

/* Whether an OS thread was last seen holding the GIL of another lane: an
 * interpreter with a GIL of its own is called by threads that have a state in
 * the calling interpreter as well. */
static bool holds_elsewhere(const struct pyprof_sampler *sampler,
			    const struct pyprof_lane *lane, int32_t tid)
{
	for (size_t i = 0; i < sampler->lanes.count; i++) {
		const struct pyprof_lane *other = &sampler->lanes.items[i];
		if (other->gil != lane->gil && other->held && other->tid == tid)
			return true;
	}
	return false;
}

/* Hand on the sample of a lane that was taken now. */
static void push(struct pyprof_sampler *sampler, struct pyprof_lane *lane,
		 struct pyprof_watched *watched,
		 const struct pyprof_observation *seen, int64_t now)
{
	struct pyprof_raw_sample head = {
		.tstate = watched->tstate,
		.ident = watched->ident,
		.tid = watched->tid,
		.role = seen->role,
		.exactness = seen->exactness,
		.end = watched->stack.end,
		.gil = lane->gil,
		.at_ns = (uint64_t)now,
		.ns = weight_ns(sampler, lane, now),
		.held_ns = seen->held_ns,
	};
	lane->last_ns = now;
	lane->tid = watched->tid;
	lane->held = lane->gil && seen->role == PYPROF_GIL_HOLDER;
	bool elsewhere =
		lane->gil && holds_elsewhere(sampler, lane, watched->tid);
	/* It runs in another interpreter, and is sampled there. */
	if (elsewhere && !lane->held)
		return;
	/* No thread holds two GILs: 3.12 can have a thread state say that it
	 * is of the thread that made it, so what was held was another one. */
	if (elsewhere)
		head.exactness = PYPROF_EXACT_INEXACT;
	if (seen->role == PYPROF_GIL_OUTSIDE) {
		_cleanup_error_ struct pyprof_error *err = pyprof_task_state(
			&watched->task, sampler->pid, &head.os);
		if (err) {
			pyprof_observer_forget(sampler->observer, watched);
			lane->tstate = 0;
			return;
		}
		/* Without a GIL there is no holder: who runs, runs Python
		 * until the frame says otherwise. */
		if (!lane->gil && head.os.running)
			head.role = PYPROF_GIL_HOLDER;
	}
	pyprof_pace_held(&sampler->pace, seen->held_ns);
	pyprof_sampler_push(sampler, &head, &watched->stack);
}

/* The thread to look at now: who holds the GIL, or held it last. */
static struct pyprof_watched *choose(struct pyprof_sampler *sampler,
				     struct pyprof_lane *lane,
				     struct pyprof_gil *gil_ret)
{
	struct pyprof_watched *last = NULL;
	_cleanup_error_ struct pyprof_error *gone = NULL;
	if (lane->tstate)
		gone = pyprof_observer_watch(sampler->observer, lane->tstate,
					     &last);
	if (!lane->gil)
		return last;
	_cleanup_error_ struct pyprof_error *err = pyprof_observer_gil(
		sampler->observer, lane->gil, last, gil_ret);
	if (err) {
		sampler->faults++;
		count_bad(sampler, err->code);
		return NULL;
	}
	uint64_t tstate =
		gil_ret->holder ? gil_ret->holder : gil_ret->last_holder;
	struct pyprof_watched *watched = NULL;
	if (last && tstate == lane->tstate)
		watched = last;
	else if (tstate)
		err = pyprof_observer_watch(sampler->observer, tstate,
					    &watched);
	/* Who held it last may be gone; who holds it may not. */
	if (err && gil_ret->holder)
		count_bad(sampler, err->code);
	/* Another program can have memory at the same addresses. */
	sampler->faults = watched ? 0 : sampler->faults + 1;
	if (!watched || watched == last)
		return watched;
	watched->cpu = -1;
	lane->tstate = tstate;
	return watched;
}

/* The thread of the last sample, if it is likely to be that of this one: the
 * look itself tells whether it is, which saves asking first. */
static struct pyprof_watched *expect_last(struct pyprof_sampler *sampler,
					  const struct pyprof_lane *lane)
{
	struct pyprof_watched *last = NULL;
	if (!lane->tstate || sampler->mode == PYPROF_MODE_STOP)
		return NULL;
	_cleanup_error_ struct pyprof_error *gone =
		pyprof_observer_watch(sampler->observer, lane->tstate, &last);
	if (!last || !last->rseq || last->cpu < 0)
		return NULL;
	return last;
}

static bool is_wanted(const struct pyprof_sampler *sampler,
		      const struct pyprof_watched *watched)
{
	return !sampler->options.tid || sampler->options.tid == watched->tid;
}

/* The thread cannot be held: go on in the next best way. */
static void unholdable(struct pyprof_sampler *sampler, int hold_errno)
{
	enum pyprof_mode next = sampler->options.tick_signal ? PYPROF_MODE_STOP
							     : PYPROF_MODE_FREE;
	pyprof_sampler_fall_back(
		sampler, next,
		hold_errno == EPERM
			? "the thread has real-time priority"
			: "the thread's CPU is outside the CPUs we may use");
}

/* Give up proving: a tick where there are ticks, else what was seen last. */
static void settle(struct pyprof_sampler *sampler, struct pyprof_lane *lane,
		   struct pyprof_watched *watched,
		   const struct pyprof_observation *seen, bool usable,
		   int64_t now)
{
	if (sampler->options.mode == PYPROF_MODE_AUTO &&
	    sampler->options.tick_signal && lane->gil) {
		send_tick(sampler, lane, watched, now);
		return;
	}
	if (!usable) {
		count_bad(sampler, PYPROF_ERROR_FAULT);
		return;
	}
	push(sampler, lane, watched, seen, now);
}

/* Take the sample of one lane. */
static void sample_lane(struct pyprof_sampler *sampler,
			struct pyprof_lane *lane, int64_t now)
{
	struct pyprof_watched *watched = NULL;
	struct pyprof_observation seen = {};
	bool usable = false;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct pyprof_gil gil = {};
		watched = attempt ? NULL : expect_last(sampler, lane);
		if (!watched)
			watched = choose(sampler, lane, &gil);
		if (!watched || !is_wanted(sampler, watched))
			return;
		if (sampler->mode == PYPROF_MODE_STOP && gil.holder) {
			send_tick(sampler, lane, watched, now);
			return;
		}
		bool free = sampler->mode == PYPROF_MODE_FREE;
		enum pyprof_look_result result = pyprof_observe(
			sampler->observer, watched, lane->gil,
			free ? PYPROF_LOOK_FREE : PYPROF_LOOK_HELD, &seen);
		usable = result == PYPROF_LOOK_DONE ||
			 result == PYPROF_LOOK_UNPROVEN;
		/* The looker wakes up on the thread's CPU: it takes the
		 * thread's time from then on, not only during the look. */
		if (seen.held_ns)
			seen.held_ns = (uint64_t)(pyprof_clock_ns() - now);
		if (result == PYPROF_LOOK_DONE) {
			push(sampler, lane, watched, &seen, now);
			return;
		}
		if (result == PYPROF_LOOK_ENDED) {
			pyprof_observer_forget(sampler->observer, watched);
			lane->tstate = 0;
			return;
		}
		if (result == PYPROF_LOOK_UNHOLDABLE) {
			unholdable(sampler, seen.hold_errno);
			return;
		}
	}
	settle(sampler, lane, watched, &seen, usable, now);
}

/* Whether what was attached to is still there. */
static bool still_there(struct pyprof_sampler *sampler)
{
	if (sampler->faults < FAULTS_MAX)
		return true;
	sampler->faults = 0;
	return pyprof_linux_process_same(sampler->attachment->target);
}

static void sample_all(struct pyprof_sampler *sampler, int64_t now)
{
	_cleanup_error_ struct pyprof_error *err =
		pyprof_lanes_refresh(sampler, now);
	if (err)
		count_bad(sampler, err->code);
	if (!sampler->lanes.count)
		sampler->faults++;
	for (size_t i = 0; i < sampler->lanes.count; i++) {
		struct pyprof_lane *lane = &sampler->lanes.items[i];
		if (lane->last_ns < sampler->resumed_ns)
			lane->last_ns = sampler->resumed_ns;
		sample_lane(sampler, lane, now);
	}
	if (sampler->lanes.count)
		atomic_store(&sampler->stop_tid, sampler->lanes.items[0].tid);
}

/* The lane of a tick: of its GIL, unless that has gone meanwhile. */
static struct pyprof_lane *tick_lane(struct pyprof_sampler *sampler)
{
	for (size_t i = 0; i < sampler->lanes.count; i++)
		if (sampler->lanes.items[i].gil == sampler->tick.gil)
			return &sampler->lanes.items[i];
	return NULL;
}

/* The time that the sample stands for ends now, not when the tick was sent:
 * on a busy machine the thread may have gone on long after that. */
static void take_tick(struct pyprof_sampler *sampler,
		      struct pyprof_watched *watched, struct pyprof_lane *lane)
{
	struct pyprof_observation seen;
	int64_t now = pyprof_clock_ns();
	if (pyprof_observe(sampler->observer, watched, lane->gil,
			   PYPROF_LOOK_STOPPED, &seen) != PYPROF_LOOK_DONE) {
		count_bad(sampler, PYPROF_ERROR_FAULT);
		return;
	}
	/* From the signal on the thread did not run for itself. */
	seen.held_ns = (uint64_t)(pyprof_clock_ns() - sampler->tick.sent_ns);
	push(sampler, lane, watched, &seen, now);
}

bool pyprof_looker_tick(struct pyprof_sampler *sampler, int32_t tid)
{
	struct pyprof_pending_tick *tick = &sampler->tick;
	pthread_mutex_lock(&sampler->look_lock);
	bool ours = atomic_load(&tick->waiting);
	struct pyprof_lane *lane = tick_lane(sampler);
	struct pyprof_watched *watched = NULL;
	_cleanup_error_ struct pyprof_error *err = NULL;
	if (ours && sampler->attachment)
		err = pyprof_observer_watch(sampler->observer, tick->tstate,
					    &watched);
	if (watched && lane && watched->tid == tid)
		take_tick(sampler, watched, lane);
	sampler->ticks_lost = 0;
	atomic_store(&tick->waiting, false);
	pthread_mutex_unlock(&sampler->look_lock);
	return ours;
}

/* Sleep until `due_ns` or until something changes. `lock` is held. */
static void wait_until(struct pyprof_sampler *sampler, int64_t due_ns)
{
	struct timespec due = {
		.tv_sec = due_ns / PYPROF_NS_PER_SECOND,
		.tv_nsec = due_ns % PYPROF_NS_PER_SECOND,
	};
	pthread_cond_timedwait(&sampler->changed, &sampler->lock, &due);
}

/* Going to sleep takes longer; it matters where the target runs meanwhile. */
#define SLEEP_NS 20000

static bool must_wait(const struct pyprof_sampler *sampler, int64_t due_ns)
{
	int64_t spare = sampler->mode == PYPROF_MODE_FREE ? SLEEP_NS : 0;
	return pyprof_clock_ns() < due_ns - spare;
}

/* Count the time since the last look, or since the process was resumed. */
static void count_time(struct pyprof_sampler *sampler, int64_t last_ns,
		       int64_t now)
{
	int64_t since =
		last_ns > sampler->resumed_ns ? last_ns : sampler->resumed_ns;
	uint64_t elapsed = (uint64_t)(now - since);
	atomic_fetch_add(&sampler->counts.sampled_ns, elapsed);
	atomic_fetch_add(
		&sampler->counts.due_milli,
		(uint64_t)((double)elapsed * sampler->options.rate_hz / 1e6));
}

/* It was resumed after this, and nobody tells when. */
static void stands_still(struct pyprof_sampler *sampler, int64_t now)
{
	pthread_mutex_lock(&sampler->lock);
	sampler->resumed_ns = now;
	pthread_mutex_unlock(&sampler->lock);
}

/* Take what is due; false when there is no interpreter to look at. */
static bool look_once(struct pyprof_sampler *sampler, int64_t *last_ns,
		      bool *held_ret)
{
	if (!pyprof_sampler_is_attached(sampler)) {
		_cleanup_error_ struct pyprof_error *err =
			pyprof_sampler_attach(sampler);
		if (err)
			return false;
	}
	bool there = true;
	pthread_mutex_lock(&sampler->look_lock);
	if (sampler->attachment && pyprof_sampler_is_running(sampler)) {
		*held_ret =
			pyprof_sampler_is_held(sampler, &sampler->look_task);
		int64_t now = pyprof_clock_ns();
		if (*held_ret)
			stands_still(sampler, now);
		count_time(sampler, *last_ns, now);
		*last_ns = now;
		if (!*held_ret && pyprof_pace_settle(&sampler->pace, now))
			sample_all(sampler, now);
		there = still_there(sampler);
	}
	pthread_mutex_unlock(&sampler->look_lock);
	if (!there)
		pyprof_sampler_detach(sampler);
	return there;
}

/*
 * Ask for short turns, which come sooner: on a busy machine a sample that waits
 * for its turn is one of a later moment. It takes no right to, but Linux 6.12;
 * without, nothing changes.
 */
static void run_soon(void)
{
	struct sched_attr_v0 {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {
		.size = sizeof(attr),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime = SHORTEST_TURN_NS,
	};
	syscall(SYS_sched_setattr, 0, &attr, 0);
}

void *pyprof_looker_main(void *arg)
{
	struct pyprof_sampler *sampler = arg;
	int64_t due_ns = 0, last_ns = 0;
	prctl(PR_SET_TIMERSLACK, 1);
	run_soon();
	prctl(PR_SET_NAME, "pyprof-looker");
	for (;;) {
		pthread_mutex_lock(&sampler->lock);
		while (!sampler->quit && !sampler->running) {
			pthread_cond_wait(&sampler->changed, &sampler->lock);
			due_ns = 0;
		}
		if (!sampler->quit && must_wait(sampler, due_ns))
			wait_until(sampler, due_ns);
		bool quit = sampler->quit;
		bool look = sampler->running && !must_wait(sampler, due_ns);
		pthread_mutex_unlock(&sampler->lock);
		if (quit)
			return NULL;
		if (!look)
			continue;
		bool held = false;
		if (!look_once(sampler, &last_ns, &held)) {
			due_ns = pyprof_clock_ns() + ATTACH_EVERY_NS;
			continue;
		}
		int64_t now = pyprof_clock_ns();
		pthread_mutex_lock(&sampler->look_lock);
		due_ns = pyprof_pace_next(&sampler->pace, due_ns, now);
		pthread_mutex_unlock(&sampler->look_lock);
		/* Not as often as a high rate would have it. */
		if (held && due_ns < now + HELD_EVERY_NS)
			due_ns = now + HELD_EVERY_NS;
	}
}
