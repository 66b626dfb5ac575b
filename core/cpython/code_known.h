// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Addresses of code objects that have been there for a while: what one thread,
 * which decodes, tells another one, which takes samples. Of code that is not
 * among them a sample keeps its identity, because it may be freed, and other
 * code be in its place, before the sample is decoded.
 *
 * Code objects that share a slot push one another out; that only costs.
 */
#ifndef PYPROF_CPYTHON_CODE_KNOWN_H
#define PYPROF_CPYTHON_CODE_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PYPROF_KNOWN_CODES 8192

/** Zero-initialise. */
struct pyprof_known_codes {
	_Atomic uint64_t slots[PYPROF_KNOWN_CODES];
};

static inline _Atomic uint64_t *
pyprof_known_codes_slot(struct pyprof_known_codes *known, uint64_t address)
{
	uint64_t hash = (address >> 4) * UINT64_C(0x9e3779b97f4a7c15);
	return &known->slots[(hash >> 32) % PYPROF_KNOWN_CODES];
}

static inline bool pyprof_known_codes_have(struct pyprof_known_codes *known,
					   uint64_t address)
{
	return atomic_load_explicit(pyprof_known_codes_slot(known, address),
				    memory_order_relaxed) == address;
}

static inline void pyprof_known_codes_add(struct pyprof_known_codes *known,
					  uint64_t address)
{
	atomic_store(pyprof_known_codes_slot(known, address), address);
}

/** One that shares its slot is forgotten with it. */
static inline void pyprof_known_codes_remove(struct pyprof_known_codes *known,
					     uint64_t address)
{
	atomic_store(pyprof_known_codes_slot(known, address), 0);
}

#endif /* PYPROF_CPYTHON_CODE_KNOWN_H */
