// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/observer.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/cpython/code.h"
#include "core/target/linux_hold.h"

/* Watches go after this many calls of pyprof_observer_expire() unused. */
#define EXPIRE_AFTER 16

/* With more threads than this, none keeps its files of /proc open. */
#define KEEP_FILES_OF 64

/* What the kernel keeps in a thread's rseq area: cpu_id_start and cpu_id. */
struct rseq_words {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
};

struct entry {
	struct pyprof_watched watched;
	UT_hash_handle hh;
};

struct pyprof_observer {
	struct pyprof_python *python;
	struct entry *watches;
	uint64_t clock;
	/* The CPU that the calling thread is pinned to; -1 when to none. */
	int pinned;
	/* Code that needs no identity; NULL when none does. */
	struct pyprof_known_codes *known;
};

struct pyprof_error *pyprof_observer_create(struct pyprof_python *python,
					    struct pyprof_observer **ret)
{
	struct pyprof_observer *observer = calloc(1, sizeof(*observer));
	if (!observer)
		return pyprof_error_oom();
	observer->python = python;
	observer->pinned = -1;
	*ret = observer;
	return NULL;
}

void pyprof_observer_identify(struct pyprof_observer *observer,
			      struct pyprof_known_codes *known)
{
	observer->known = known;
}

static void destroy_entry(struct entry *entry)
{
	pyprof_task_deinit(&entry->watched.task);
	pyprof_look_destroy(entry->watched.look);
	pyprof_raw_stack_deinit(&entry->watched.stack);
	free(entry);
}

static void drop(struct pyprof_observer *observer, struct entry *entry)
{
	HASH_DEL(observer->watches, entry);
	destroy_entry(entry);
}

void pyprof_observer_destroy(struct pyprof_observer *observer)
{
	if (!observer)
		return;
	struct entry *entry, *next;
	HASH_ITER(hh, observer->watches, entry, next)
	drop(observer, entry);
	free(observer);
}

void pyprof_observer_forget(struct pyprof_observer *observer,
			    struct pyprof_watched *watched)
{
	struct entry *entry;
	HASH_FIND(hh, observer->watches, &watched->tstate,
		  sizeof(watched->tstate), entry);
	if (entry)
		drop(observer, entry);
}

void pyprof_observer_spare_files(struct pyprof_observer *observer,
				 struct pyprof_watched *watched)
{
	if (HASH_COUNT(observer->watches) <= KEEP_FILES_OF)
		return;
	pyprof_task_deinit(&watched->task);
	pyprof_task_init(&watched->task, observer->python->target->pid,
			 watched->tid);
}

void pyprof_observer_expire(struct pyprof_observer *observer)
{
	observer->clock++;
	struct entry *entry, *next;
	HASH_ITER(hh, observer->watches, entry, next)
	if (observer->clock - entry->watched.last_used > EXPIRE_AFTER)
		drop(observer, entry);
}

static bool is_realtime(int32_t tid)
{
	int policy = sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK;
	return policy == SCHED_FIFO || policy == SCHED_RR ||
	       policy == SCHED_DEADLINE;
}

static struct pyprof_error *create_entry(struct pyprof_observer *observer,
					 uint64_t tstate, struct entry **ret)
{
	struct pyprof_python *python = observer->python;
	struct pyprof_thread thread;
	struct pyprof_error *err =
		pyprof_thread_resolve(python, tstate, &thread);
	if (err)
		return err;
	if (thread.tid <= 0)
		return pyprof_error_at(PYPROF_ERROR_GONE, tstate,
				       "no OS thread for the thread state");
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return pyprof_error_oom();
	struct pyprof_watched *watched = &entry->watched;
	watched->tstate = tstate;
	watched->ident = thread.ident;
	watched->tid = thread.tid;
	watched->cpu = -1;
	watched->rseq = pyprof_thread_rseq(python, thread.ident);
	watched->is_realtime = is_realtime(thread.tid);
	pyprof_task_init(&watched->task, python->target->pid, thread.tid);
	err = pyprof_look_create(python->target, &watched->look);
	if (err) {
		destroy_entry(entry);
		return err;
	}
	HASH_ADD(hh, observer->watches, watched.tstate, sizeof(watched->tstate),
		 entry);
	if (!entry->hh.tbl) {
		destroy_entry(entry);
		return pyprof_error_oom();
	}
	*ret = entry;
	return NULL;
}

