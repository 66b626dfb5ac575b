// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * An ELF core dump as a target. The file is mapped, not copied; pages that
 * the kernel left out because they equal the mapped file's are read from that
 * file where it is still there.
 */
#ifndef PYPROF_TARGET_CORE_FILE_H
#define PYPROF_TARGET_CORE_FILE_H

#include "core/target/core_image.h"
#include "core/target/target.h"

/**
 * @param sysroot Prefix for the paths of mapped files, or NULL.
 * @param executable The program's file where its path in the core is not to
 * be trusted, or NULL.
 */
struct pyprof_error *
pyprof_core_file_create(const char *path, const char *sysroot,
			const char *executable, struct pyprof_target **ret)
	PYPROF_MUST_CHECK;

/** What is in it, for whoever wants its bytes in place; NULL: no core file. */
const struct pyprof_core_image *
pyprof_core_file_image(const struct pyprof_target *target);

/**
 * How many of the next `size` bytes of the mapped file, from `bytes` on, are a
 * hole in it, and how many behind that are none.
 */
void pyprof_core_file_holes(struct pyprof_target *target,
			    const unsigned char *bytes, uint64_t size,
			    uint64_t *hole_ret, uint64_t *data_ret);

#endif /* PYPROF_TARGET_CORE_FILE_H */
