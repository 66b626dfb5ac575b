// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Raw samples on their way from the threads that take them to the one that
 * decodes them: a bounded queue that never blocks a producer on a consumer.
 */
#ifndef PYPROF_SAMPLER_RING_H
#define PYPROF_SAMPLER_RING_H

#include "core/cpython/frame.h"
#include "core/profile/profile.h"
#include "core/target/linux_task.h"

/** What a thread had to do with the GIL when it was looked at. */
enum pyprof_gil_role {
	/** It held it. */
	PYPROF_GIL_HOLDER,
	/** It did not; `os` tells what it did instead. */
	PYPROF_GIL_OUTSIDE,
};

struct pyprof_raw_sample {
	uint64_t tstate, ident;
	int32_t tid;
	enum pyprof_gil_role role;
	enum pyprof_exactness exactness;
	enum pyprof_walk_end end;
	/** The thread has not run since its last sample: no frames, the stack
	 * is that one's. */
	bool same;
	/** Not one of the ticks that the rate counts: a thread looked at beside
	 * the one that held the GIL. */
	bool beside;
	/** For OUTSIDE. */
	struct pyprof_task_state os;
	/** Address of the GIL that the thread would wait for. */
	uint64_t gil;
	/** When it was taken, by pyprof_clock_ns(). */
	uint64_t at_ns;
	/** Time that the sample stands for, and that the target was held. */
	uint64_t ns, held_ns;
	size_t count;
	struct pyprof_raw_frame frames[];
};

struct pyprof_ring;

struct pyprof_error *pyprof_ring_create(size_t bytes, struct pyprof_ring **ret)
	PYPROF_MUST_CHECK;
void pyprof_ring_destroy(struct pyprof_ring *ring);

/**
 * Copy a sample in: `head` without its frames, then `count` frames of
 * `stack`. Any thread.
 *
 * @return false when it does not fit; it is lost then, and counted by the
 * caller.
 */
bool pyprof_ring_push(struct pyprof_ring *ring,
		      const struct pyprof_raw_sample *head,
		      const struct pyprof_raw_frame *frames, size_t count);

/** The oldest sample, or NULL. One thread at a time. */
const struct pyprof_raw_sample *pyprof_ring_peek(struct pyprof_ring *ring);

/** Drop the sample that pyprof_ring_peek() returned. */
void pyprof_ring_pop(struct pyprof_ring *ring);

#endif /* PYPROF_SAMPLER_RING_H */
