// SPDX-License-Identifier: Apache-2.0
#include "core/heap/index.h"

#include <string.h>

struct pyprof_error *pyprof_index_init(const struct pyprof_memory *memory,
				       struct pyprof_index *index)
{
	struct pyprof_index made = {.memory = memory};
	/* Page 0 is no page, and row 0 of `odd` has no bits. */
	size_t count = memory->page_count + 1ul;
	made.pages_memory = calloc(count + 1, sizeof(*made.pages));
	made.before = calloc(count, sizeof(*made.before));
	made.odd_rows = calloc(count, sizeof(*made.odd_rows));
	if (!made.pages_memory || !made.before || !made.odd_rows ||
	    !pyprof_vec_push(&made.odd, (struct pyprof_index_odd){})) {
		pyprof_index_deinit(&made);
		return pyprof_error_oom();
	}
	uintptr_t start = (uintptr_t)made.pages_memory;
	uintptr_t mask = sizeof(*made.pages) - 1;
	made.pages = (void *)((start + mask) & ~mask);
	*index = made;
	return NULL;
}

void pyprof_index_deinit(struct pyprof_index *index)
{
	free(index->pages_memory);
	free(index->before);
	free(index->odd_rows);
	pyprof_vec_deinit(&index->odd);
	*index = (struct pyprof_index){};
}

/* Let a page have a row of odd bits; false when out of memory. */
static bool need_odd(struct pyprof_index *index, uint32_t page)
{
	if (index->odd_rows[page])
		return true;
	size_t row = index->odd.count;
	if (!pyprof_vec_push(&index->odd, (struct pyprof_index_odd){})) {
		index->out_of_memory = true;
		return false;
	}
	index->odd_rows[page] = (uint32_t)row;
	return true;
}

bool pyprof_index_add(struct pyprof_index *index, uint64_t address)
{
	uint32_t number = pyprof_memory_page(index->memory, address);
	if (!number || (address & 7))
		return false;
	struct pyprof_index_page *page = &index->pages[number];
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	uint64_t bit = UINT64_C(1) << (granule & 63);
	if (page->starts[granule >> 6] & bit)
		return false;
	if (index->count == PYPROF_NO_OBJECT - 1) {
		index->is_full = true;
		return false;
	}
	if (address & 8) {
		if (!need_odd(index, number))
			return false;
		index->odd.items[index->odd_rows[number]].bits[granule >> 6] |=
			bit;
	}
	page->starts[granule >> 6] |= bit;
	index->count++;
	return true;
}

bool pyprof_index_remove(struct pyprof_index *index, uint64_t address)
{
	uint32_t number = pyprof_memory_page(index->memory, address);
	if (!number)
		return false;
	struct pyprof_index_page *page = &index->pages[number];
	if (!pyprof_index_page_has(index, number, address))
		return false;
	unsigned granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
	uint64_t bit = UINT64_C(1) << (granule & 63);
	page->starts[granule >> 6] &= ~bit;
	uint32_t row = index->odd_rows[number];
	if (row)
		index->odd.items[row].bits[granule >> 6] &= ~bit;
	index->count--;
	return true;
}

static struct pyprof_error *too_many(void)
{
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "more than %u objects",
				   PYPROF_NO_OBJECT - 1);
}

struct pyprof_error *pyprof_index_seal(struct pyprof_index *index)
{
	if (index->out_of_memory)
		return pyprof_error_oom();
	if (index->is_full)
		return too_many();
	uint64_t before = 0;
	for (size_t i = 0; i <= index->memory->page_count; i++) {
		const struct pyprof_index_page *page = &index->pages[i];
		index->before[i] = (uint32_t)before;
		for (int word = 0; word < 4; word++)
			before += (uint32_t)__builtin_popcountll(
				page->starts[word]);
	}
	if (before >= PYPROF_NO_OBJECT)
		return too_many();
	index->count = (uint32_t)before;
	return NULL;
}

/* The last page before which there are at most `id` objects. */
static uint32_t page_of(const struct pyprof_index *index, uint32_t id)
{
	uint32_t low = 0, high = index->memory->page_count + 1;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (index->before[middle] <= id)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint64_t granule_address(const struct pyprof_index *index, uint32_t page,
				uint64_t start, unsigned word, unsigned bit)
{
	uint32_t row = index->odd_rows[page];
	uint64_t odd = index->odd.items[row].bits[word] >> bit & 1;
	return start + ((uint64_t)word << 10) + ((uint64_t)bit << 4) + odd * 8;
}

uint64_t pyprof_index_address(const struct pyprof_index *index, uint32_t id)
{
	if (id >= index->count)
		return 0;
	uint32_t number = page_of(index, id);
	const struct pyprof_index_page *page = &index->pages[number];
	uint32_t left = id - index->before[number];
	unsigned word = 0;
	for (; word < 3; word++) {
		uint32_t here =
			(uint32_t)__builtin_popcountll(page->starts[word]);
		if (left < here)
			break;
		left -= here;
	}
	uint64_t bits = page->starts[word];
	while (left--)
		bits &= bits - 1;
	if (!bits)
		return 0;
	return granule_address(
		index, number,
		pyprof_memory_page_address(index->memory, number), word,
		(unsigned)__builtin_ctzll(bits));
}

/* Go on to the next word that has bits; false at the end. */
static bool next_word(const struct pyprof_index *index,
		      struct pyprof_index_walk *walk)
{
	uint32_t pages = index->memory->page_count;
	if (walk->page > pages)
		return false;
	walk->word++;
	for (;;) {
		const uint64_t *starts = index->pages[walk->page].starts;
		for (; walk->word < 4; walk->word++)
			if (starts[walk->word]) {
				walk->left = starts[walk->word];
				return true;
			}
		walk->word = 0;
		do {
			if (++walk->page > pages)
				return false;
			starts = index->pages[walk->page].starts;
		} while (!(starts[0] | starts[1] | starts[2] | starts[3]));
		walk->address =
			pyprof_memory_page_address(index->memory, walk->page);
	}
}

bool pyprof_index_next(const struct pyprof_index *index,
		       struct pyprof_index_walk *walk, uint32_t *id_ret,
		       uint64_t *address_ret)
{
	if (!walk->left && !next_word(index, walk))
		return false;
	unsigned bit = (unsigned)__builtin_ctzll(walk->left);
	walk->left &= walk->left - 1;
	*id_ret = walk->id++;
	*address_ret = granule_address(index, walk->page, walk->address,
				       walk->word, bit);
	return true;
}
