// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What surrounds objects that are in no pool: the C library's chunks, and the
 * memory of files, where static objects are.
 */
#ifndef PYPROF_HEAP_CHUNK_H
#define PYPROF_HEAP_CHUNK_H

#include "core/target/memory.h"

/**
 * The size of a chunk that is mapped alone, by what its header says: whole
 * pages; from glibc 2.43 on the header leaves out what a neighbour would use.
 * 0 when it cannot be such a chunk.
 */
uint64_t pyprof_chunk_mapped_size(uint64_t chunk, uint64_t size);

/**
 * Bytes of the GNU C library's chunk whose memory begins at an address, with
 * its own word of size; 0 when what stands around is no sane chunk in use.
 */
uint64_t pyprof_chunk_size(const struct pyprof_memory *memory,
			   uint64_t address);

/** Where static objects can be; in order of address. */
struct pyprof_static_range {
	uint64_t start, end;
};
struct pyprof_static_ranges {
	PYPROF_VEC(struct pyprof_static_range) list;
};

/**
 * Find the data of files: their mappings, and the anonymous memory behind
 * these that is their .bss.
 *
 * @param target To read the files of; what cannot be read is taken whole.
 */
struct pyprof_error *
pyprof_static_ranges_read(const struct pyprof_memory *memory,
			  struct pyprof_target *target,
			  struct pyprof_static_ranges *ret) PYPROF_MUST_CHECK;
void pyprof_static_ranges_deinit(struct pyprof_static_ranges *ranges);

bool pyprof_is_static(const struct pyprof_static_ranges *ranges,
		      uint64_t address);

#endif /* PYPROF_HEAP_CHUNK_H */
