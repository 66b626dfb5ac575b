// SPDX-License-Identifier: Apache-2.0
#include "core/target/memory_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/strtab.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

/* Held as the memory's `owner`. */
struct mirror {
	void *reserved;
	size_t reserved_size;
	struct pyprof_strtab *paths;
};

static void release(struct pyprof_memory *memory)
{
	struct mirror *mirror = memory->owner;
	if (mirror->reserved)
		munmap(mirror->reserved, mirror->reserved_size);
	pyprof_strtab_destroy(mirror->paths);
	free(mirror);
}

struct pyprof_error *pyprof_memory_reserve(struct pyprof_memory *memory,
					   uint64_t size, uint8_t **ret)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));
	if (!mirror)
		return pyprof_error_oom();
	memory->owner = mirror;
	memory->release = release;
	mirror->reserved_size = size + HUGE_PAGE;
	void *reserved =
		mmap(NULL, mirror->reserved_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return pyprof_error_os(errno, "cannot reserve %llu MiB",
				       (unsigned long long)size >> 20);
	mirror->reserved = reserved;
	uint8_t *bytes = reserved;
	bytes += -(uintptr_t)bytes & (HUGE_PAGE - 1);
	/* Where it cannot be had, it only takes longer. */
	madvise(bytes, size, MADV_HUGEPAGE);
	*ret = bytes;
	return pyprof_strtab_create(&mirror->paths);
}

struct pyprof_error *pyprof_memory_own_paths(struct pyprof_memory *memory)
{
	const struct mirror *mirror = memory->owner;
	for (size_t i = 0; i < memory->segments.count; i++) {
		struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		uint32_t id;
		struct pyprof_error *err =
			pyprof_strtab_intern(mirror->paths, segment->path,
					     strlen(segment->path), &id);
		if (err)
			return err;
		segment->path = pyprof_strtab_get(mirror->paths, id);
	}
	return NULL;
}
