// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/target/linux_proc.h"
#include "core/target/memory.h"

/* Bits of an entry; see the kernel's Documentation/admin-guide/mm/pagemap. */
/* A guard page, which looks as if it were swapped and cannot be read. */
#define ENTRY_GUARD (UINT64_C(1) << 58)
#define ENTRY_FILE (UINT64_C(1) << 61)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

/*
 * The kernel's PAGEMAP_SCAN, which headers of before 6.7 do not have: its
 * Documentation/admin-guide/mm/pagemap.
 */
struct scan {
	uint64_t size, flags, start, end, walk_end;
	uint64_t regions, region_count, max_pages;
	uint64_t inverted, all_of, any_of, returned;
};
struct region {
	uint64_t start, end, categories;
};
#define SCAN _IOWR('f', 16, struct scan)
#define CATEGORY_PRESENT (1 << 3)
#define CATEGORY_SWAPPED (1 << 4)

/* Entries read at a time. */
#define BATCH 4096

static uint8_t flags_of(uint64_t entry)
{
	if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) || entry & ENTRY_GUARD)
		return 0;
	unsigned flags = entry & ENTRY_PRESENT ? PYPROF_PAGE_PRESENT
					       : PYPROF_PAGE_SWAPPED;
	if (!(entry & ENTRY_FILE))
		flags |= PYPROF_PAGE_PRIVATE;
	return (uint8_t)flags;
}

int pyprof_linux_pagemap_read(int32_t pid, uint64_t start, size_t count,
			      uint8_t *flags)
{
	/* Pages of ours in one of the kernel's, which may be larger. */
	uint64_t host_page = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	uint64_t end = start + count * PYPROF_PAGE_SIZE;
	for (uint64_t at = start; at < end;) {
		uint64_t entries[BATCH], first = at / host_page;
		uint64_t wanted = (end - 1) / host_page - first + 1;
		if (wanted > BATCH)
			wanted = BATCH;
		ssize_t n = pread(fd, entries, wanted * sizeof(*entries),
				  (off_t)(first * sizeof(*entries)));
		if (n < (ssize_t)sizeof(*entries))
			return n < 0 ? errno : ESRCH;
		uint64_t known =
			(first + (uint64_t)n / sizeof(*entries)) * host_page;
		for (; at < end && at < known; at += PYPROF_PAGE_SIZE)
			*flags++ = flags_of(entries[at / host_page - first]);
	}
	return 0;
}

uint64_t pyprof_linux_pagemap_next(int32_t pid, uint64_t start, uint64_t end)
{
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return start;
	struct region found;
	struct scan scan = {
		.size = sizeof(scan),
		.start = start,
		.end = end,
		.regions = (uintptr_t)&found,
		.region_count = 1,
		.max_pages = 1,
		.any_of = CATEGORY_PRESENT | CATEGORY_SWAPPED,
		.returned = CATEGORY_PRESENT | CATEGORY_SWAPPED,
	};
	int count = ioctl(fd, SCAN, &scan);
	if (count < 0)
		return start;
	uint64_t next = count ? found.start : scan.walk_end;
	return next < start || next > end ? start : next;
}
