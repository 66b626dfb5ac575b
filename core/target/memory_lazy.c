// SPDX-License-Identifier: Apache-2.0
//
// A view of a live target that reads a page when it is first looked at. Room
// is reserved for all that can be read, so that bytes which follow one another
// there do here as well, whenever they are read, and where they are never
// changes.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/strtab.h"
#include "core/target/core_file.h"
#include "core/target/memory.h"

/* In all: who looks at more wants a copy. */
#define READ_MAX (UINT64_C(512) << 20)

/* One mapping, and all: what is reserved takes no memory, but addresses. */
#define MAPPING_MAX (UINT64_C(1) << 40)
#define RESERVED_MAX (UINT64_C(1) << 44)

#define ADDRESSES_END (UINT64_C(1) << 47)

/* Held as the memory's `owner`. */
struct lazy {
	struct pyprof_target *target;
	uint8_t *reserved;
	size_t reserved_size;
	struct pyprof_strtab *paths;
	/* Pages that have been read, and for how many there is room. */
	uint32_t count, room;
};

static void release(struct pyprof_memory *memory)
{
	struct lazy *lazy = memory->owner;
	if (lazy->reserved)
		munmap(lazy->reserved, lazy->reserved_size);
	pyprof_strtab_destroy(lazy->paths);
	free(lazy);
}

static uint64_t page_down(uint64_t address)
{
	return address & ~(PYPROF_PAGE_SIZE - 1);
}

/* Number a page that has been read; false when out of memory. */
static bool add_page(struct pyprof_memory *memory, uint64_t address,
		     const uint8_t *bytes)
{
	struct lazy *lazy = memory->owner;
	if (lazy->count + 1 >= lazy->room) {
		uint32_t room = lazy->room ? lazy->room * 2 : 256;
		struct pyprof_memory_page *pages = reallocarray(
			memory->pages, room, sizeof(*memory->pages));
		if (!pages)
			return false;
		memory->pages = pages;
		lazy->room = room;
	}
	uint32_t *slot =
		pyprof_memory_slot(memory, address >> PYPROF_PAGE_SHIFT);
	if (!slot)
		return false;
	*slot = ++lazy->count;
	memory->pages[*slot] = (struct pyprof_memory_page){
		.bytes = bytes,
		.left = PYPROF_PAGE_SIZE,
	};
	return true;
}

/* Read the pages of [at, end) that are in one segment; how far it came. */
static uint64_t read_some(struct pyprof_memory *memory, uint64_t at,
			  uint64_t end)
{
	struct lazy *lazy = memory->owner;
	const struct pyprof_memory_segment *segment =
		pyprof_memory_segment(memory, at);
	if (!segment)
		return at;
	if (end > segment->end)
		end = segment->end;
	uint8_t *to = lazy->reserved + (segment->bytes - lazy->reserved) +
		      (at - segment->start);
	_cleanup_error_ struct pyprof_error *err =
		pyprof_target_read(lazy->target, at, to, end - at);
	while (!err && at < end && add_page(memory, at, to)) {
		at += PYPROF_PAGE_SIZE;
		to += PYPROF_PAGE_SIZE;
	}
	return at;
}

/* Read what has not been read of [start, end); false when not all is there. */
static bool read_missing(struct pyprof_memory *memory, uint64_t start,
			 uint64_t end)
{
	const struct lazy *lazy = memory->owner;
	uint64_t at = start;
	while (at < end) {
		uint64_t absent = at;
		while (absent < end && !pyprof_memory_page(memory, absent))
			absent += PYPROF_PAGE_SIZE;
		uint64_t read = (uint64_t)lazy->count << PYPROF_PAGE_SHIFT;
		if (absent == at)
			absent = at += PYPROF_PAGE_SIZE;
		else if (absent - at > READ_MAX - read)
			return false;
		else if (read_some(memory, at, absent) == at)
			return false;
		while (at < absent && pyprof_memory_page(memory, at))
			at += PYPROF_PAGE_SIZE;
	}
	return true;
}

