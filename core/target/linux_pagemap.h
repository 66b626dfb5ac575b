// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * /proc/PID/pagemap: which pages of a process are in use.
 */
#ifndef PYPROF_TARGET_LINUX_PAGEMAP_H
#define PYPROF_TARGET_LINUX_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

/**
 * Fill in what pyprof_target_ops.resident() promises.
 *
 * @return 0 or an errno.
 */
int pyprof_linux_pagemap_read(int32_t pid, uint64_t start, size_t count,
			      uint8_t *flags);

/**
 * The first page in use of [start, end), `end` when there is none; `start` on
 * kernels that cannot be asked (before 6.7).
 */
uint64_t pyprof_linux_pagemap_next(int32_t pid, uint64_t start, uint64_t end);

#endif /* PYPROF_TARGET_LINUX_PAGEMAP_H */
