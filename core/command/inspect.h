// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What stack commands look at. pyprof_session_inspect() is in session.h.
 */
#ifndef PYPROF_COMMAND_INSPECT_H
#define PYPROF_COMMAND_INSPECT_H

#include "core/command/session.h"

/** A target of its own for what the debugger looks at. */
struct pyprof_error *
pyprof_inspect_target(const struct pyprof_inferior *inferior,
		      struct pyprof_target **ret) PYPROF_MUST_CHECK;

/** Forget what was looked at; empty afterwards. */
void pyprof_inspected_deinit(struct pyprof_inspected *inspected);

#endif /* PYPROF_COMMAND_INSPECT_H */
