// SPDX-License-Identifier: Apache-2.0
#include "core/heap/chunk.h"

#include "core/cpython/object.h"
#include "core/image/elf.h"

/* Flags in the low bits of a chunk's size. */
#define PREVIOUS_IN_USE 1
#define IS_MAPPED 2
#define FLAGS 7

#define CHUNK_MIN 32

uint64_t pyprof_chunk_mapped_size(uint64_t chunk, uint64_t size)
{
	uint64_t mask = PYPROF_PAGE_SIZE - 1;
	uint64_t whole = (size + mask) & ~mask;
	if (chunk & mask || (whole != size && whole != size + 16))
		return 0;
	return whole;
}

uint64_t pyprof_chunk_size(const struct pyprof_memory *memory, uint64_t address)
{
	const uint8_t *head = pyprof_memory_at(memory, address - 16, 16);
	if (!head || (address & 15))
		return 0;
	uint64_t word = pyprof_word(head, 8);
	uint64_t size = word & ~(uint64_t)FLAGS;
	uint64_t chunk = address - 16;
	if (size < CHUNK_MIN || (size & 15) || size > UINT64_C(1) << 46)
		return 0;
	if (word & IS_MAPPED)
		return pyprof_chunk_mapped_size(chunk, size);
	/* The chunk behind it says whether this one is in use. */
	const uint8_t *next = pyprof_memory_at(memory, chunk + size, 16);
	if (!next || !(pyprof_word(next, 8) & PREVIOUS_IN_USE))
		return 0;
	return size;
}

void pyprof_static_ranges_deinit(struct pyprof_static_ranges *ranges)
{
	pyprof_vec_deinit(&ranges->list);
}

bool pyprof_is_static(const struct pyprof_static_ranges *ranges,
		      uint64_t address)
{
	size_t low = 0, high = ranges->list.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pyprof_static_range *range =
			&ranges->list.items[middle];
		if (address < range->start)
			high = middle;
		else if (address >= range->end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/*
 * Where the .bss of a file ends. Behind a program's the C library's heap may
 * begin at once, so that its mapping is no answer.
 */
static uint64_t bss_end(struct pyprof_target *target, const char *path,
			uint64_t otherwise)
{
	_cleanup_(pyprof_elf_cleanup) struct pyprof_elf *elf = NULL;
	uint64_t start, size;
	if (!target)
		return otherwise;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_elf_open(target, path, &elf);
	if (!err)
		err = pyprof_elf_section(elf, ".bss", &start, &size);
	return err ? otherwise : start + size;
}

struct pyprof_error *
pyprof_static_ranges_read(const struct pyprof_memory *memory,
			  struct pyprof_target *target,
			  struct pyprof_static_ranges *ret)
{
	struct pyprof_static_ranges ranges = {};
	const struct pyprof_memory_segment *file = NULL;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		struct pyprof_static_range range = {segment->start,
						    segment->end};
		if (segment->path[0]) {
			file = segment;
		} else if (file && file->writable &&
			   file->end == segment->start) {
			uint64_t end =
				bss_end(target, file->path, segment->end);
			file = NULL;
			if (end <= range.start)
				continue;
			if (end < range.end)
				range.end = end;
		} else {
			file = NULL;
			continue;
		}
		if (!pyprof_vec_push(&ranges.list, range)) {
			pyprof_static_ranges_deinit(&ranges);
			return pyprof_error_oom();
		}
	}
	*ret = ranges;
	return NULL;
}
