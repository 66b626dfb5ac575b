// SPDX-License-Identifier: Apache-2.0
//
// A core's memory where the file is mapped. What the file has holes for was
// never touched, and is left out: cores of programs that reserve terabytes are
// files of terabytes.
#include <stdlib.h>

#include "core/target/core_file.h"
#include "core/target/memory.h"

#define ADDRESSES_END (UINT64_C(1) << 47)

static uint64_t page_up(uint64_t address)
{
	return (address + PYPROF_PAGE_SIZE - 1) & ~(PYPROF_PAGE_SIZE - 1);
}

static uint64_t page_down(uint64_t address)
{
	return address & ~(PYPROF_PAGE_SIZE - 1);
}

static void add_missing(struct pyprof_memory *memory, uint64_t size)
{
	if (__builtin_add_overflow(memory->missing_bytes, size,
				   &memory->missing_bytes))
		memory->missing_bytes = UINT64_MAX;
}

static const char *path_of(const struct pyprof_core_image *image,
			   const struct pyprof_core_load *load)
{
	const struct pyprof_core_mapped *mapped =
		pyprof_core_image_mapped(image, load->start);
	return mapped ? mapped->path : "";
}

/* Add [start, end) of a segment, whole pages. */
static bool add_piece(struct pyprof_memory *memory,
		      const struct pyprof_core_load *load, uint64_t start,
		      uint64_t end, const char *path)
{
	struct pyprof_memory_segment segment = {
		.start = start,
		.end = end,
		.bytes = load->bytes + (start - load->start),
		.resident_pages = (end - start) >> PYPROF_PAGE_SHIFT,
		.writable = load->writable,
		.executable = load->executable,
		.path = path,
	};
	return pyprof_vec_push(&memory->segments, segment);
}

/* What of a segment should be in the core and is not. */
static uint64_t missing_of(const struct pyprof_core_load *load,
			   const char *path)
{
	/* The kernel leaves out what is only in files, and shared files. */
	bool in_file = *path && load->dumped_end == load->start;
	uint64_t wanted =
		load->writable && !in_file ? load->end : load->dumped_end;
	uint64_t present = page_down(load->present_end);
	return wanted > present ? wanted - present : 0;
}

/* Add what the file holds of a segment; holes are not in the file. */
static bool add_load(struct pyprof_memory *memory, struct pyprof_target *target,
		     const struct pyprof_core_load *load)
{
	const char *path = path_of(pyprof_core_file_image(target), load);
	uint64_t at = page_up(load->start);
	uint64_t end = page_down(load->present_end);
	add_missing(memory, missing_of(load, path));
	if (end > ADDRESSES_END)
		end = ADDRESSES_END;
	while (at < end) {
		uint64_t hole, data;
		pyprof_core_file_holes(target, load->bytes + (at - load->start),
				       end - at, &hole, &data);
		uint64_t from = page_down(at + hole);
		uint64_t to = page_up(at + hole + data);
		if (from < at)
			from = at;
		if (to > end)
			to = end;
		if (from >= to)
			break;
		if (!add_piece(memory, load, from, to, path))
			return false;
		at = to;
	}
	return true;
}

/* In a sound core no two segments have the same bytes. */
static struct pyprof_error *check_sizes(const struct pyprof_core_image *image)
{
	uint64_t left = image->size;
	for (size_t i = 0; i < image->loads.count; i++) {
		const struct pyprof_core_load *load = &image->loads.items[i];
		uint64_t size = load->present_end - load->start;
		if (size > left)
			return pyprof_error_create(
				PYPROF_ERROR_CORRUPT,
				"%s is damaged: its segments overlap",
				image->path);
		left -= size;
	}
	return NULL;
}

struct pyprof_error *pyprof_memory_of_core(struct pyprof_target *target,
					   struct pyprof_memory **ret)
{
	const struct pyprof_core_image *image = pyprof_core_file_image(target);
	if (!image)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "not a core file");
	struct pyprof_error *err = check_sizes(image);
	if (err)
		return err;
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory =
		calloc(1, sizeof(*memory));
	if (!memory)
		return pyprof_error_oom();
	for (size_t i = 0; i < image->loads.count; i++)
		if (!add_load(memory, target, &image->loads.items[i]))
			return pyprof_error_oom();
	err = pyprof_memory_index(memory);
	if (err)
		return err;
	*ret = no_cleanup_ptr(memory);
	return NULL;
}
