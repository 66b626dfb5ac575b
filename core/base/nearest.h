// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Which of the right words a wrong one was probably meant to be.
 */
#ifndef PYPROF_BASE_NEAREST_H
#define PYPROF_BASE_NEAREST_H

#include <stddef.h>

/** The best candidate seen so far; zero-initialise. */
struct pyprof_nearest {
	/** NULL while there is none near enough. */
	const char *word;
	size_t distance;
};

/** Offer a right word: it is kept when it is nearer than what is there. */
void pyprof_nearest_offer(struct pyprof_nearest *nearest, const char *wrong,
			  const char *right);

/** Letters to insert, remove, replace or swap to make `b` out of `a`. */
size_t pyprof_edit_distance(const char *a, const char *b);

#endif /* PYPROF_BASE_NEAREST_H */
