// SPDX-License-Identifier: Apache-2.0
/*
 * Pairs of bytes: how far the next line's code begins behind this one's, and
 * by how much the line changes. The last line goes on to the end.
 */
#include "core/cpython/linetable_kinds.h"

void pyprof_line_find_lnotab(const uint8_t *table, size_t size, int64_t offset,
			     struct pyprof_line_entry *ret)
{
	int64_t start = 0;
	for (size_t i = 0; i + 1 < size; i += 2) {
		start += table[i];
		if (start > offset)
			break;
		ret->line += (int8_t)table[i + 1];
	}
	ret->end_line = ret->line;
}
