// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Arrays of megabytes that are accessed at random.
 *
 * They ask for huge pages where the system grants them on request: an access
 * at random then costs one miss and not two, and the kernel clears 2 MiB at a
 * time. Released by free() like any other.
 */
#ifndef PYPROF_BASE_LARGE_H
#define PYPROF_BASE_LARGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PYPROF_HUGE_PAGE ((size_t)2 << 20)

/** `count` elements of `size` bytes, not initialised; NULL when out of memory.
 * Never NULL for a count of 0. */
static inline void *pyprof_large_alloc(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	if (bytes < 2 * PYPROF_HUGE_PAGE)
		return malloc(bytes ? bytes : 1);
	void *ret = NULL;
	if (posix_memalign(&ret, PYPROF_HUGE_PAGE, bytes))
		return NULL;
	/* As good without. The last, partial page would be touched whole. */
	madvise(ret, bytes & ~(PYPROF_HUGE_PAGE - 1), MADV_HUGEPAGE);
	return ret;
}

/** The same, every byte of it `byte`. */
static inline void *pyprof_large_filled(size_t count, size_t size, int byte)
{
	void *ret = pyprof_large_alloc(count, size);
	if (ret)
		memset(ret, byte, count * size);
	return ret;
}

#endif /* PYPROF_BASE_LARGE_H */