/* memory->fetch: the bytes, if they can be had. */
static const uint8_t *fetch(struct pyprof_memory *memory, uint64_t address,
			    uint64_t size)
{
	if (address >= ADDRESSES_END || size > READ_MAX)
		return NULL;
	uint64_t start = page_down(address);
	uint64_t end = page_down(address + size + PYPROF_PAGE_SIZE - 1);
	if (end == start)
		end += PYPROF_PAGE_SIZE;
	if (!read_missing(memory, start, end))
		return NULL;
	for (uint64_t at = end; at > start;) {
		at -= PYPROF_PAGE_SIZE;
		struct pyprof_memory_page *page =
			&memory->pages[pyprof_memory_page(memory, at)];
		if (page->left < end - at)
			page->left = end - at;
	}
	return memory->pages[pyprof_memory_page(memory, start)].bytes +
	       (address - start);
}

/* Add what can be read, in order of address; how much it is. */
static struct pyprof_error *add_segments(struct pyprof_memory *memory,
					 const struct pyprof_mapping *mappings,
					 size_t count, uint64_t *size_ret)
{
	struct lazy *lazy = memory->owner;
	uint64_t size = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_mapping *mapping = &mappings[i];
		uint64_t length = mapping->end - mapping->start;
		if (!mapping->readable || mapping->end > ADDRESSES_END ||
		    length > MAPPING_MAX || size + length > RESERVED_MAX)
			continue;
		uint32_t path;
		struct pyprof_error *err =
			pyprof_strtab_intern(lazy->paths, mapping->path,
					     strlen(mapping->path), &path);
		if (err)
			return err;
		struct pyprof_memory_segment segment = {
			.start = mapping->start,
			.end = mapping->end,
			.writable = mapping->writable,
			.executable = mapping->executable,
			.path = pyprof_strtab_get(lazy->paths, path),
		};
		if (!pyprof_vec_push(&memory->segments, segment))
			return pyprof_error_oom();
		size += length;
	}
	*size_ret = size;
	return NULL;
}

static struct pyprof_error *reserve(struct pyprof_memory *memory, uint64_t size)
{
	struct lazy *lazy = memory->owner;
	void *reserved =
		size ? mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
		     : NULL;
	if (reserved == MAP_FAILED)
		return pyprof_error_os(errno, "cannot reserve %llu MiB",
				       (unsigned long long)size >> 20);
	lazy->reserved = reserved;
	lazy->reserved_size = size;
	const uint8_t *bytes = reserved;
	for (size_t i = 0; i < memory->segments.count; i++) {
		struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		segment->bytes = bytes;
		bytes += segment->end - segment->start;
	}
	uint64_t pages = size >> PYPROF_PAGE_SHIFT;
	memory->page_count = pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
	memory->directory =
		calloc(PYPROF_DIRECTORY_SIZE, sizeof(*memory->directory));
	return memory->directory ? NULL : pyprof_error_oom();
}

static struct pyprof_error *prepare(struct pyprof_memory *memory)
{
	struct lazy *lazy = memory->owner;
	const struct pyprof_mapping *mappings;
	size_t count;
	uint64_t size;
	struct pyprof_error *err = pyprof_strtab_create(&lazy->paths);
	if (!err)
		err = lazy->target->ops->mappings(lazy->target, &mappings,
						  &count);
	if (!err)
		err = add_segments(memory, mappings, count, &size);
	return err ? err : reserve(memory, size);
}

static struct pyprof_error *make_lazy(struct pyprof_target *target,
				      struct pyprof_memory **ret)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory =
		calloc(1, sizeof(*memory));
	struct lazy *lazy = memory ? calloc(1, sizeof(*lazy)) : NULL;
	if (!lazy)
		return pyprof_error_oom();
	lazy->target = target;
	memory->owner = lazy;
	memory->release = release;
	memory->fetch = fetch;
	struct pyprof_error *err = prepare(memory);
	if (err)
		return err;
	*ret = no_cleanup_ptr(memory);
	return NULL;
}

struct pyprof_error *pyprof_memory_lazy(struct pyprof_target *target,
					struct pyprof_memory **ret)
{
	return pyprof_core_file_image(target)
		       ? pyprof_memory_of_core(target, ret)
		       : make_lazy(target, ret);
}
