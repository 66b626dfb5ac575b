// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The inside of a table: for table*.c alone.
 */
#ifndef PYPROF_BASE_TABLE_CELLS_H
#define PYPROF_BASE_TABLE_CELLS_H

#include "core/base/table.h"
#include "core/base/vec.h"

/* Keys are no longer. */
#define PYPROF_KEY_MAX 32

enum pyprof_cell_type {
	PYPROF_CELL_EMPTY,
	PYPROF_CELL_TEXT,
	PYPROF_CELL_UINT,
	PYPROF_CELL_INT,
	PYPROF_CELL_NUMBER,
	PYPROF_CELL_MARK
};

struct pyprof_cell {
	enum pyprof_cell_type type;
	/* Of PYPROF_CELL_TEXT, in `text` of the table. */
	size_t length;
	union {
		size_t offset;
		uint64_t uint;
		int64_t sint;
		double number;
		bool mark;
	};
};

struct pyprof_table {
	struct pyprof_column *columns;
	size_t column_count;
	/* Rows behind each other; the last may not be complete. */
	PYPROF_VEC(struct pyprof_cell) cells;
	size_t rows;
	struct pyprof_buf text;
	/* Columns were asked for: none is left out, and each has a key. */
	bool is_chosen;
	char (*keys)[PYPROF_KEY_MAX];
	bool failed;
};

static inline const struct pyprof_cell *
pyprof_cell_at(const struct pyprof_table *table, size_t row, size_t column)
{
	static const struct pyprof_cell empty = {.type = PYPROF_CELL_EMPTY};
	size_t i = row * table->column_count + column;
	return i < table->cells.count ? &table->cells.items[i] : &empty;
}

/* OOM when a cell could not be added. */
static inline struct pyprof_error *
pyprof_table_check(const struct pyprof_table *table)
{
	return table->failed || table->text.failed ? pyprof_error_oom() : NULL;
}

#endif /* PYPROF_BASE_TABLE_CELLS_H */