struct pyprof_error *pyprof_observer_watch(struct pyprof_observer *observer,
					   uint64_t tstate,
					   struct pyprof_watched **ret)
{
	struct entry *entry;
	HASH_FIND(hh, observer->watches, &tstate, sizeof(tstate), entry);
	if (!entry) {
		struct pyprof_error *err =
			create_entry(observer, tstate, &entry);
		if (err)
			return err;
	}
	entry->watched.last_used = observer->clock;
	*ret = &entry->watched;
	return NULL;
}

/* The ranges of a proof: the GIL's words and the thread's last CPU. */
struct witness {
	struct pyprof_gil_words words;
	struct rseq_words rseq;
	struct pyprof_range ranges[PYPROF_GIL_RANGES + 1];
	size_t count;
};

static void add_gil(const struct pyprof_observer *observer, uint64_t gil,
		    struct witness *witness)
{
	if (gil)
		witness->count += pyprof_gil_ranges(
			observer->python, gil, &witness->words,
			witness->ranges + witness->count);
}

static void add_rseq(const struct pyprof_watched *watched,
		     struct witness *witness)
{
	if (watched && watched->rseq)
		witness->ranges[witness->count++] = (struct pyprof_range){
			.address = watched->rseq,
			.buffer = &witness->rseq,
			.size = sizeof(witness->rseq),
		};
}

static struct pyprof_gil witness_gil(const struct pyprof_observer *observer,
				     const struct witness *witness)
{
	return pyprof_gil_decode(observer->python, &witness->words);
}

struct pyprof_error *pyprof_observer_gil(struct pyprof_observer *observer,
					 uint64_t address,
					 struct pyprof_watched *watched,
					 struct pyprof_gil *ret)
{
	struct witness witness = {};
	add_gil(observer, address, &witness);
	add_rseq(watched, &witness);
	size_t read = pyprof_target_readv(observer->python->target,
					  witness.ranges, witness.count);
	size_t gil_ranges = witness.count - (watched && watched->rseq);
	if (read < gil_ranges)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read the GIL");
	if (watched && watched->rseq)
		watched->cpu =
			read == witness.count ? (int)witness.rseq.cpu_id : -1;
	*ret = witness_gil(observer, &witness);
	return NULL;
}

/* What is known of a thread before and after a look at it. */
struct proof {
	struct pyprof_hold hold;
	bool held;
	/* Without rseq: times it was put on a CPU, before it was held. */
	uint64_t runs;
	struct witness before, after;
};

/* Its last CPU where rseq does not tell. The count of runs is read first: when
 * it is still the same after the look, the thread was put on no CPU since, so
 * that it stayed where the second read says it was. */
static bool find_cpu(const struct pyprof_observer *observer,
		     struct pyprof_watched *watched, struct proof *proof)
{
	int32_t pid = observer->python->target->pid;
	if (watched->rseq) {
		if (watched->cpu >= 0)
			return true;
		struct rseq_words words;
		_cleanup_error_ struct pyprof_error *err = pyprof_target_read(
			observer->python->target, watched->rseq, &words,
			sizeof(words));
		if (err)
			return false;
		watched->cpu = (int)words.cpu_id;
		return watched->cpu >= 0;
	}
	uint64_t ns;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_task_schedstat(&watched->task, pid, &proof->runs, &ns);
	if (!err)
		err = pyprof_task_last_cpu(&watched->task, pid, &watched->cpu);
	return !err;
}

/* What was read as its CPU is none when the thread has ended and its memory is
 * used for something else. */
static enum pyprof_look_result
why_unholdable(const struct pyprof_observer *observer,
	       struct pyprof_watched *watched)
{
	int claimed = watched->cpu, cpu;
	watched->cpu = -1;
	_cleanup_error_ struct pyprof_error *ended = pyprof_task_last_cpu(
		&watched->task, observer->python->target->pid, &cpu);
	if (ended)
		return PYPROF_LOOK_ENDED;
	return cpu == claimed ? PYPROF_LOOK_UNHOLDABLE : PYPROF_LOOK_FAULT;
}

