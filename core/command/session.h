// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A session: what one debugger holds of pyprof, from loading the plugin to its
 * end. Commands work on it, the plugin tells it what happens to the process.
 *
 * All functions are called on the debugger's main thread.
 */
#ifndef PYPROF_COMMAND_SESSION_H
#define PYPROF_COMMAND_SESSION_H

#include "core/command/heap_session.h"
#include "core/command/host.h"
#include "core/cpython/code.h"
#include "core/cpython/python.h"
#include "core/profile/profile.h"
#include "core/sampler/sampler.h"

/** The process or core that stack commands look at. */
struct pyprof_inspected {
	struct pyprof_target *target;
	struct pyprof_python *python;
	struct pyprof_code_cache *codes;
	/** What it was made for, to notice another one. */
	int32_t pid;
	char *core_path;
};

struct pyprof_session {
	const struct pyprof_host_ops *ops;
	void *host;

	/** NULL until the first `start`. */
	struct pyprof_profile *profile;
	struct pyprof_sampler *sampler;
	/** A profile that was read from a file, and its name: looked at instead
	 * of what was sampled, which is kept. NULL for none. */
	struct pyprof_profile *loaded;
	char *loaded_name;
	struct pyprof_sampler_options options;
	/** The process that the sampler was last started on; 0 for none. */
	int32_t pid;
	/** `start` was given and `stop` was not. */
	bool armed;
	/** Ticks are armed in the debugger. */
	bool ticks_armed;

	struct pyprof_inspected inspected;
	/** Strings of `inspected`. */
	struct pyprof_strtab *strings;

	struct pyprof_heap_session heaps;
};

struct pyprof_error *pyprof_session_create(const struct pyprof_host_ops *ops,
					   void *host,
					   struct pyprof_session **ret)
	PYPROF_MUST_CHECK;
/** Ends sampling, puts the debugger's settings back. NULL is accepted. */
void pyprof_session_destroy(struct pyprof_session *session);

/* Events. */

/** The process runs. Samples, when armed; a new pid is taken over. */
void pyprof_session_resumed(struct pyprof_session *session);
/** The process stands still. */
void pyprof_session_stopped(struct pyprof_session *session);
/** The process has exited, was killed or detached. The profile is kept. */
void pyprof_session_gone(struct pyprof_session *session);
/** The user deleted our catchpoint: ticks are over. */
void pyprof_session_ticks_lost(struct pyprof_session *session);
/** See pyprof_sampler_tick(). */
bool pyprof_session_tick(struct pyprof_session *session, int32_t tid);
/** Any process runs on, or the user has changed its memory: what was read of it
 * while it stood still is not what it is any more. Cheap. */
void pyprof_session_changed(struct pyprof_session *session);
/** See host.h: wake. */
void pyprof_session_poll(struct pyprof_session *session);

/* For commands. */

/** What sampling is done with unless the user says otherwise. */
extern const struct pyprof_sampler_options pyprof_session_defaults;

/**
 * Begin to sample, or change the settings; the profile is kept. The session
 * sees to `tick_signal` and `wake` of the options. On failure nothing has
 * changed.
 */
struct pyprof_error *
pyprof_session_start(struct pyprof_session *session,
		     const struct pyprof_sampler_options *options)
	PYPROF_MUST_CHECK;
/** End it; the profile is kept. */
void pyprof_session_stop(struct pyprof_session *session);
/** Empty the profile; sampling goes on. */
void pyprof_session_reset(struct pyprof_session *session);

/**
 * Look at a profile that was loaded, which is taken over, or with NULL at what
 * was sampled here.
 */
struct pyprof_error *pyprof_session_look_at(struct pyprof_session *session,
					    struct pyprof_profile *loaded,
					    const char *name) PYPROF_MUST_CHECK;

/** What the debugger looks at; USAGE when that is nothing. */
struct pyprof_error *pyprof_session_inferior(struct pyprof_session *session,
					     struct pyprof_inferior *ret)
	PYPROF_MUST_CHECK;

/**
 * The interpreter of what the debugger looks at, found anew when that changed.
 * The error is the line to show: no process, no Python in it, too new.
 */
struct pyprof_error *pyprof_session_inspect(struct pyprof_session *session,
					    struct pyprof_inspected **ret)
	PYPROF_MUST_CHECK;

/**
 * The profile: the one that was loaded, or else what was sampled here with all
 * samples taken in; USAGE when nothing was sampled yet.
 * Unlock by pyprof_session_release_profile().
 */
struct pyprof_error *pyprof_session_profile(struct pyprof_session *session,
					    const struct pyprof_profile **ret)
	PYPROF_MUST_CHECK;
void pyprof_session_release_profile(struct pyprof_session *session);

#endif /* PYPROF_COMMAND_SESSION_H */
