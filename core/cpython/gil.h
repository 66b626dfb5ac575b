// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The GIL of an interpreter: who holds it, who held it last, how often it has
 * changed hands.
 *
 * What has to be one look with other words is read in two steps: ranges for a
 * vectored read, and sense made of the words.
 */
#ifndef PYPROF_CPYTHON_GIL_H
#define PYPROF_CPYTHON_GIL_H

#include "core/cpython/python.h"

struct pyprof_gil {
	uint64_t address;
	/** Thread state that holds it, 0 when nobody does. */
	uint64_t holder;
	/** Thread state that held it last (may be gone). */
	uint64_t last_holder;
	uint64_t switch_number;
};

/** The raw words of a GIL, as one look reads them. */
struct pyprof_gil_words {
	uint64_t address;
	uint8_t gil[48];
	/** _PyRuntime.gilstate.tstate_current, 3.8-3.11. */
	uint64_t tstate_current;
};

/** How many ranges pyprof_gil_ranges() makes at most. */
#define PYPROF_GIL_RANGES 2

/**
 * The ranges that read a GIL's words, to go into one vectored read with
 * others.
 *
 * @return How many were made.
 */
size_t pyprof_gil_ranges(const struct pyprof_python *python, uint64_t address,
			 struct pyprof_gil_words *words,
			 struct pyprof_range ranges[PYPROF_GIL_RANGES]);

/** Make sense of words that were read. */
struct pyprof_gil pyprof_gil_decode(const struct pyprof_python *python,
				    const struct pyprof_gil_words *words);

/**
 * Both steps; `address` is that of struct pyprof_interp. NOT_FOUND when it is
 * 0: there is no GIL.
 */
struct pyprof_error *pyprof_gil_read(struct pyprof_python *python,
				     uint64_t address, struct pyprof_gil *ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_GIL_H */