static enum pyprof_look_result begin_hold(struct pyprof_observer *observer,
					  struct pyprof_watched *watched,
					  struct proof *proof,
					  struct pyprof_observation *ret)
{
	if (watched->is_realtime) {
		ret->hold_errno = EPERM;
		return PYPROF_LOOK_UNHOLDABLE;
	}
	if (!find_cpu(observer, watched, proof))
		return PYPROF_LOOK_ENDED;
	int failed = EAGAIN;
	if (observer->pinned == watched->cpu)
		failed = pyprof_hold_again(&proof->hold, watched->cpu);
	/* Also where another program has changed what we are pinned to. */
	if (failed == EAGAIN)
		failed = pyprof_hold_begin(&proof->hold, watched->cpu);
	observer->pinned = failed ? -1 : watched->cpu;
	proof->held = !failed;
	if (!failed)
		return PYPROF_LOOK_DONE;
	if (failed == EAGAIN)
		return PYPROF_LOOK_FAULT;
	ret->hold_errno = failed;
	return why_unholdable(observer, watched);
}

/* Whether the thread was on the CPU that was sat on, before and after. */
static bool stayed_off(struct pyprof_watched *watched,
		       const struct proof *proof, uint64_t runs_after)
{
	if (!watched->rseq)
		return runs_after == proof->runs;
	watched->cpu = (int)proof->after.rseq.cpu_id;
	return (int)proof->before.rseq.cpu_id == proof->hold.cpu &&
	       (int)proof->after.rseq.cpu_id == proof->hold.cpu;
}

static bool end_hold(struct pyprof_observer *observer,
		     struct pyprof_watched *watched, struct proof *proof,
		     struct pyprof_observation *ret)
{
	uint64_t runs = 0, ns;
	bool known = true;
	if (!watched->rseq) {
		_cleanup_error_ struct pyprof_error *err =
			pyprof_task_schedstat(&watched->task,
					      observer->python->target->pid,
					      &runs, &ns);
		known = !err;
	}
	int64_t held_ns;
	bool stayed = pyprof_hold_end(&proof->hold, &held_ns);
	ret->held_ns = (uint64_t)held_ns;
	return stayed && known && stayed_off(watched, proof, runs);
}

/* Whether a GIL says that thread `tstate` did not run Python meanwhile, unless
 * it held the GIL or held it last, which is for the hold to tell. */
static bool gil_unmoved(uint64_t tstate, const struct pyprof_gil *before,
			const struct pyprof_gil *after)
{
	if (before->holder == tstate)
		return after->holder == tstate;
	return after->holder != tstate &&
	       before->switch_number == after->switch_number;
}

/* The thread state has to be the one that was resolved. It is read whole: the
 * walk finds what it needs of it in the same piece. */
static bool same_thread(const struct pyprof_observer *observer,
			struct pyprof_watched *watched)
{
	const struct pyprof_offsets *at = &observer->python->layout.at;
	const char *copy = pyprof_look_region(watched->look, watched->tstate,
					      (size_t)at->thread.size);
	return copy && !memcmp(copy + at->thread.thread_id, &watched->ident, 8);
}

static void identify(const struct pyprof_observer *observer,
		     struct pyprof_watched *watched)
{
	struct pyprof_raw_frame *last = NULL;
	for (size_t i = 0; i < watched->stack.count; i++) {
		struct pyprof_raw_frame *frame = &watched->stack.frames[i];
		frame->identity = 0;
		if (last && last->code == frame->code)
			frame->identity = last->identity;
		else if (!pyprof_known_codes_have(observer->known, frame->code))
			frame->identity = pyprof_code_identify(
				observer->python, watched->look, frame->code);
		last = frame;
	}
}

