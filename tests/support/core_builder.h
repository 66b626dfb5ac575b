// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writes small ELF cores, sound or hostile, for tests.
 *
 *	struct core_builder core = {};
 *	core_builder_thread(&core, 7, 0x1000);
 *	core_builder_load(&core, 0x10000, 4096, PF_R, bytes, 4096);
 *	core_builder_finish(&core, &bytes);
 */
#ifndef PYPROF_TESTS_SUPPORT_CORE_BUILDER_H
#define PYPROF_TESTS_SUPPORT_CORE_BUILDER_H

#include <elf.h>
#include <stdint.h>

#include "core/base/buf.h"

struct core_builder_file {
	uint64_t start, end, page;
	const char *path;
};

struct core_builder {
	Elf64_Phdr loads[16];
	const void *contents[16];
	size_t load_count;
	struct core_builder_file files[16];
	size_t file_count;
	struct pyprof_buf notes;
};

void core_builder_init(struct core_builder *core);
void core_builder_deinit(struct core_builder *core);

/** Add a note of this type. */
void core_builder_note(struct core_builder *core, const char *name,
		       uint32_t type, const void *desc, size_t size);
void core_builder_thread(struct core_builder *core, int32_t tid,
			 uint64_t thread_pointer);
void core_builder_process(struct core_builder *core, int32_t pid,
			  const char *name);

/** Add a segment of which the first `size` bytes are in the core. */
void core_builder_load(struct core_builder *core, uint64_t address,
		       uint64_t memory_size, uint32_t flags,
		       const void *contents, size_t size);
/** Say that pages from `page` on of a file are mapped. */
void core_builder_file(struct core_builder *core, uint64_t start, uint64_t end,
		       uint64_t page, const char *path);

/** Put the core into `bytes`. */
void core_builder_finish(struct core_builder *core, struct pyprof_buf *bytes);

#endif /* PYPROF_TESTS_SUPPORT_CORE_BUILDER_H */
