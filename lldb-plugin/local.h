// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Which processes are of this machine and debugged by this very LLDB. One file
 * for each operating system, named for it, answers.
 */
#ifndef PYPROF_LLDB_PLUGIN_LOCAL_H
#define PYPROF_LLDB_PLUGIN_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Whether process `pid` lives and the LLDB we are in, or the server that it
 * started, traces it. What is behind a server that someone else started is not
 * local: LLDB's pid need not be one of this machine.
 */
bool pyprof_lldb_is_local(int32_t pid);

/**
 * Whether a local process is not held by its tracer now. LLDB itself says so
 * only once it has dealt with its own events.
 */
bool pyprof_lldb_is_running(int32_t pid);

#endif /* PYPROF_LLDB_PLUGIN_LOCAL_H */
