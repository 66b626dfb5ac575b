// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What is in the bytes of an ELF core: segments, mapped files and threads,
 * all checked to lie inside the bytes. Opens nothing and reads nothing else.
 *
 * What it yields points into the bytes, which have to stay.
 */
#ifndef PYPROF_TARGET_CORE_IMAGE_H
#define PYPROF_TARGET_CORE_IMAGE_H

#include "core/base/vec.h"
#include "core/target/target.h"

/** A segment: addresses [start, end), of which the first part was dumped. */
struct pyprof_core_load {
	uint64_t start, end;
	/** The core should hold what is below; it was cut off if it does not.
	 */
	uint64_t dumped_end, present_end;
	const unsigned char *bytes;
	bool readable, writable, executable;
};

/** A part of a file that was mapped at [start, end). */
struct pyprof_core_mapped {
	uint64_t start, end;
	uint64_t offset;
	const char *path;
};

struct pyprof_core_image {
	const char *path;
	const unsigned char *bytes;
	size_t size;
	/** Both in order of address. */
	PYPROF_VEC(struct pyprof_core_load) loads;
	PYPROF_VEC(struct pyprof_core_mapped) mapped;
	PYPROF_VEC(struct pyprof_os_thread) threads;
	/** Address of the program's own headers, and of something on the stack
	 * of its main thread; 0 when unknown. */
	uint64_t program_headers, main_stack;
	/** Of the process, "" when unknown. */
	char name[16];
	int32_t pid;
};

/**
 * Find out what is in `size` bytes; `path` is for messages.
 *
 * UNSUPPORTED when it is not a core of this kind of machine, CORRUPT when it
 * is damaged. On failure too the image has to be released.
 */
struct pyprof_error *pyprof_core_image_init(struct pyprof_core_image *image,
					    const char *path,
					    const unsigned char *bytes,
					    size_t size) PYPROF_MUST_CHECK;
void pyprof_core_image_deinit(struct pyprof_core_image *image);

/** The segment, or the part of a file, that an address lies in; or NULL. */
const struct pyprof_core_load *
pyprof_core_image_load(const struct pyprof_core_image *image, uint64_t address);
const struct pyprof_core_mapped *
pyprof_core_image_mapped(const struct pyprof_core_image *image,
			 uint64_t address);

#endif /* PYPROF_TARGET_CORE_IMAGE_H */
