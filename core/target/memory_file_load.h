// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A saved memory while it is being opened: for memory_file_load.c, which reads
 * the file, and memory_file_parse.c, which makes sense of its directory.
 */
#ifndef PYPROF_TARGET_MEMORY_FILE_LOAD_H
#define PYPROF_TARGET_MEMORY_FILE_LOAD_H

#include <stdatomic.h>

#include "core/base/parallel.h"
#include "core/target/memory_file_format.h"

/** What the threads that decompress have in common. */
struct pyprof_loading {
	const char *path;
	const struct pyprof_progress *progress;
	int fd;
	struct pyprof_file_header header;
	/** The directory, and how much of it was read. */
	uint8_t *directory;
	size_t at;
	/** It was too short, or nonsense. */
	bool failed;
	struct pyprof_memory *memory;
	struct pyprof_memory_file *base;
	struct pyprof_file_stream stream;
	PYPROF_VEC(struct pyprof_file_chunk) chunks;
	atomic_uint_least64_t next;
	atomic_bool stop;
	struct pyprof_error *errors[PYPROF_PARALLEL_MAX];
};

/** The error that says no more. */
struct pyprof_error *
pyprof_loading_damaged(const struct pyprof_loading *loading) PYPROF_MUST_CHECK;

/** Read the directory: everything of the memory but its bytes. */
struct pyprof_error *pyprof_loading_parse(struct pyprof_loading *loading)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_TARGET_MEMORY_FILE_LOAD_H */