/* Read and walk; what moved under it is judged by the caller. */
static enum pyprof_look_result read_stack(struct pyprof_observer *observer,
					  struct pyprof_watched *watched,
					  struct proof *proof)
{
	struct witness *before = &proof->before, *after = &proof->after;
	struct pyprof_target *target = observer->python->target;
	if (!pyprof_look_refresh(watched->look, before->ranges, before->count,
				 after->ranges, after->count))
		return PYPROF_LOOK_FAULT;
	_cleanup_error_ struct pyprof_error *err = NULL;
	if (!same_thread(observer, watched))
		return PYPROF_LOOK_ENDED;
	err = pyprof_frames_walk(observer->python, watched->look,
				 watched->tstate, &watched->stack);
	if (err)
		return PYPROF_LOOK_FAULT;
	if (observer->known)
		identify(observer, watched);
	if (pyprof_look_misses(watched->look) &&
	    pyprof_target_readv(target, after->ranges, after->count) !=
		    after->count)
		return PYPROF_LOOK_FAULT;
	return PYPROF_LOOK_DONE;
}

static enum pyprof_exactness exactness_of(enum pyprof_look_way way, bool holder,
					  bool has_gil)
{
	switch (way) {
	case PYPROF_LOOK_HELD:
		return has_gil ? PYPROF_EXACT_PROVEN : PYPROF_EXACT_OWN;
	case PYPROF_LOOK_STOPPED:
		return holder ? PYPROF_EXACT_STOPPED : PYPROF_EXACT_OWN;
	case PYPROF_LOOK_ASIDE:
		return PYPROF_EXACT_PROVEN;
	case PYPROF_LOOK_FREE:
		break;
	}
	return PYPROF_EXACT_INEXACT;
}

static enum pyprof_look_result
judge(struct pyprof_observer *observer, struct pyprof_watched *watched,
      const struct proof *proof, enum pyprof_look_way way, uint64_t gil,
      bool stayed, struct pyprof_observation *ret)
{
	uint64_t tstate = watched->tstate;
	struct pyprof_gil before = witness_gil(observer, &proof->before);
	struct pyprof_gil after = witness_gil(observer, &proof->after);
	bool holder = gil && before.holder == tstate;
	bool proven = stayed;

	ret->role = holder ? PYPROF_GIL_HOLDER : PYPROF_GIL_OUTSIDE;
	/* Another thread has it, or had it last: this one is not the one to
	 * sample. */
	if (gil && (way == PYPROF_LOOK_HELD || way == PYPROF_LOOK_FREE) &&
	    !holder && (before.holder || before.last_holder != tstate))
		return PYPROF_LOOK_OVERTAKEN;
	if (gil && way == PYPROF_LOOK_HELD) {
		proven = stayed && gil_unmoved(tstate, &before, &after);
	} else if (way == PYPROF_LOOK_ASIDE) {
		proven = gil && !holder && before.last_holder != tstate &&
			 gil_unmoved(tstate, &before, &after);
	}
	ret->exactness = proven ? exactness_of(way, holder, gil != 0)
				: PYPROF_EXACT_INEXACT;
	return proven ? PYPROF_LOOK_DONE : PYPROF_LOOK_UNPROVEN;
}

enum pyprof_look_result pyprof_observe(struct pyprof_observer *observer,
				       struct pyprof_watched *watched,
				       uint64_t gil_address,
				       enum pyprof_look_way way,
				       struct pyprof_observation *ret)
{
	struct proof proof = {};
	struct pyprof_watched *held = way == PYPROF_LOOK_HELD ? watched : NULL;
	add_gil(observer, gil_address, &proof.before);
	add_rseq(held, &proof.before);
	add_rseq(held, &proof.after);
	add_gil(observer, gil_address, &proof.after);

	*ret = (struct pyprof_observation){.exactness = PYPROF_EXACT_INEXACT};
	pyprof_look_prepare(watched->look);
	enum pyprof_look_result result = PYPROF_LOOK_DONE;
	if (way == PYPROF_LOOK_HELD)
		result = begin_hold(observer, watched, &proof, ret);
	if (result != PYPROF_LOOK_DONE)
		return result;

	result = read_stack(observer, watched, &proof);
	bool stayed = true;
	if (proof.held)
		stayed = end_hold(observer, watched, &proof, ret);
	if (result != PYPROF_LOOK_DONE)
		return result;
	return judge(observer, watched, &proof, way, gil_address, stayed, ret);
}
