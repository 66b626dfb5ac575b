// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The decoders behind pyprof_linetable_find(), one a kind of table.
 *
 * To add a kind: one file with such a function, one row in linetable.c and one
 * value of enum pyprof_linetable_kind.
 */
#ifndef PYPROF_CPYTHON_LINETABLE_KINDS_H
#define PYPROF_CPYTHON_LINETABLE_KINDS_H

#include <stddef.h>
#include <stdint.h>

/** Lines in 64 bits: no sum of a table's deltas overflows them. */
struct pyprof_line_entry {
	int64_t line, end_line;
	int64_t column, end_column;
};

/**
 * Find the entry that covers an instruction.
 *
 * @param offset Bytes, not negative.
 * @param ret Comes in holding the first line and no columns; `line` is
 * PYPROF_NO_LINE where no entry covers the instruction.
 */
typedef void pyprof_line_finder(const uint8_t *table, size_t size,
				int64_t offset, struct pyprof_line_entry *ret);

/** line_lnotab.c: co_lnotab of 3.8 and 3.9. */
pyprof_line_finder pyprof_line_find_lnotab;
/** line_ranges.c: co_linetable of 3.10. */
pyprof_line_finder pyprof_line_find_ranges;
/** line_locations.c: co_linetable of 3.11+. */
pyprof_line_finder pyprof_line_find_locations;

#endif /* PYPROF_CPYTHON_LINETABLE_KINDS_H */
