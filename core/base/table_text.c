// SPDX-License-Identifier: Apache-2.0
//
// Tables as aligned text.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/show.h"
#include "core/base/table_cells.h"
#include "core/base/utf8.h"

/* Names wider than this do not widen their column for all other rows: they
 * take what they need from the path or text behind them in their row. */
#define NAME_WIDTH_MAX 36
/* A column of text narrower than this says nothing and is left out. */
#define TEXT_WIDTH_MIN 12
/* Paths are not made narrower for the sake of text. */
#define PATH_WIDTH_MIN 16
#define GAP 2

static bool is_right(enum pyprof_column_kind kind)
{
	return kind >= PYPROF_COLUMN_COUNT && kind <= PYPROF_COLUMN_ADDRESS;
}

static void show_number(enum pyprof_column_kind kind, double number,
			struct pyprof_buf *out)
{
	unsigned decimals = kind == PYPROF_COLUMN_SHARE ? 0 : 1;
	if (number == 0) {
		pyprof_buf_putc(out, '.');
		return;
	}
	if (kind == PYPROF_COLUMN_CHANGE && number > 0)
		pyprof_buf_putc(out, '+');
	pyprof_show_decimal(out, number, decimals);
}

static void show_int(enum pyprof_column_kind kind, int64_t number,
		     struct pyprof_buf *out)
{
	uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
	if (kind == PYPROF_COLUMN_SECONDS && number) {
		pyprof_buf_putc(out, number < 0 ? '-' : '+');
		pyprof_show_seconds(out, size);
	} else if (kind == PYPROF_COLUMN_SECONDS) {
		pyprof_buf_putc(out, '.');
	} else if (kind == PYPROF_COLUMN_BIG) {
		pyprof_buf_puts(out, number < 0 ? "-" : "");
		pyprof_show_grouped(out, size);
	} else {
		pyprof_buf_printf(out, "%" PRId64, number);
	}
}

/* What a cell shows, as wide as it is. */
static void show_cell(const struct pyprof_table *table,
		      enum pyprof_column_kind kind,
		      const struct pyprof_cell *cell, struct pyprof_buf *out)
{
	pyprof_buf_clear(out);
	switch (cell->type) {
	case PYPROF_CELL_EMPTY:
		break;
	case PYPROF_CELL_TEXT:
		pyprof_utf8_put_visible(out, table->text.data + cell->offset,
					cell->length);
		break;
	case PYPROF_CELL_UINT:
		if (kind == PYPROF_COLUMN_SECONDS && !cell->uint)
			pyprof_buf_putc(out, '.');
		else if (kind == PYPROF_COLUMN_SECONDS)
			pyprof_show_seconds(out, cell->uint);
		else if (kind == PYPROF_COLUMN_ADDRESS)
			pyprof_buf_printf(out, "0x%" PRIx64, cell->uint);
		else if (kind == PYPROF_COLUMN_BIG)
			pyprof_show_grouped(out, cell->uint);
		else
			pyprof_buf_printf(out, "%" PRIu64, cell->uint);
		break;
	case PYPROF_CELL_INT:
		show_int(kind, cell->sint, out);
		break;
	case PYPROF_CELL_NUMBER:
		show_number(kind, cell->number, out);
		break;
	case PYPROF_CELL_MARK:
		pyprof_buf_puts(out, cell->mark ? "*" : "");
		break;
	}
}

/* A column of shares says nothing when it is nothing in all rows. */
static bool is_nothing(const struct pyprof_table *table, size_t column)
{
	if (table->is_chosen ||
	    table->columns[column].kind != PYPROF_COLUMN_SHARE)
		return false;
	for (size_t row = 0; row < table->rows; row++) {
		const struct pyprof_cell *cell =
			pyprof_cell_at(table, row, column);
		if (cell->type != PYPROF_CELL_EMPTY &&
		    (cell->type != PYPROF_CELL_NUMBER || cell->number != 0))
			return false;
	}
	return true;
}

/* How wide a column is when nothing is cut; 0 when it has no value. */
static size_t natural_width(const struct pyprof_table *table, size_t column,
			    size_t name_max, struct pyprof_buf *scratch)
{
	const struct pyprof_column *info = &table->columns[column];
	size_t width = 0;
	if (!info->header)
		return 0;
	for (size_t row = 0; row < table->rows; row++) {
		show_cell(table, info->kind, pyprof_cell_at(table, row, column),
			  scratch);
		size_t columns =
			pyprof_utf8_columns(scratch->data, scratch->length);
		if (info->kind == PYPROF_COLUMN_NAME && columns > name_max)
			columns = name_max;
		if (columns > width)
			width = columns;
	}
	size_t header = pyprof_utf8_columns(info->header, strlen(info->header));
	bool has_value = (width && !is_nothing(table, column)) ||
			 table->is_chosen || !table->rows;
	return !has_value ? 0 : width > header ? width : header;
}

