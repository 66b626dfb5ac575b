// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * From an instruction to its source line and columns.
 *
 * Pure functions over the bytes of a line table. The bytes are not trusted: a
 * table cut anywhere gives PYPROF_NO_LINE at worst.
 */
#ifndef PYPROF_CPYTHON_LINETABLE_H
#define PYPROF_CPYTHON_LINETABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/cpython/layout.h"

/** An instruction that belongs to no line. */
#define PYPROF_NO_LINE (-1)

struct pyprof_position {
	/** 1-based; PYPROF_NO_LINE. */
	int32_t line, end_line;
	/** 0-based UTF-8 bytes, end exclusive; -1 when unknown. */
	int32_t column, end_column;
};

/**
 * @param offset Byte offset of the instruction in the bytecode; negative
 * before the first one, which is on the first line.
 */
void pyprof_linetable_find(enum pyprof_linetable_kind kind,
			   const uint8_t *table, size_t size,
			   int32_t first_line, int64_t offset,
			   struct pyprof_position *ret);

#endif /* PYPROF_CPYTHON_LINETABLE_H */
