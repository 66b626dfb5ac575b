// SPDX-License-Identifier: Apache-2.0
/*
 * Pairs of bytes: how many bytes of code the entry covers, and by how much the
 * line changes before it. One value of the change says that the entry has no
 * line; empty entries make changes that one byte cannot hold.
 */
#include "core/cpython/linetable.h"
#include "core/cpython/linetable_kinds.h"

#define WITHOUT_LINE INT8_MIN

void pyprof_line_find_ranges(const uint8_t *table, size_t size, int64_t offset,
			     struct pyprof_line_entry *ret)
{
	int64_t line = ret->line, end = 0;
	ret->line = ret->end_line = PYPROF_NO_LINE;
	for (size_t i = 0; i + 1 < size; i += 2) {
		int8_t delta = (int8_t)table[i + 1];
		if (delta != WITHOUT_LINE)
			line += delta;
		end += table[i];
		if (offset >= end)
			continue;
		if (delta != WITHOUT_LINE)
			ret->line = ret->end_line = line;
		return;
	}
}
