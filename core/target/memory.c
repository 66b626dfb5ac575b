// SPDX-License-Identifier: Apache-2.0
#include "core/target/memory.h"

#include <stdlib.h>
#include <unistd.h>

#define ADDRESSES_END (UINT64_C(1) << 47)

/* Numbers are 32 bits wide and begin at 1. */
#define PAGES_MAX (UINT64_C(0xffffffff) - 1)

void pyprof_memory_destroy(struct pyprof_memory *memory)
{
	if (!memory)
		return;
	if (memory->release)
		memory->release(memory);
	for (size_t i = 0; i < memory->leaves.count; i++)
		free(memory->leaves.items[i]);
	pyprof_vec_deinit(&memory->leaves);
	free(memory->directory);
	free(memory->pages);
	free(memory->own);
	pyprof_vec_deinit(&memory->segments);
	free(memory);
}

const struct pyprof_memory_segment *
pyprof_memory_segment(const struct pyprof_memory *memory, uint64_t address)
{
	size_t low = 0, high = memory->segments.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[middle];
		if (address < segment->start)
			high = middle;
		else if (address >= segment->end)
			low = middle + 1;
		else
			return segment;
	}
	return NULL;
}

uint64_t pyprof_memory_page_address(const struct pyprof_memory *memory,
				    uint32_t number)
{
	/* The last segment whose first page is not behind it. */
	size_t low = 0, high = memory->segments.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (memory->segments.items[middle].first_page <= number)
			low = middle;
		else
			high = middle;
	}
	const struct pyprof_memory_segment *segment =
		&memory->segments.items[low];
	return segment->start +
	       (uint64_t)(number - segment->first_page) * PYPROF_PAGE_SIZE;
}

/* Number of all pages, or why they cannot be numbered. */
static struct pyprof_error *count_pages(const struct pyprof_memory *memory,
					uint64_t *ret)
{
	uint64_t pages = 0, end = 0;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		if (segment->start < end || segment->end <= segment->start ||
		    segment->end > ADDRESSES_END ||
		    (segment->start | segment->end) & (PYPROF_PAGE_SIZE - 1))
			return pyprof_error_at(PYPROF_ERROR_CORRUPT,
					       segment->start,
					       "implausible piece of memory");
		end = segment->end;
		pages += (segment->end - segment->start) >> PYPROF_PAGE_SHIFT;
	}
	if (pages > PAGES_MAX)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "more memory than 16 TiB");
	/* What is looked at can be made up; this machine's memory is not. */
	uint64_t needed = pages * (sizeof(*memory->pages) + sizeof(uint32_t));
	uint64_t here = (uint64_t)sysconf(_SC_PHYS_PAGES) *
			(uint64_t)sysconf(_SC_PAGESIZE);
	if (needed > here / 2)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"%llu GiB of memory are too much for this machine",
			(unsigned long long)pages >> 18);
	*ret = pages;
	return NULL;
}

uint32_t *pyprof_memory_slot(struct pyprof_memory *memory, uint64_t page)
{
	uint32_t **leaf = &memory->directory[page >> PYPROF_LEAF_SHIFT];
	if (!*leaf && pyprof_vec_reserve(&memory->leaves, 1)) {
		*leaf = calloc(PYPROF_LEAF_PAGES, sizeof(**leaf));
		if (*leaf)
			memory->leaves.items[memory->leaves.count++] = *leaf;
	}
	return *leaf ? &(*leaf)[page & (PYPROF_LEAF_PAGES - 1)] : NULL;
}

/* Number the pages of a segment, behind which `more` bytes follow at once. */
static bool index_segment(struct pyprof_memory *memory,
			  const struct pyprof_memory_segment *segment,
			  uint64_t more)
{
	uint32_t number = segment->first_page;
	const uint8_t *bytes = segment->bytes;
	uint64_t left = segment->end - segment->start + more;
	for (uint64_t at = segment->start; at < segment->end;
	     at += PYPROF_PAGE_SIZE, bytes += PYPROF_PAGE_SIZE,
		      left -= PYPROF_PAGE_SIZE) {
		uint32_t *slot =
			pyprof_memory_slot(memory, at >> PYPROF_PAGE_SHIFT);
		if (!slot)
			return false;
		memory->pages[number] = (struct pyprof_memory_page){
			.bytes = bytes,
			.left = left,
		};
		*slot = number++;
	}
	return true;
}

/* Whether the bytes of one segment go on with those of the next. */
static bool goes_on(const struct pyprof_memory_segment *segment,
		    const struct pyprof_memory_segment *next)
{
	return segment->end == next->start &&
	       segment->bytes + (segment->end - segment->start) == next->bytes;
}

struct pyprof_error *pyprof_memory_index(struct pyprof_memory *memory)
{
	uint64_t count = 0;
	struct pyprof_error *err = count_pages(memory, &count);
	if (err)
		return err;
	memory->pages = calloc(count + 1, sizeof(*memory->pages));
	memory->directory =
		calloc(PYPROF_DIRECTORY_SIZE, sizeof(*memory->directory));
	if (!memory->pages || !memory->directory)
		return pyprof_error_oom();
	memory->page_count = (uint32_t)count;
	/* From the last one on, to know how much follows each. */
	uint64_t first = count + 1, more = 0;
	for (size_t i = memory->segments.count; i--;) {
		struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		if (i + 1 == memory->segments.count ||
		    !goes_on(segment, segment + 1))
			more = 0;
		first -= (segment->end - segment->start) >> PYPROF_PAGE_SHIFT;
		segment->first_page = (uint32_t)first;
		if (!index_segment(memory, segment, more))
			return pyprof_error_oom();
		more += segment->end - segment->start;
	}
	return NULL;
}

bool pyprof_memory_set_own(struct pyprof_memory *memory, uint64_t first,
			   uint64_t count)
{
	if (!memory->own)
		memory->own = calloc(((size_t)memory->page_count >> 6) + 1,
				     sizeof(*memory->own));
	if (!memory->own)
		return false;
	for (uint64_t i = first; i < first + count && i <= memory->page_count;
	     i++)
		memory->own[i >> 6] |= UINT64_C(1) << (i & 63);
	return true;
}
