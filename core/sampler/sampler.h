// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The sampler: threads of ours that look at a running process at a given rate
 * and add what they see to a profile. It knows no debugger.
 *
 * One thread, the looker, takes the samples of whichever thread holds the GIL
 * (or held it last), in one of three ways (enum pyprof_mode); another, the
 * follower, looks at all other threads and turns raw samples into the
 * profile. Neither touches Python or the debugger. All signals are blocked in
 * both.
 *
 * The process may run only between pyprof_sampler_resumed() and
 * pyprof_sampler_stopped(); no sample is taken outside.
 */
#ifndef PYPROF_SAMPLER_SAMPLER_H
#define PYPROF_SAMPLER_SAMPLER_H

#include "core/profile/profile.h"

enum pyprof_mode {
	/** Preempt where it works, else stop, else free. */
	PYPROF_MODE_AUTO,
	/** Hold the thread off its CPU, and prove it. */
	PYPROF_MODE_PREEMPT,
	/** Stop the thread by a tick that the debugger handles. */
	PYPROF_MODE_STOP,
	/** Read while it runs. */
	PYPROF_MODE_FREE,
	PYPROF_MODE_COUNT
};

/** "auto", "preempt", …; ends at a NULL. */
extern const char *const pyprof_mode_names[];

#define PYPROF_RATE_MIN 1.0
#define PYPROF_RATE_MAX 100000.0

struct pyprof_sampler_options {
	enum pyprof_mode mode;
	double rate_hz;
	/** The largest share of time, percent, that the target may be held off
	 * its CPU or stopped; the rate is lowered to keep it. */
	double max_stop_percent;
	/** Sample this thread alone; 0 for all. */
	int32_t tid;
	/** The signal that ticks are sent as; 0 when ticks are not armed. */
	int tick_signal;
	/**
	 * Nobody tells when the process is stopped and resumed: look, before
	 * each sample, whether a debugger holds it. From `resumed` on it may
	 * then stand still as well; what was sampled ends and begins up to one
	 * period late.
	 */
	bool finds_stops;
	/** Called on a sampler thread when the main thread should call
	 * pyprof_sampler_poll(). May be NULL. */
	void (*wake)(void *arg);
	void *wake_arg;
};

/** What `status` prints besides the profile's own facts. */
struct pyprof_sampler_status {
	/** An interpreter has been found. */
	bool attached;
	/** It runs, as far as has been told or found. */
	bool running;
	/** The way samples are taken now. */
	enum pyprof_mode mode;
	/** Why it is not the mode asked for, "" if it is. */
	char fallback[160];
	/** Why there is no interpreter (yet), "". */
	char problem[256];
	double rate_hz, reached_hz;
	size_t threads;
};

struct pyprof_sampler;

/**
 * Make a sampler that adds to `profile` (borrowed). No thread runs yet.
 */
struct pyprof_error *pyprof_sampler_create(struct pyprof_profile *profile,
					   struct pyprof_sampler **ret)
	PYPROF_MUST_CHECK;
/** Ends the threads, takes in what was sampled, releases it. */
void pyprof_sampler_destroy(struct pyprof_sampler *sampler);

/**
 * Start sampling process `pid`, or change the settings while sampling it.
 *
 * Without an interpreter in it yet (a program that has just been started, or
 * that execs) it keeps looking for one; NOT_FOUND is not an error here. Fails
 * when the process cannot be read, or when the mode asked for cannot work.
 */
struct pyprof_error *
pyprof_sampler_start(struct pyprof_sampler *sampler, int32_t pid,
		     const struct pyprof_sampler_options *options)
	PYPROF_MUST_CHECK;

/** Stop for good; samples taken so far are in the profile on return. */
void pyprof_sampler_stop(struct pyprof_sampler *sampler);

/* What the debugger tells. */

/** The process runs from now on. */
void pyprof_sampler_resumed(struct pyprof_sampler *sampler);
/** The process stands still, or is gone. Waits until no look is under way. */
void pyprof_sampler_stopped(struct pyprof_sampler *sampler);
/**
 * The debugger has stopped thread `tid`, alone, with the tick signal. Takes
 * the sample that is due. Called on the debugger's main thread.
 *
 * @return Whether the tick was one that this sampler asked for.
 */
bool pyprof_sampler_tick(struct pyprof_sampler *sampler, int32_t tid);

/** Main-thread work: none at present but taking in pending samples. */
void pyprof_sampler_poll(struct pyprof_sampler *sampler);

/**
 * Lock the profile for reading, with all samples so far taken in. The sampler
 * goes on meanwhile and adds what it samples after unlocking.
 */
void pyprof_sampler_lock(struct pyprof_sampler *sampler);
void pyprof_sampler_unlock(struct pyprof_sampler *sampler);

/** Empty the profile, and the counts that go with it. The interpreter is looked
 * for anew. */
void pyprof_sampler_reset(struct pyprof_sampler *sampler);

void pyprof_sampler_status(struct pyprof_sampler *sampler,
			   struct pyprof_sampler_status *ret);

#endif /* PYPROF_SAMPLER_SAMPLER_H */
