// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Looking at the stack of one thread of a process that may be running, and
 * saying how exact the look was.
 *
 * An observer belongs to one thread at a time; whoever shares one locks it.
 */
#ifndef PYPROF_SAMPLER_OBSERVER_H
#define PYPROF_SAMPLER_OBSERVER_H

#include "core/cpython/frame.h"
#include "core/cpython/gil.h"
#include "core/cpython/thread.h"
#include "core/profile/profile.h"
#include "core/sampler/attachment.h"
#include "core/sampler/ring.h"
#include "core/target/linux_task.h"

/** What keeps the thread from changing its frames during the look. */
enum pyprof_look_way {
	/** We sit on its CPU. */
	PYPROF_LOOK_HELD,
	/** The debugger has stopped it. */
	PYPROF_LOOK_STOPPED,
	/** It has no GIL, and would leave a trace if it took it. */
	PYPROF_LOOK_ASIDE,
	/** Nothing. */
	PYPROF_LOOK_FREE,
};

/** A thread state being watched. */
struct pyprof_watched {
	uint64_t tstate, ident;
	int32_t tid;
	/** Address of its rseq area, 0 when there is none. */
	uint64_t rseq;
	/** Its last known CPU, -1 when not known. */
	int cpu;
	/** It is scheduled ahead of us: holding it does not work. */
	bool is_realtime;
	struct pyprof_task task;
	/** For the follower: how often it had been put on a CPU at the last
	 * look, and what it was doing then. */
	uint64_t runs;
	struct pyprof_task_state os;
	bool has_os;
	/** For ticks: which resumption this is of, and how long the thread has
	 * to have run, by the kernel's count, to get one; 0 when it has. */
	int64_t resumed_ns;
	uint64_t tick_at_ns;
	struct pyprof_look *look;
	struct pyprof_raw_stack stack;
	/** Of the observer's clock, for dropping those long unused. */
	uint64_t last_used;
};

struct pyprof_observer;

/** `python` and its target are borrowed and must outlive the observer. */
struct pyprof_error *pyprof_observer_create(struct pyprof_python *python,
					    struct pyprof_observer **ret)
	PYPROF_MUST_CHECK;
/** Keep the identity of all code in stacks that is not in `known` (borrowed).
 */
void pyprof_observer_identify(struct pyprof_observer *observer,
			      struct pyprof_known_codes *known);
void pyprof_observer_destroy(struct pyprof_observer *observer);

/**
 * The thread of a thread state, found out when seen first.
 *
 * GONE or CORRUPT when there is no such thread (a thread state that has been
 * freed). The result is valid until the next call.
 */
struct pyprof_error *pyprof_observer_watch(struct pyprof_observer *observer,
					   uint64_t tstate,
					   struct pyprof_watched **ret)
	PYPROF_MUST_CHECK;

/** Forget a thread that has ended. */
void pyprof_observer_forget(struct pyprof_observer *observer,
			    struct pyprof_watched *watched);

/** Read a GIL and, in the same call, the last CPU of `watched` (or NULL). */
struct pyprof_error *
pyprof_observer_gil(struct pyprof_observer *observer, uint64_t address,
		    struct pyprof_watched *watched, struct pyprof_gil *ret)
	PYPROF_MUST_CHECK;

/** How a look went. */
enum pyprof_look_result {
	/** The stack is in `watched->stack`. */
	PYPROF_LOOK_DONE,
	/** Likewise, but the proof failed: another try may do better. */
	PYPROF_LOOK_UNPROVEN,
	/** The GIL has changed hands: begin again with who has it now. */
	PYPROF_LOOK_OVERTAKEN,
	/** Nothing was read: another try may do better. */
	PYPROF_LOOK_FAULT,
	/** The thread's CPU cannot be sat on; see hold_errno. */
	PYPROF_LOOK_UNHOLDABLE,
	/** The thread has ended, or its state is another thread's. */
	PYPROF_LOOK_ENDED,
};

struct pyprof_observation {
	enum pyprof_exactness exactness;
	enum pyprof_gil_role role;
	uint64_t held_ns;
	int hold_errno;
};

/**
 * Look at a thread.
 *
 * @param gil_address The GIL it uses; 0 in builds without one.
 * @param[out] ret Always set; meaningful for DONE and UNPROVEN.
 */
enum pyprof_look_result pyprof_observe(struct pyprof_observer *observer,
				       struct pyprof_watched *watched,
				       uint64_t gil_address,
				       enum pyprof_look_way way,
				       struct pyprof_observation *ret);

/**
 * Close the files of a thread if so many are watched that the debugger could
 * run out of descriptors; they are opened again when needed.
 */
void pyprof_observer_spare_files(struct pyprof_observer *observer,
				 struct pyprof_watched *watched);

/** Drop threads not watched for a while. Call now and then. */
void pyprof_observer_expire(struct pyprof_observer *observer);

#endif /* PYPROF_SAMPLER_OBSERVER_H */
