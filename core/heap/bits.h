// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Sets of nodes: a bit each, in words of 64.
 */
#ifndef PYPROF_HEAP_BITS_H
#define PYPROF_HEAP_BITS_H

#include "core/base/large.h"

#include <stdbool.h>
#include <stdint.h>

/** An empty set of nodes below `count`; NULL when out of memory. */
static inline uint64_t *pyprof_bits_alloc(size_t count)
{
	return pyprof_large_filled(count / 64 + 1, sizeof(uint64_t), 0);
}

static inline bool pyprof_bit(const uint64_t *bits, uint32_t node)
{
	return bits[node >> 6] >> (node & 63) & 1;
}

static inline void pyprof_bit_set(uint64_t *bits, uint32_t node)
{
	bits[node >> 6] |= UINT64_C(1) << (node & 63);
}

#endif /* PYPROF_HEAP_BITS_H */
