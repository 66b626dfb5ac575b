// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Interpreters and their thread states.
 */
#ifndef PYPROF_CPYTHON_THREAD_H
#define PYPROF_CPYTHON_THREAD_H

#include "core/base/vec.h"
#include "core/cpython/python.h"

/** No walk of a list of interpreters or threads takes more steps. */
#define PYPROF_MAX_INTERPRETERS 1024
#define PYPROF_MAX_THREADS 65536

struct pyprof_interp {
	uint64_t address;
	int64_t id;
	/** Address of the GIL it uses; 0 when there is none (free-threaded). */
	uint64_t gil;
};

struct pyprof_thread {
	/** The thread state. */
	uint64_t address;
	uint64_t interp;
	int64_t interp_id;
	/** pthread_t, which is what threading.get_ident() gives. */
	uint64_t ident;
	/** The kernel's thread id as we see it; 0 when not found out. */
	int32_t tid;
	bool is_main;
};

struct pyprof_interps {
	PYPROF_VEC(struct pyprof_interp) list;
};
struct pyprof_threads {
	PYPROF_VEC(struct pyprof_thread) list;
};

/** All interpreters, main one first. CORRUPT on a cycle or a wild pointer. */
struct pyprof_error *pyprof_interps_read(struct pyprof_python *python,
					 struct pyprof_interps *ret)
	PYPROF_MUST_CHECK;
void pyprof_interps_deinit(struct pyprof_interps *interps);

/**
 * The thread states of all interpreters, oldest first, with their OS threads:
 * by native_thread_id (mapped through pid namespaces), else by the thread
 * pointer, else by the tid in the thread descriptor.
 *
 * @param[out] ret An initialised (zeroed) list, replaced on success.
 */
struct pyprof_error *pyprof_threads_read(struct pyprof_python *python,
					 struct pyprof_threads *ret)
	PYPROF_MUST_CHECK;
void pyprof_threads_deinit(struct pyprof_threads *threads);

/** Find the OS thread of one thread state. */
struct pyprof_error *pyprof_thread_resolve(struct pyprof_python *python,
					   uint64_t tstate,
					   struct pyprof_thread *ret)
	PYPROF_MUST_CHECK;

/** Address of the thread's rseq area, 0 when there is none. */
uint64_t pyprof_thread_rseq(const struct pyprof_python *python, uint64_t ident);

#endif /* PYPROF_CPYTHON_THREAD_H */
