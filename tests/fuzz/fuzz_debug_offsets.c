// SPDX-License-Identifier: Apache-2.0
/* The bytes that are at `_PyRuntime`. */
#include <stdlib.h>
#include <string.h>

#include "core/cpython/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the table has the version and the mark of free threads. */
#define VERSION_OFFSET 8
#define FREE_THREADED_OFFSET 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pyprof_build build = {.version = 0x030d00f0};
	struct pyprof_layout layout;
	if (size > FREE_THREADED_OFFSET) {
		memcpy(&build.version, data + VERSION_OFFSET,
		       sizeof(build.version));
		build.is_free_threaded = data[FREE_THREADED_OFFSET] & 1;
	}
	struct pyprof_error *err =
		pyprof_layout_from_debug_offsets(data, size, &build, &layout);
	if (err) {
		pyprof_error_destroy(err);
		return 0;
	}
	/* What is not absent is an offset. */
	for (size_t i = 0; i < pyprof_field_count; i++) {
		int32_t offset;
		memcpy(&offset,
		       (const char *)&layout.at + pyprof_fields[i].position,
		       sizeof(offset));
		if (offset < 0 && offset != PYPROF_ABSENT)
			abort();
	}
	return 0;
}
