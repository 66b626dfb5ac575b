// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A look at one thread's memory: local copies of the pieces that a walk of its
 * frames needs, read in as few calls as possible.
 *
 * A look remembers the pieces that the last walk used. pyprof_look_refresh()
 * reads all of them again in one vectored call; a walk that needs another
 * piece fetches it (a miss) and so teaches the next look. While the thread
 * stands still, refresh, walk and misses together see one state.
 */
#ifndef PYPROF_CPYTHON_LOOK_H
#define PYPROF_CPYTHON_LOOK_H

#include "core/target/target.h"

struct pyprof_look;

struct pyprof_error *pyprof_look_create(struct pyprof_target *target,
					struct pyprof_look **ret)
	PYPROF_MUST_CHECK;
void pyprof_look_destroy(struct pyprof_look *look);
PYPROF_DEFINE_CLEANUP(pyprof_look, struct pyprof_look *, pyprof_look_destroy)

/** Forget all pieces. */
void pyprof_look_reset(struct pyprof_look *look);

/**
 * Get ready for the next refresh: drop the pieces that the last look did not
 * use. Optional, but keeps that work out of the time the thread is held.
 */
void pyprof_look_prepare(struct pyprof_look *look);

/** The most ranges that a refresh takes before and after the pieces. */
#define PYPROF_LOOK_EXTRA 8

/**
 * Begin a new look: read again all pieces used since the last refresh, and
 * drop those that cannot be read any more.
 *
 * @param before,after Ranges read first and last, in the same call as far as
 * the kernel's limit of ranges a call allows; for the words of a proof. At
 * most PYPROF_LOOK_EXTRA each.
 * @return Whether `before` and `after` were read.
 */
bool pyprof_look_refresh(struct pyprof_look *look,
			 const struct pyprof_range *before, size_t before_count,
			 const struct pyprof_range *after, size_t after_count);

/**
 * Local copy of `size` bytes at `address`, or NULL when unreadable. Valid
 * until the next refresh or reset; not until the next call (copies move).
 */
const void *pyprof_look_at(struct pyprof_look *look, uint64_t address,
			   size_t size);

/**
 * Like pyprof_look_at(), for memory that walks go through piecemeal: the
 * whole region is one piece.
 */
const void *pyprof_look_region(struct pyprof_look *look, uint64_t address,
			       size_t size);

/** Pieces fetched one by one since the last refresh. */
size_t pyprof_look_misses(const struct pyprof_look *look);

#endif /* PYPROF_CPYTHON_LOOK_H */
