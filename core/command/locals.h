// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The local variables of frames, as text. Of the process only what is shown is
 * read; it has to stand still meanwhile, and nothing runs in it.
 */
#ifndef PYPROF_COMMAND_LOCALS_H
#define PYPROF_COMMAND_LOCALS_H

#include "core/base/vec.h"
#include "core/command/session.h"
#include "core/target/memory.h"

struct pyprof_locals;

/** Get ready to read variables of what is inspected, which is borrowed. */
struct pyprof_error *pyprof_locals_create(struct pyprof_inspected *inspected,
					  struct pyprof_locals **ret)
	PYPROF_MUST_CHECK;
void pyprof_locals_destroy(struct pyprof_locals *locals);
PYPROF_DEFINE_CLEANUP(pyprof_locals, struct pyprof_locals *,
		      pyprof_locals_destroy)

struct pyprof_local {
	/** Both bounded and owned by `locals`, valid until the next read. */
	const char *name, *value;
};

/**
 * The variables of the frame at an address that have a value, in the order in
 * which the code declares them; of a cell, what is in it.
 *
 * @param[out] damaged_ret Set when the frame is damaged: what was found until
 * then is told.
 */
struct pyprof_error *pyprof_locals_read(struct pyprof_locals *locals,
					uint64_t frame,
					const struct pyprof_local **ret,
					size_t *count_ret, bool *damaged_ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_LOCALS_H */
