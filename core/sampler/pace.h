// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * When the next sample is due, and how much time a sample stands for.
 *
 * The rate asked for is kept unless that would hold the target for more of its
 * time than is allowed: what a sample takes beyond its share is a debt, which
 * is paid off by waiting.
 */
#ifndef PYPROF_SAMPLER_PACE_H
#define PYPROF_SAMPLER_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pyprof_pace {
	double period_ns;
	/** Share of time, 0 to 1, that the target may be held. */
	double share;
	/** Time held beyond what was allowed until `settled_ns`; negative when
	 * there is some to spare. */
	double debt_ns;
	int64_t settled_ns;
	/** Moving average of the time held a sample. */
	double held_ns;
	/** The wait that the sample due next was put off by. */
	double gap_ns;
	unsigned seed;
};

void pyprof_pace_init(struct pyprof_pace *pace, double rate_hz,
		      double max_stop_percent);

/** The target was held. */
void pyprof_pace_held(struct pyprof_pace *pace, uint64_t ns);

/** Time has passed; whether another sample is affordable. */
bool pyprof_pace_settle(struct pyprof_pace *pace, int64_t now_ns);

/** When the sample after the one that was due at `due_ns` is due. */
int64_t pyprof_pace_next(struct pyprof_pace *pace, int64_t due_ns,
			 int64_t now_ns);

/**
 * The time, ns, that a sample stands for that is taken `since_ns` after the
 * one before it. After a long gap it says little of most of the gap, and would
 * outweigh many others: the rest of the gap is missed.
 */
uint64_t pyprof_pace_weight(const struct pyprof_pace *pace, int64_t since_ns);

#endif /* PYPROF_SAMPLER_PACE_H */
