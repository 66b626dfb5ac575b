// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Whether the process that the plugin was loaded into is an LLDB that has what
 * the plugin calls. It is not linked with LLDB, and a call of a function that
 * is not there would end the process.
 */
#ifndef PYPROF_LLDB_PLUGIN_NEEDED_H
#define PYPROF_LLDB_PLUGIN_NEEDED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** All functions of LLDB's that are needed, mangled; ends at a NULL. Made from
 * the object files by lldb.am. */
extern const char *const pyprof_lldb_needed[];

/** The first function of them that is not there, or NULL. */
const char *pyprof_lldb_missing(void);

/** Let the functions of the library that holds `function` be found by us: the
 * library may have been loaded as one's own, as Python does with modules. */
void pyprof_lldb_share(const void *function);

#ifdef __cplusplus
}
#endif

#endif /* PYPROF_LLDB_PLUGIN_NEEDED_H */
