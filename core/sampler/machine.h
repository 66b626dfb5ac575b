// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The inside of a sampler, shared by its own files: sampler.c (what the
 * debugger calls), looker.c and follower.c (the two threads).
 *
 * Locks are taken in this order: `profile_lock`, `look_lock`, `lock`. None is
 * held while sleeping.
 */
#ifndef PYPROF_SAMPLER_MACHINE_H
#define PYPROF_SAMPLER_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/vec.h"
#include "core/cpython/thread.h"
#include "core/sampler/attachment.h"
#include "core/sampler/decoder.h"
#include "core/sampler/observer.h"
#include "core/sampler/pace.h"
#include "core/sampler/ring.h"
#include "core/sampler/sampler.h"

/** Bytes of raw samples that wait to be decoded. */
#define PYPROF_RING_SIZE (8u << 20)

/** What is looked at in turn by the looker: a GIL, or a thread without one. */
struct pyprof_lane {
	/** Address of the GIL; 0 in builds without one. */
	uint64_t gil;
	/** The thread state last looked at; of builds without a GIL, always. */
	uint64_t tstate;
	/** The OS thread of that, and whether it held the GIL. */
	int32_t tid;
	bool held;
	/** When the last sample was taken. */
	int64_t last_ns;
};

struct pyprof_lanes {
	struct pyprof_lane *items;
	size_t count, capacity;
};

/** A tick that was sent and has not been handled. */
struct pyprof_pending_tick {
	_Atomic bool waiting;
	int32_t tid;
	uint64_t tstate, gil;
	int64_t sent_ns;
};

/** Counts that the threads make without the profile's lock. */
struct pyprof_counts {
	_Atomic uint64_t bad[PYPROF_ERROR_COUNT];
	/** Samples handed on, and lost because the ring was full. */
	_Atomic uint64_t taken, lost;
	_Atomic uint64_t sampled_ns;
	/** Ticks due, in thousandths. */
	_Atomic uint64_t due_milli;
};

struct pyprof_sampler {
	struct pyprof_profile *profile;
	struct pyprof_ring *ring;

	/** Guards the fields up to the next lock, but for reading by the main
	 * thread, which alone writes them. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pyprof_sampler_options options;
	int32_t pid;
	bool started, running, quit;
	int64_t resumed_ns;
	/** The way samples are taken now, and why. */
	enum pyprof_mode mode;
	char fallback[160], problem[256];
	pthread_t looker, follower;

	/** Guards what looks need: held by the looker, or a tick. */
	pthread_mutex_t look_lock;
	struct pyprof_attachment *attachment;
	struct pyprof_observer *observer;
	struct pyprof_lanes lanes;
	int64_t lanes_read_ns;
	struct pyprof_pending_tick tick;
	unsigned ticks_lost, faults;
	struct pyprof_pace pace;
	struct pyprof_task look_task;

	/** Guards the profile and what decodes into it. */
	pthread_mutex_t profile_lock;
	struct pyprof_decoder *decoder;
	struct pyprof_observer *aside;
	struct pyprof_threads threads;
	int64_t threads_read_ns, aside_ns, aside_next_ns;
	double aside_cost_ns;
	struct pyprof_task aside_task;

	/** The thread to tell by that the process is held, with
	 * `options.finds_stops`: sampled last; 0 for the process's first. */
	_Atomic int32_t stop_tid;

	struct pyprof_counts counts;
};

/* sampler.c */

/** Find the interpreter. The problem, if any, is left in `problem`. */
struct pyprof_error *pyprof_sampler_attach(struct pyprof_sampler *sampler)
	PYPROF_MUST_CHECK;
/** Give the interpreter up; what was sampled is decoded first. */
void pyprof_sampler_detach(struct pyprof_sampler *sampler);
bool pyprof_sampler_is_attached(struct pyprof_sampler *sampler);
/** When the process was resumed last. */
int64_t pyprof_sampler_resumed_at(struct pyprof_sampler *sampler);
/** Whether the process runs and is being sampled. */
bool pyprof_sampler_is_running(struct pyprof_sampler *sampler);
/** Take in raw samples and counts. `profile_lock` is held. */
void pyprof_sampler_take_in(struct pyprof_sampler *sampler);
/** Hand a sample on, counting it; false when it is lost. */
bool pyprof_sampler_push(struct pyprof_sampler *sampler,
			 struct pyprof_raw_sample *head,
			 const struct pyprof_raw_stack *stack);
/** Whether the process stands still, where nobody else tells. `task` is a
 * thread's own, made by pyprof_task_init(). */
bool pyprof_sampler_is_held(struct pyprof_sampler *sampler,
			    struct pyprof_task *task);
/** Change the way samples are taken, saying why. */
void pyprof_sampler_fall_back(struct pyprof_sampler *sampler,
			      enum pyprof_mode mode, const char *why);

/* lanes.c */

/** List the GILs, or the threads, anew when it is time. */
struct pyprof_error *pyprof_lanes_refresh(struct pyprof_sampler *sampler,
					  int64_t now) PYPROF_MUST_CHECK;

/* looker.c, follower.c: thread functions, and the sample of a tick. */

void *pyprof_looker_main(void *sampler);
bool pyprof_looker_tick(struct pyprof_sampler *sampler, int32_t tid);
void *pyprof_follower_main(void *sampler);

#endif /* PYPROF_SAMPLER_MACHINE_H */
