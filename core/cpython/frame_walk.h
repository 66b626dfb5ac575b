// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the walkers of all shapes of frames share: reading words of local
 * copies, watching the chain and keeping frames.
 */
#ifndef PYPROF_CPYTHON_FRAME_WALK_H
#define PYPROF_CPYTHON_FRAME_WALK_H

#include <string.h>

#include "core/cpython/frame.h"

/** A linked list that may have been made to lead back to itself. */
struct pyprof_chain {
	uint64_t marker;
	size_t steps, marker_step;
};

/**
 * Count one step of a chain.
 *
 * @return False when the chain leads in a circle. The marker stays on a member
 * for twice as long each time, so that it is met at last.
 */
static inline bool pyprof_chain_step(struct pyprof_chain *chain,
				     uint64_t address)
{
	if (address == chain->marker)
		return false;
	if (chain->steps++ == chain->marker_step) {
		chain->marker = address;
		chain->marker_step = chain->steps * 2;
	}
	return true;
}

static inline uint64_t pyprof_word(const char *copy, int32_t offset)
{
	uint64_t word;
	memcpy(&word, copy + offset, sizeof(word));
	return word;
}

static inline int32_t pyprof_int(const char *copy, int32_t offset)
{
	int32_t value;
	memcpy(&value, copy + offset, sizeof(value));
	return value;
}

/** End a walk before its chain ended. */
static inline void pyprof_walk_stop(struct pyprof_raw_stack *stack,
				    enum pyprof_walk_end end, uint64_t address)
{
	stack->end = end;
	stack->bad_address = address;
}

/** Keep a frame. False when out of memory. */
static inline bool pyprof_walk_keep(struct pyprof_raw_stack *stack,
				    struct pyprof_raw_frame frame,
				    uint64_t address)
{
	if (stack->want_addresses) {
		if (!pyprof_vec_grow((void **)&stack->addresses,
				     &stack->address_capacity, stack->count + 1,
				     sizeof(*stack->addresses)))
			return false;
		stack->addresses[stack->count] = address;
	}
	if (!pyprof_vec_grow((void **)&stack->frames, &stack->capacity,
			     stack->count + 1, sizeof(*stack->frames)))
		return false;
	stack->frames[stack->count++] = frame;
	return true;
}

#endif /* PYPROF_CPYTHON_FRAME_WALK_H */
