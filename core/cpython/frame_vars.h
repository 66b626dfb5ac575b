// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a frame holds: its code and function, its variables with their names,
 * and its evaluation stack. The same for frames on a thread's data stack,
 * embedded in generators and kept by frame objects.
 */
#ifndef PYPROF_CPYTHON_FRAME_VARS_H
#define PYPROF_CPYTHON_FRAME_VARS_H

#include "core/cpython/object.h"

/**
 * Tell the references of the frame at an address: a PyFrameObject in 3.8 to
 * 3.10 (all that its type's traversal visits), an _PyInterpreterFrame from 3.11
 * on.
 *
 * A frame that runs does not keep account of its stack; what such a frame
 * surely holds and the collector does not see is UNTOLD.
 *
 * @param with_past Also tell the slots of such a stack, which may be of the
 * past, as UNTOLD and BORROWED. The sink has to check them: what they refer to
 * may be gone.
 * @return False when it is damaged; what was told until then stands.
 */
bool pyprof_frame_edges(const struct pyprof_types *types, uint64_t frame,
			bool with_past, struct pyprof_edge_sink *sink);

/**
 * The slots that a frame of this code has for variables and stack; false when
 * it is no code object.
 */
bool pyprof_frame_slots(const struct pyprof_types *types, uint64_t code,
			int64_t *variables_ret, int64_t *stack_ret);

#endif /* PYPROF_CPYTHON_FRAME_VARS_H */
