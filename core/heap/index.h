// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The objects of a heap as a set of addresses with dense numbers: one bit for
 * every 16 bytes of memory, and the rank of the bit is the object's id. Ids
 * are in order of address.
 *
 * Costs 40 bytes a page, which is well below a byte an object. No object is
 * smaller than 16 bytes, so at most one begins in each 16; those that begin in
 * the middle of 16 (static ones do) are in a second, sparse set of bits.
 */
#ifndef PYPROF_HEAP_INDEX_H
#define PYPROF_HEAP_INDEX_H

#include "core/target/memory.h"

/** Not the id of any object. */
#define PYPROF_NO_OBJECT UINT32_MAX

struct pyprof_index_page {
	uint64_t starts[4];
	/** Objects on the pages before this one; valid once sealed. */
	uint32_t before;
};

struct pyprof_index {
	/** Borrowed. */
	const struct pyprof_memory *memory;
	/** By number of page; four words of `odd` a page too. */
	struct pyprof_index_page *pages;
	uint64_t *odd;
	/** Valid once sealed. */
	uint32_t count;
};

struct pyprof_error *pyprof_index_init(const struct pyprof_memory *memory,
				       struct pyprof_index *index)
	PYPROF_MUST_CHECK;
void pyprof_index_deinit(struct pyprof_index *index);

/** Add an address, which is in the memory and a multiple of 8. False when it
 * was there, or another one of the same 16 bytes. */
bool pyprof_index_add(struct pyprof_index *index, uint64_t address);
/** Take it out again. */
void pyprof_index_remove(struct pyprof_index *index, uint64_t address);

static inline bool pyprof_index_has(const struct pyprof_index *index,
				    uint64_t address)
{
	uint32_t page = pyprof_memory_page(index->memory, address);
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	if (!page || (address & 7) ||
	    !(index->pages[page].starts[granule >> 6] >> (granule & 63) & 1))
		return false;
	bool odd =
		index->odd[page * 4ul + (granule >> 6)] >> (granule & 63) & 1;
	return odd == !!(address & 8);
}

/** Number the objects; none is added or removed afterwards. UNSUPPORTED when
 * there are more than PYPROF_NO_OBJECT. */
struct pyprof_error *pyprof_index_seal(struct pyprof_index *index)
	PYPROF_MUST_CHECK;

/** The id of an address, PYPROF_NO_OBJECT when no object begins there. */
static inline uint32_t pyprof_index_id(const struct pyprof_index *index,
				       uint64_t address)
{
	if (!pyprof_index_has(index, address))
		return PYPROF_NO_OBJECT;
	const struct pyprof_index_page *page =
		&index->pages[pyprof_memory_page(index->memory, address)];
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	uint32_t id = page->before;
	for (unsigned i = 0; i < granule >> 6; i++)
		id += (uint32_t)__builtin_popcountll(page->starts[i]);
	uint64_t below = (UINT64_C(1) << (granule & 63)) - 1;
	return id + (uint32_t)__builtin_popcountll(page->starts[granule >> 6] &
						   below);
}

/** The address of an object; 0 for an id that is none. */
uint64_t pyprof_index_address(const struct pyprof_index *index, uint32_t id);

/** Walks all objects in order: zero-initialise; false at the end. */
struct pyprof_index_walk {
	uint32_t page, id;
	unsigned word;
	uint64_t left;
};
bool pyprof_index_next(const struct pyprof_index *index,
		       struct pyprof_index_walk *walk, uint32_t *id_ret,
		       uint64_t *address_ret);

#endif /* PYPROF_HEAP_INDEX_H */
