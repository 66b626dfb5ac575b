// SPDX-License-Identifier: Apache-2.0
/*
 * The directory of a saved memory, as it is when decompressed: its checksums
 * would keep a fuzzer out.
 */
#include <stdlib.h>
#include <string.h>

#include "core/target/memory_file_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether its segments are so large that numbering their pages takes long. */
static bool is_huge(const uint8_t *data, size_t size)
{
	/* Six numbers and that of segments come first. */
	for (size_t at = 7 * 8; size > 40 && at < size - 40;) {
		uint64_t start, end, length;
		memcpy(&start, data + at, 8);
		memcpy(&end, data + at + 8, 8);
		memcpy(&length, data + at + 32, 8);
		if (end > start && end - start > 1 << 26)
			return true;
		if (end <= start || length > size)
			break;
		at += 40 + length;
	}
	return false;
}

/* Whatever was made of it can be read where it says that it is. */
static void check(const struct pyprof_loading *loading)
{
	const struct pyprof_memory *memory = loading->memory;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		if (!segment->bytes ||
		    !pyprof_memory_at(memory, segment->end - 1, 1))
			abort();
	}
	for (size_t i = 0; i < loading->stream.stretches.count; i++) {
		const struct pyprof_file_stretch *stretch =
			&loading->stream.stretches.items[i];
		memset(stretch->bytes, 1,
		       (stretch->count < 16 ? stretch->count : 16) *
			       PYPROF_PAGE_SIZE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (is_huge(data, size))
		return 0;
	struct pyprof_loading loading = {
		.path = "fuzz",
		.fd = -1,
		.header = {.file_size = UINT64_C(1) << 40,
			   .directory_bytes = size},
		.directory = malloc(size + 1),
		.memory = calloc(1, sizeof(struct pyprof_memory)),
	};
	if (!loading.directory || !loading.memory ||
	    pyprof_memory_file_create(&loading.base))
		abort();
	memcpy(loading.directory, data, size);
	struct pyprof_error *err = pyprof_loading_parse(&loading);
	if (!err)
		check(&loading);
	pyprof_error_destroy(err);
	free(loading.directory);
	pyprof_vec_deinit(&loading.stream.stretches);
	pyprof_vec_deinit(&loading.chunks);
	pyprof_memory_destroy(loading.memory);
	pyprof_target_destroy(&loading.base->target);
	return 0;
}
