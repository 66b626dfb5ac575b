// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What Python calls its threads: the names of threading.Thread objects, in
 * threading._active of each interpreter. The kernel knows them from 3.14 on,
 * and then the first 15 bytes.
 *
 * Nothing is known where `threading` was not imported, for threads that it did
 * not start and that never asked it who they are, and while a thread starts.
 */
#ifndef PYPROF_CPYTHON_THREAD_NAMES_H
#define PYPROF_CPYTHON_THREAD_NAMES_H

#include "core/cpython/python.h"

/** Names are cut there, between two characters. */
#define PYPROF_THREAD_NAME_MAX 256

struct pyprof_thread_names;

/**
 * Read the names of all threads there are. Of a process that runs some may be
 * missing; what has no name that can be read is left out.
 */
struct pyprof_error *
pyprof_thread_names_read(const struct pyprof_python *python,
			 struct pyprof_thread_names **ret) PYPROF_MUST_CHECK;
void pyprof_thread_names_destroy(struct pyprof_thread_names *names);
PYPROF_DEFINE_CLEANUP(pyprof_thread_names, struct pyprof_thread_names *,
		      pyprof_thread_names_destroy)

/**
 * The name of the thread with this threading.get_ident() in an interpreter of
 * this id,
 * printable UTF-8 of less than PYPROF_THREAD_NAME_MAX bytes; "" when it is not
 * known.
 */
const char *pyprof_thread_name(const struct pyprof_thread_names *names,
			       int64_t interp_id, uint64_t ident);

#endif /* PYPROF_CPYTHON_THREAD_NAMES_H */
