// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Whether two copies of the first page of a file come from the same build of
 * it.
 */
#ifndef PYPROF_TARGET_SAME_FILE_H
#define PYPROF_TARGET_SAME_FILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * ELF files are the same when their build-ids are, so that a stripped file
 * and its original are; others when the pages are.
 */
bool pyprof_same_file(const unsigned char *a, const unsigned char *b,
		      size_t size);

#endif /* PYPROF_TARGET_SAME_FILE_H */
