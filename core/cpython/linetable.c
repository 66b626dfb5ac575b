// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/linetable.h"

#include "core/cpython/linetable_kinds.h"

static pyprof_line_finder *const finders[] = {
	[PYPROF_LINETABLE_LNOTAB] = pyprof_line_find_lnotab,
	[PYPROF_LINETABLE_RANGES] = pyprof_line_find_ranges,
	[PYPROF_LINETABLE_LOCATIONS] = pyprof_line_find_locations,
};

/* What is not a line or column that source text can have is not known. */
static int32_t narrow(int64_t value)
{
	return value >= 0 && value <= INT32_MAX ? (int32_t)value : -1;
}

void pyprof_linetable_find(enum pyprof_linetable_kind kind,
			   const uint8_t *table, size_t size,
			   int32_t first_line, int64_t offset,
			   struct pyprof_position *ret)
{
	struct pyprof_line_entry entry = {
		.line = first_line,
		.end_line = first_line,
		.column = -1,
		.end_column = -1,
	};
	if (offset >= 0)
		finders[kind](table, size, offset, &entry);
	*ret = (struct pyprof_position){
		.line = narrow(entry.line),
		.end_line = narrow(entry.end_line),
		.column = narrow(entry.column),
		.end_column = narrow(entry.end_column),
	};
}
