// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Profiles in files, as `save`, `load` and `diff` have them.
 */
#ifndef PYPROF_COMMAND_PROFILE_FILE_H
#define PYPROF_COMMAND_PROFILE_FILE_H

#include "core/command/session.h"

/** Read a profile that the user named, "~/" being his home. */
struct pyprof_error *pyprof_profile_read(const char *path,
					 struct pyprof_profile **ret)
	PYPROF_MUST_CHECK;

/**
 * Append a line about a profile: "NAME: 1,234 samples in 12.3 s of python3
 * app.py (pid 42), CPython 3.13.5 release, mode preempt"; and one more when
 * samples of it are missing.
 */
void pyprof_profile_describe(const struct pyprof_profile *profile,
			     const char *name, struct pyprof_buf *out);

/**
 * If a profile was loaded, look at what was sampled here again, and append a
 * line that says so.
 */
void pyprof_profile_put_away(struct pyprof_session *session,
			     struct pyprof_buf *out);

#endif /* PYPROF_COMMAND_PROFILE_FILE_H */
