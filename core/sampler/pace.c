// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/pace.h"

#include <stdlib.h>

#include "core/base/clock.h"

/* The share of a period that sample times are moved at random, each way, so
 * that they do not keep step with the program. */
#define JITTER 0.25
/* A sample stands for no more periods than this. */
#define PERIODS_MAX 4
/* How much holding time may be saved up. */
#define CREDIT_MAX_NS 5e6

void pyprof_pace_init(struct pyprof_pace *pace, double rate_hz,
		      double max_stop_percent)
{
	int64_t now = pyprof_clock_ns();
	*pace = (struct pyprof_pace){
		.period_ns = (double)PYPROF_NS_PER_SECOND / rate_hz,
		.share = max_stop_percent / 100,
		.settled_ns = now,
		.seed = (unsigned)now,
	};
	pace->gap_ns = pace->period_ns;
}

void pyprof_pace_held(struct pyprof_pace *pace, uint64_t ns)
{
	double held = (double)ns;
	pace->debt_ns += held;
	/* One look that took ages, as when the machine was busy with something
	 * else, does not count for more than several. */
	double most = pace->held_ns * 4 + 1e5;
	pace->held_ns += ((held < most ? held : most) - pace->held_ns) / 16;
}

bool pyprof_pace_settle(struct pyprof_pace *pace, int64_t now_ns)
{
	pace->debt_ns -= (double)(now_ns - pace->settled_ns) * pace->share;
	pace->settled_ns = now_ns;
	if (pace->debt_ns < -CREDIT_MAX_NS)
		pace->debt_ns = -CREDIT_MAX_NS;
	return pace->debt_ns <= 0;
}

/* A number in [-JITTER, JITTER]. */
static double jitter(unsigned *seed)
{
	return (rand_r(seed) / (double)RAND_MAX * 2 - 1) * JITTER;
}

int64_t pyprof_pace_next(struct pyprof_pace *pace, int64_t due_ns,
			 int64_t now_ns)
{
	due_ns += (int64_t)(pace->period_ns * (1 + jitter(&pace->seed)));
	/* Late samples are missed, not made up for; and however high the rate,
	 * the target runs between two of them. */
	double least = pace->held_ns;
	if (pace->debt_ns / pace->share > least)
		least = pace->debt_ns / pace->share;
	int64_t soonest = now_ns + (int64_t)least;
	if (due_ns < soonest)
		due_ns = soonest;
	pace->gap_ns = (double)(due_ns - now_ns);
	return due_ns;
}

uint64_t pyprof_pace_weight(const struct pyprof_pace *pace, int64_t since_ns)
{
	double usual =
		pace->period_ns > pace->gap_ns ? pace->period_ns : pace->gap_ns;
	double most = usual * PERIODS_MAX;
	/* A lane that was found just now is newer than the sample. */
	if (since_ns < 0)
		return 0;
	return (uint64_t)((double)since_ns < most ? (double)since_ns : most);
}
