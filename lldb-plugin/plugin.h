// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The plugin: one session for each debugger that it was loaded into.
 *
 * module.cpp is what LLDB sees, sb.cpp what is asked of LLDB (sb.h). plugin.c
 * runs commands, host.c answers the session's questions, watch.c notices what
 * becomes of the process, local.h tells which processes are LLDB's own.
 *
 * Commands come on any thread of LLDB's, and watch.c has one of its own: all
 * that is in struct pyprof_lldb is used with its lock held. While it is held
 * outside of a command, nothing is called that takes a lock of LLDB's: the
 * thread that has that one may be waiting for ours.
 */
#ifndef PYPROF_LLDB_PLUGIN_H
#define PYPROF_LLDB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "core/base/buf.h"
#include "core/base/error.h"

struct pyprof_lldb;

/** Make the session of a debugger. It lasts until LLDB ends. */
struct pyprof_error *pyprof_lldb_create(uint64_t debugger,
					struct pyprof_lldb **ret)
	PYPROF_MUST_CHECK;

/** Run a command, its words given; what it prints is appended to `out`. */
struct pyprof_error *pyprof_lldb_run(struct pyprof_lldb *plugin,
				     const char *const *words, size_t count,
				     struct pyprof_buf *out) PYPROF_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* PYPROF_LLDB_PLUGIN_H */
