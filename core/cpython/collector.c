// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/collector.h"

#include <string.h>

/* Flags in the low bits of the links of the collector's lists. */
#define LINK_MASK (~UINT64_C(3))
/* The head of an object's links: next, previous. */
#define GC_HEAD_SIZE 16

static bool read_u64(const struct pyprof_memory *memory, uint64_t address,
		     uint64_t *ret)
{
	const uint8_t *bytes = pyprof_memory_at(memory, address, sizeof(*ret));
	if (bytes)
		memcpy(ret, bytes, sizeof(*ret));
	return bytes;
}

static bool read_i32(const struct pyprof_memory *memory, uint64_t address,
		     int32_t *ret)
{
	const uint8_t *bytes = pyprof_memory_at(memory, address, sizeof(*ret));
	if (bytes)
		memcpy(ret, bytes, sizeof(*ret));
	return bytes;
}

/** Where the state of the main interpreter's collector is; 0: nowhere. */
static uint64_t find_state(const struct pyprof_memory *memory,
			   const struct pyprof_python *python)
{
	const struct pyprof_offsets *at = &python->layout.at;
	if (at->runtime.gc != PYPROF_ABSENT)
		return python->runtime + at->runtime.gc;
	uint64_t interp = 0;
	if (at->interp.gc == PYPROF_ABSENT ||
	    !read_u64(memory, python->runtime + at->runtime.interpreters_main,
		      &interp) ||
	    !interp)
		return 0;
	return interp + at->interp.gc;
}

static bool read_generations(const struct pyprof_memory *memory,
			     const struct pyprof_offsets *at, uint64_t state,
			     struct pyprof_collector *collector)
{
	if (at->gc.generations == PYPROF_ABSENT)
		return false;
	for (int i = 0; i < PYPROF_GENERATIONS; i++) {
		struct pyprof_generation *to = &collector->generations[i];
		uint64_t from = state + at->gc.generations +
				i * (uint64_t)at->generation.size;
		if (!read_i32(memory, from + at->generation.count,
			      &to->count) ||
		    !read_i32(memory, from + at->generation.threshold,
			      &to->threshold))
			return false;
	}
	return true;
}

struct pyprof_error *pyprof_collector_read(const struct pyprof_memory *memory,
					   const struct pyprof_python *python,
					   struct pyprof_collector *ret)
{
	const struct pyprof_offsets *at = &python->layout.at;
	struct pyprof_collector collector = {};
	uint64_t state = find_state(memory, python);
	int32_t word = 0;
	if (!state)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "the state of the garbage collector "
					   "is not there");
	if (at->gc.collecting != PYPROF_ABSENT &&
	    read_i32(memory, state + at->gc.collecting, &word))
		collector.is_collecting = word;
	if (at->gc.enabled != PYPROF_ABSENT &&
	    read_i32(memory, state + at->gc.enabled, &word)) {
		collector.has_enabled = true;
		collector.is_enabled = word;
	}
	collector.has_generations =
		read_generations(memory, at, state, &collector);
	if (at->gc.permanent != PYPROF_ABSENT)
		collector.permanent =
			state + at->gc.permanent + at->generation.head;
	*ret = collector;
	return NULL;
}

uint64_t pyprof_collector_next_frozen(const struct pyprof_memory *memory,
				      const struct pyprof_collector *collector,
				      uint64_t *link)
{
	uint64_t next = 0;
	if (!*link || !read_u64(memory, *link, &next))
		return 0;
	next &= LINK_MASK;
	*link = next;
	return next == collector->permanent || !next ? 0 : next + GC_HEAD_SIZE;
}