/* Cut paths and text so that a row has at most `limit` columns. */
static void fit_widths(const struct pyprof_table *table, size_t limit,
		       size_t *widths)
{
	size_t fixed = 0, none = table->column_count;
	size_t path = none, text = none;
	for (size_t i = 0; i < table->column_count; i++) {
		if (!widths[i])
			continue;
		fixed += GAP;
		if (table->columns[i].kind == PYPROF_COLUMN_PATH &&
		    path == none)
			path = i;
		else if (table->columns[i].kind == PYPROF_COLUMN_TEXT)
			text = i;
		else
			fixed += widths[i];
	}
	fixed -= fixed ? GAP : 0;
	size_t left = limit > fixed ? limit - fixed : 0;
	size_t path_width = path == none ? 0 : widths[path];
	if (text != none) {
		/* Text has what the path leaves, but not less than half. */
		size_t share = left / 2;
		if (left - share < PATH_WIDTH_MIN)
			share = left > PATH_WIDTH_MIN ? left - PATH_WIDTH_MIN
						      : 0;
		if (left > path_width && left - path_width > share)
			share = left - path_width;
		if (widths[text] > share)
			widths[text] = share < TEXT_WIDTH_MIN ? 0 : share;
		left -= widths[text] < left ? widths[text] : left;
		if (!widths[text])
			left += GAP;
	}
	if (path != none && path_width > left)
		widths[path] = left > TEXT_WIDTH_MIN ? left : TEXT_WIDTH_MIN;
}

static void put_cut(const char *shown, size_t length, size_t width,
		    struct pyprof_buf *out)
{
	if (pyprof_utf8_columns(shown, length) <= width) {
		pyprof_buf_append(out, shown, length);
		return;
	}
	pyprof_buf_append(out, shown,
			  pyprof_utf8_fit(shown, length, width - 1));
	pyprof_buf_puts(out, "\xe2\x80\xa6");
}

/*
 * Put what a cell shows into its column.
 *
 * @param debt How many columns too far to the right the row is; a path or text
 * makes up for it.
 */
static void put_aligned(enum pyprof_column_kind kind, const char *shown,
			size_t length, size_t width, size_t *debt,
			struct pyprof_buf *out)
{
	size_t before = out->length;
	size_t columns = pyprof_utf8_columns(shown, length);
	size_t room = width > *debt ? width - *debt : 0;
	if (room < TEXT_WIDTH_MIN)
		room = TEXT_WIDTH_MIN < width ? TEXT_WIDTH_MIN : width;
	if (is_right(kind) && columns < width)
		pyprof_buf_fill(out, ' ', width - columns);
	if (kind == PYPROF_COLUMN_PATH)
		pyprof_show_path(out, shown, length, room);
	else if (kind == PYPROF_COLUMN_TEXT)
		put_cut(shown, length, room, out);
	else
		pyprof_buf_append(out, shown, length);
	columns = *debt +
		  pyprof_utf8_columns(out->data + before, out->length - before);
	*debt = columns > width ? columns - width : 0;
	if (columns < width)
		pyprof_buf_fill(out, ' ', width - columns);
}

static void end_line(struct pyprof_buf *out)
{
	while (out->length && out->data[out->length - 1] == ' ')
		out->length--;
	pyprof_buf_putc(out, '\n');
}

/* One row, or the header when `row` is table->rows. */
static void put_row(const struct pyprof_table *table, size_t row,
		    const size_t *widths, struct pyprof_buf *scratch,
		    struct pyprof_buf *out)
{
	bool follows = false;
	size_t debt = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		const struct pyprof_column *column = &table->columns[i];
		if (!widths[i])
			continue;
		if (row < table->rows) {
			show_cell(table, column->kind,
				  pyprof_cell_at(table, row, i), scratch);
		} else {
			pyprof_buf_clear(scratch);
			pyprof_buf_puts(scratch, column->header);
		}
		if (follows)
			pyprof_buf_fill(out, ' ', GAP);
		put_aligned(column->kind, scratch->data, scratch->length,
			    widths[i], &debt, out);
		follows = true;
	}
	end_line(out);
}

struct pyprof_error *pyprof_table_write_text(const struct pyprof_table *table,
					     unsigned width,
					     struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf scratch = PYPROF_BUF_INIT;
	_cleanup_free_ size_t *widths =
		calloc(table->column_count, sizeof(*widths));
	struct pyprof_error *err = pyprof_table_check(table);
	if (err)
		return err;
	if (!widths)
		return pyprof_error_oom();
	size_t name_max = NAME_WIDTH_MAX;
	if (width && width * 3 / 10 < name_max)
		name_max = width * 3 / 10;
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = natural_width(table, i, name_max, &scratch);
	if (width)
		fit_widths(table, width, widths);
	put_row(table, table->rows, widths, &scratch, out);
	for (size_t row = 0; row < table->rows; row++)
		put_row(table, row, widths, &scratch, out);
	err = pyprof_buf_error(&scratch);
	return err ? err : pyprof_buf_error(out);
}
