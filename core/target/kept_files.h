// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The programs and libraries that a target has mapped, kept open, so that what
 * is read-only in them can be read when the target runs on or has gone: names
 * of types, symbols. What they have in memory that the target could write is
 * not here: that is what a memory holds.
 */
#ifndef PYPROF_TARGET_KEPT_FILES_H
#define PYPROF_TARGET_KEPT_FILES_H

#include "core/target/target.h"

/**
 * A target of the mappings and threads that `origin` has now. What is mapped
 * from no program or library is read from `origin`, as long as `is_same` says
 * that it still is what it was. `origin` is borrowed.
 */
struct pyprof_error *
pyprof_kept_files_create(struct pyprof_target *origin,
			 bool (*is_same)(struct pyprof_target *origin),
			 struct pyprof_target **ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_TARGET_KEPT_FILES_H */
