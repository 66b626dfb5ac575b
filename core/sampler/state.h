// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a thread is doing, from where it stands in Python and in the kernel.
 */
#ifndef PYPROF_SAMPLER_STATE_H
#define PYPROF_SAMPLER_STATE_H

#include "core/cpython/code.h"
#include "core/profile/profile.h"
#include "core/target/linux_task.h"

/**
 * What a thread does that holds the GIL, or that needs none.
 *
 * @param top Its innermost frame, decoded with its opcode; NULL for none.
 */
enum pyprof_state pyprof_state_inside(const struct pyprof_layout *layout,
				      const struct pyprof_frame *top);

/**
 * What a thread does that does not hold the GIL.
 *
 * @param gil Address of the GIL that it would wait for.
 * @param top As above.
 */
enum pyprof_state pyprof_state_outside(const struct pyprof_layout *layout,
				       const struct pyprof_task_state *os,
				       uint64_t gil,
				       const struct pyprof_frame *top);

#endif /* PYPROF_SAMPLER_STATE_H */
