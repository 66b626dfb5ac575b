// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The Python stack of one thread, decoded for showing.
 */
#ifndef PYPROF_COMMAND_STACK_H
#define PYPROF_COMMAND_STACK_H

#include "core/base/vec.h"
#include "core/command/session.h"
#include "core/cpython/code.h"
#include "core/cpython/frame.h"

/** One frame; names are strings of the session. */
struct pyprof_stack_row {
	uint32_t name, qualname, file;
	struct pyprof_position position;
	/** Where the frame is in the target. */
	uint64_t frame;
};

/** Zero-initialise. */
struct pyprof_stack_view {
	/** Most recent first. */
	PYPROF_VEC(struct pyprof_stack_row) rows;
	enum pyprof_walk_end end;
	/** Why it ended early, "" when it did not. */
	struct pyprof_buf why;
};

/**
 * Read the stack of a thread state. One that cannot be read to its end is no
 * error: what there is is kept, with the reason.
 *
 * @param is_running The process runs meanwhile: torn reads are tried again.
 */
struct pyprof_error *pyprof_stack_read(struct pyprof_inspected *inspected,
				       uint64_t tstate, bool is_running,
				       struct pyprof_stack_view *view)
	PYPROF_MUST_CHECK;
void pyprof_stack_deinit(struct pyprof_stack_view *view);

#endif /* PYPROF_COMMAND_STACK_H */
