// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A memory saved as a file, and opened again with neither process nor core at
 * hand: its bytes, the mappings and threads of its target, the ELF files that
 * names and symbols are in (without their debug info), and a few facts.
 *
 * The file holds what the process held, passwords too: only its owner may read
 * it. It is compressed by zstd; memory_file_format.h says what is where. A file
 * that is cut off, damaged, or newer than this build is one error.
 *
 * To add to what is saved: a section of its directory (memory_file_save.c and
 * memory_file_load.c), and the version in memory_file_format.h.
 */
#ifndef PYPROF_TARGET_MEMORY_FILE_H
#define PYPROF_TARGET_MEMORY_FILE_H

#include "core/target/memory.h"

/** Something to know of a snapshot: "program", "python", "taken_at". */
struct pyprof_fact {
	const char *key, *value;
};

/** What to save. */
struct pyprof_memory_save {
	const struct pyprof_memory *memory;
	/** Whose mappings, threads and files; as they were when it was copied
	 * (pyprof_memory_target()). */
	struct pyprof_target *target;
	/** The mapped file that matters most, the interpreter's; or NULL. */
	const char *main_file;
	const struct pyprof_fact *facts;
	size_t fact_count;
};

/** Save it; what was at `path` is replaced when all is written. */
struct pyprof_error *pyprof_memory_save(const struct pyprof_memory_save *what,
					const char *path,
					const struct pyprof_progress *progress)
	PYPROF_MUST_CHECK;

/**
 * Open a file.
 *
 * @param[out] base_ret Its target for what is not in the memory: what
 * pyprof_memory_target() needs as a base. Knows the facts.
 */
struct pyprof_error *
pyprof_memory_load(const char *path, const struct pyprof_progress *progress,
		   struct pyprof_memory **ret, struct pyprof_target **base_ret)
	PYPROF_MUST_CHECK;

/** A fact of the target of an opened file, or NULL. */
const char *pyprof_memory_fact(const struct pyprof_target *base,
			       const char *key);

#endif /* PYPROF_TARGET_MEMORY_FILE_H */
