// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where references into the heap begin: members of interpreters and thread
 * states, and variables of frames, each with a name to show.
 */
#ifndef PYPROF_CPYTHON_ROOTS_H
#define PYPROF_CPYTHON_ROOTS_H

#include "core/cpython/code.h"
#include "core/cpython/object.h"

enum pyprof_root_kind {
	/** A member of an interpreter: sys.modules, builtins. */
	PYPROF_ROOT_INTERPRETER,
	/** A member of a thread state. */
	PYPROF_ROOT_THREAD,
	/** A variable, or the evaluation stack, of a frame that runs. */
	PYPROF_ROOT_FRAME,
};

struct pyprof_root {
	enum pyprof_root_kind kind;
	uint64_t target;
	/** "sys.modules"; for frames "in handle (app.py:17), thread 4242:
	 * rows". Borrowed, valid during the call. */
	const char *name;
};

/**
 * Tell all of them; those of damaged threads as far as they go. INTERRUPTED
 * and what else `root` returns is passed on.
 *
 * @param[out] damaged_ret How many chains of frames did not end well.
 */
struct pyprof_error *
pyprof_roots_read(struct pyprof_types *types, struct pyprof_code_cache *codes,
		  struct pyprof_error *(*root)(void *context,
					       const struct pyprof_root *root),
		  void *context, size_t *damaged_ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_ROOTS_H */
