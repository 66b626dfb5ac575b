// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where references into the heap begin: members of interpreters and thread
 * states, and variables of frames, each with a name to show.
 */
#ifndef PYPROF_CPYTHON_ROOTS_H
#define PYPROF_CPYTHON_ROOTS_H

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
	/**
	 * The reference holds no count: it is borrowed, or it is on the stack
	 * of a frame that runs and may be of the past. Such a one explains, by
	 * its name, what is held from outside; it keeps nothing alive itself.
	 */
	bool is_uncounted;
	/** "sys.modules"; for frames "in handle (app.py:17), thread 4242:
	 * rows". Borrowed, valid during the call. */
	const char *name;
};

/**
 * Tell all of them; those of damaged threads as far as they go. INTERRUPTED
 * and what else `root` returns is passed on.
 *
 * Frames of 3.8 to 3.10, and generators that run, are objects: they are told
 * themselves, and what they refer to are edges of theirs.
 *
 * @param[out] damaged_ret How many chains of frames did not end well.
 */
struct pyprof_error *
pyprof_roots_read(struct pyprof_types *types,
		  struct pyprof_error *(*root)(void *context,
					       const struct pyprof_root *root),
		  void *context, size_t *damaged_ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_ROOTS_H */
