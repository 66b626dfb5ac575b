// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where source text comes from: the files as the process itself sees them.
 */
#ifndef PYPROF_COMMAND_SOURCES_H
#define PYPROF_COMMAND_SOURCES_H

#include "core/command/session.h"
#include "core/report/source.h"

/** A source reader for a process: in its own root and working directory. */
struct pyprof_error *pyprof_sources_of_process(int32_t pid,
					       struct pyprof_source **ret)
	PYPROF_MUST_CHECK;

/** The same for the process of the profile; in ours when it is gone. */
struct pyprof_error *
pyprof_sources_of_profile(struct pyprof_session *session,
			  const struct pyprof_profile *profile,
			  struct pyprof_source **ret) PYPROF_MUST_CHECK;

/** A source reader for a core dump: files newer than it have changed. */
struct pyprof_error *pyprof_sources_of_core(const char *core_path,
					    struct pyprof_source **ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_SOURCES_H */
