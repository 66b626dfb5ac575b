// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Work shared by a few threads for as long as a call lasts.
 *
 * The work is split by its owner: each thread takes what nobody has taken yet,
 * by an atomic counter. The calling thread is number 0 and the only one that
 * may report progress.
 */
#ifndef PYPROF_BASE_PARALLEL_H
#define PYPROF_BASE_PARALLEL_H

#include <stddef.h>

/** More are never used. */
#define PYPROF_PARALLEL_MAX 4

/**
 * Call `run` in several threads, at most one a processor, `wanted` and
 * PYPROF_PARALLEL_MAX, and return when all have. Where threads cannot be had
 * it is the calling one alone.
 */
void pyprof_parallel(size_t wanted, void (*run)(void *context, size_t thread),
		     void *context);

#endif /* PYPROF_BASE_PARALLEL_H */
