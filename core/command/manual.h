// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The manual page, from the rows of the tables of commands and formats.
 */
#ifndef PYPROF_COMMAND_MANUAL_H
#define PYPROF_COMMAND_MANUAL_H

#include "core/base/buf.h"

/** Append the page in the man(7) language. */
void pyprof_manual_write(struct pyprof_buf *out);

#endif /* PYPROF_COMMAND_MANUAL_H */
