// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Which OS thread a Python thread runs on.
 */
#ifndef PYPROF_CPYTHON_THREAD_OS_H
#define PYPROF_CPYTHON_THREAD_OS_H

#include "core/cpython/thread.h"

/**
 * Find `tid` and `is_main` of threads.
 *
 * @param[in,out] threads Come with `ident`, and with native_thread_id (0 when
 * there is none) in `tid`; a thread that is not found gets 0.
 */
struct pyprof_error *pyprof_threads_find_os(const struct pyprof_python *python,
					    struct pyprof_thread *threads,
					    size_t count) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_THREAD_OS_H */
