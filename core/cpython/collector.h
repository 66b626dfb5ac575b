// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the garbage collector of an interpreter is set to, and how far it is
 * from its next collection. Its lists of objects are in obmalloc.h.
 */
#ifndef PYPROF_CPYTHON_COLLECTOR_H
#define PYPROF_CPYTHON_COLLECTOR_H

#include "core/cpython/python.h"
#include "core/target/memory.h"

#define PYPROF_GENERATIONS 3

struct pyprof_collector {
	/** Which of those below are known. */
	bool has_enabled, has_generations;
	bool is_enabled, is_collecting;
	/** How full each is, youngest first, and when it is collected: objects
	 * of the youngest, collections of the one before of the others. */
	struct pyprof_generation {
		int32_t count, threshold;
	} generations[PYPROF_GENERATIONS];
	/** Head of the list of what gc.freeze() put aside; 0: not known. */
	uint64_t permanent;
};

/** Of the main interpreter, as it stands in a memory. NOT_FOUND when the
 * memory does not hold it, UNSUPPORTED when the build has no such thing. */
struct pyprof_error *pyprof_collector_read(const struct pyprof_memory *memory,
					   const struct pyprof_python *python,
					   struct pyprof_collector *ret)
	PYPROF_MUST_CHECK;

/**
 * The next object of what was frozen. Begin with `link` being `permanent`; the
 * list may be a cycle that does not end: count.
 *
 * @param[in,out] link Where in the list.
 * @return Its address, or 0 at the end.
 */
uint64_t pyprof_collector_next_frozen(const struct pyprof_memory *memory,
				      const struct pyprof_collector *collector,
				      uint64_t *link);

#endif /* PYPROF_CPYTHON_COLLECTOR_H */
