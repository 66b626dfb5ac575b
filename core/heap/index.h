// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The objects of a heap as a set of addresses with dense numbers: one bit for
 * every 16 bytes of memory, and the rank of the bit is the object's id. Ids
 * are in order of address.
 *
 * Costs 36 bytes a page, which is well below a byte an object. No object is
 * smaller than 16 bytes, so at most one begins in each 16; for those that begin
 * in the middle of 16 (static ones do) their page has a row of bits more.
 */
#ifndef PYPROF_HEAP_INDEX_H
#define PYPROF_HEAP_INDEX_H

#include "core/target/memory.h"

/** Not the id of any object. */
#define PYPROF_NO_OBJECT UINT32_MAX

/** A bit for every 16 bytes of a page in which an object begins. */
struct pyprof_index_page {
	uint64_t starts[4];
};

/** Which of a page's objects begin in the middle of their 16 bytes. */
struct pyprof_index_odd {
	uint64_t bits[4];
};

struct pyprof_index {
	/** Borrowed. */
	const struct pyprof_memory *memory;
	/** By number of page, not across lines of the cache. */
	struct pyprof_index_page *pages;
	void *pages_memory;
	/** Objects on the pages before each page; valid once sealed. */
	uint32_t *before;
	/**
	 * The row of each page in `odd`; 0, which has no bits, when it needs
	 * none. Hardly any does: most of this is never written, nor memory.
	 */
	uint32_t *odd_rows;
	PYPROF_VEC(struct pyprof_index_odd) odd;
	/** Objects in it; of those that were marked, valid once sealed. */
	uint32_t count;
	/** Addresses were not added: no memory, or no number, was left. */
	bool out_of_memory, is_full;
};

struct pyprof_error *pyprof_index_init(const struct pyprof_memory *memory,
				       struct pyprof_index *index)
	PYPROF_MUST_CHECK;
void pyprof_index_deinit(struct pyprof_index *index);

/**
 * Add an address. False when it is none that an object can have, when it was
 * there, or another one of the same 16 bytes; pyprof_index_seal() tells of
 * other reasons.
 */
bool pyprof_index_add(struct pyprof_index *index, uint64_t address);
/**
 * The quick way for objects of pools: add what lies `offset` bytes, a multiple
 * of 16, behind the begin of page number `page`. Threads may do so at a time
 * on different pages. The caller sees to it that it is a page; what is
 * marked is counted by pyprof_index_seal(). False when it was there.
 */
static inline bool pyprof_index_mark(struct pyprof_index *index, uint32_t page,
				     uint32_t offset)
{
	uint64_t *word = &index->pages[page + (offset >> PYPROF_PAGE_SHIFT)]
				  .starts[offset >> 10 & 3];
	uint64_t bit = UINT64_C(1) << (offset >> 4 & 63);
	bool is_new = !(*word & bit);
	*word |= bit;
	return is_new;
}

/** Take it out again; false when it was not there. */
bool pyprof_index_remove(struct pyprof_index *index, uint64_t address);

/** Whether `address`, which is on page number `page`, is in the set. */
static inline bool pyprof_index_page_has(const struct pyprof_index *index,
					 uint32_t page, uint64_t address)
{
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	unsigned word = granule >> 6, bit = granule & 63;
	if (!(index->pages[page].starts[word] >> bit & 1))
		return false;
	uint32_t row = index->odd_rows[page];
	bool odd = index->odd.items[row].bits[word] >> bit & 1;
	return (address & 15) == (odd ? 8 : 0);
}

static inline bool pyprof_index_has(const struct pyprof_index *index,
				    uint64_t address)
{
	uint32_t page = pyprof_memory_page(index->memory, address);
	return page && pyprof_index_page_has(index, page, address);
}

/**
 * Number the objects; none is added or removed afterwards. Fails when some
 * could not be added; UNSUPPORTED when there are too many for an id.
 */
struct pyprof_error *pyprof_index_seal(struct pyprof_index *index)
	PYPROF_MUST_CHECK;

/** The id of an address, PYPROF_NO_OBJECT when no object begins there. */
static inline uint32_t pyprof_index_id(const struct pyprof_index *index,
				       uint64_t address)
{
	uint32_t number = pyprof_memory_page(index->memory, address);
	if (!number || !pyprof_index_page_has(index, number, address))
		return PYPROF_NO_OBJECT;
	const struct pyprof_index_page *page = &index->pages[number];
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	uint32_t id = index->before[number];
	for (unsigned i = 0; i < granule >> 6; i++)
		id += (uint32_t)__builtin_popcountll(page->starts[i]);
	uint64_t below = (UINT64_C(1) << (granule & 63)) - 1;
	return id + (uint32_t)__builtin_popcountll(page->starts[granule >> 6] &
						   below);
}

/** The address of an object; 0 for an id that is none. Sealed only. */
uint64_t pyprof_index_address(const struct pyprof_index *index, uint32_t id);

/** Walks all objects in order: zero-initialise; false at the end. */
struct pyprof_index_walk {
	uint32_t page, id;
	/** Word of the page, bits of it still to come, address of the page. */
	unsigned word;
	uint64_t left, address;
};
bool pyprof_index_next(const struct pyprof_index *index,
		       struct pyprof_index_walk *walk, uint32_t *id_ret,
		       uint64_t *address_ret);

#endif /* PYPROF_HEAP_INDEX_H */
