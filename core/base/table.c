// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/table_cells.h"

struct pyprof_error *pyprof_table_create(const struct pyprof_column *columns,
					 size_t count,
					 struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table =
		calloc(1, sizeof(*table));
	if (!table)
		return pyprof_error_oom();
	table->text = PYPROF_BUF_INIT;
	table->columns = calloc(count, sizeof(*columns));
	if (!table->columns)
		return pyprof_error_oom();
	memcpy(table->columns, columns, count * sizeof(*columns));
	table->column_count = count;
	*ret = no_cleanup_ptr(table);
	return NULL;
}

void pyprof_table_destroy(struct pyprof_table *table)
{
	if (!table)
		return;
	free(table->columns);
	free(table->keys);
	pyprof_vec_deinit(&table->cells);
	pyprof_buf_deinit(&table->text);
	free(table);
}

void pyprof_table_row(struct pyprof_table *table)
{
	while (table->cells.count < table->rows * table->column_count &&
	       !table->failed)
		pyprof_table_skip(table);
	table->rows++;
}

size_t pyprof_table_rows(const struct pyprof_table *table)
{
	return table->rows;
}

/* Cells beyond the last column, or before the first row, are dropped. */
static void put(struct pyprof_table *table, struct pyprof_cell cell)
{
	if (table->cells.count >= table->rows * table->column_count)
		return;
	if (!pyprof_vec_push(&table->cells, cell))
		table->failed = true;
}

void pyprof_table_skip(struct pyprof_table *table)
{
	put(table, (struct pyprof_cell){.type = PYPROF_CELL_EMPTY});
}

void pyprof_table_bytes(struct pyprof_table *table, const char *text,
			size_t length)
{
	put(table, (struct pyprof_cell){.type = PYPROF_CELL_TEXT,
					.length = length,
					.offset = table->text.length});
	pyprof_buf_append(&table->text, text, length);
}

void pyprof_table_text(struct pyprof_table *table, const char *text)
{
	pyprof_table_bytes(table, text, strlen(text));
}

void pyprof_table_printf(struct pyprof_table *table, const char *format, ...)
{
	size_t offset = table->text.length;
	va_list ap;
	va_start(ap, format);
	pyprof_buf_vprintf(&table->text, format, ap);
	va_end(ap);
	put(table, (struct pyprof_cell){.type = PYPROF_CELL_TEXT,
					.length = table->text.length - offset,
					.offset = offset});
}

void pyprof_table_uint(struct pyprof_table *table, uint64_t value)
{
	put(table,
	    (struct pyprof_cell){.type = PYPROF_CELL_UINT, .uint = value});
}

void pyprof_table_int(struct pyprof_table *table, int64_t value)
{
	put(table,
	    (struct pyprof_cell){.type = PYPROF_CELL_INT, .sint = value});
}

void pyprof_table_part(struct pyprof_table *table, uint64_t part,
		       uint64_t whole)
{
	struct pyprof_cell cell = {.type = PYPROF_CELL_EMPTY};
	if (whole) {
		cell.type = PYPROF_CELL_NUMBER;
		cell.number = 100.0 * (double)part / (double)whole;
	}
	put(table, cell);
}

void pyprof_table_change(struct pyprof_table *table, double points)
{
	put(table,
	    (struct pyprof_cell){.type = PYPROF_CELL_NUMBER, .number = points});
}

void pyprof_table_mark(struct pyprof_table *table, bool value)
{
	put(table,
	    (struct pyprof_cell){.type = PYPROF_CELL_MARK, .mark = value});
}

static void json_text(enum pyprof_column_kind kind, const char *text,
		      size_t length, struct pyprof_json *json)
{
	if (kind == PYPROF_COLUMN_JSON)
		pyprof_json_raw(json, text, length);
	else
		pyprof_json_text(json, text, length);
}

static void json_cell(const struct pyprof_table *table,
		      enum pyprof_column_kind kind,
		      const struct pyprof_cell *cell, struct pyprof_json *json)
{
	switch (cell->type) {
	case PYPROF_CELL_EMPTY:
		pyprof_json_null(json);
		break;
	case PYPROF_CELL_TEXT:
		json_text(kind, table->text.data + cell->offset, cell->length,
			  json);
		break;
	case PYPROF_CELL_UINT:
		if (kind == PYPROF_COLUMN_ADDRESS) {
			char text[32];
			snprintf(text, sizeof(text), "0x%" PRIx64, cell->uint);
			pyprof_json_string(json, text);
		} else {
			pyprof_json_uint(json, cell->uint);
		}
		break;
	case PYPROF_CELL_INT:
		pyprof_json_int(json, cell->sint);
		break;
	case PYPROF_CELL_NUMBER:
		pyprof_json_double(json, cell->number, 3);
		break;
	case PYPROF_CELL_MARK:
		pyprof_json_bool(json, cell->mark);
		break;
	}
}

struct pyprof_error *pyprof_table_write_json(const struct pyprof_table *table,
					     struct pyprof_json *json)
{
	struct pyprof_error *err = pyprof_table_check(table);
	if (err)
		return err;
	pyprof_json_begin_array(json);
	for (size_t row = 0; row < table->rows; row++) {
		pyprof_json_begin_object(json);
		for (size_t i = 0; i < table->column_count; i++) {
			const struct pyprof_column *column = &table->columns[i];
			if (!column->key)
				continue;
			pyprof_json_key(json, column->key);
			json_cell(table, column->kind,
				  pyprof_cell_at(table, row, i), json);
		}
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
	return pyprof_buf_error(json->out);
}

struct pyprof_error *pyprof_table_end_json(const struct pyprof_table *table,
					   const char *key,
					   struct pyprof_json *json)
{
	pyprof_json_key(json, key);
	struct pyprof_error *err = pyprof_table_write_json(table, json);
	pyprof_json_end_object(json);
	pyprof_buf_putc(json->out, '\n');
	return err;
}

size_t pyprof_table_columns(const struct pyprof_table *table)
{
	return table->column_count;
}

const char *pyprof_table_field(const struct pyprof_table *table, size_t column)
{
	const struct pyprof_column *info = &table->columns[column];
	return info->key ? info->key : info->header;
}

struct pyprof_error *pyprof_table_keep(struct pyprof_table *table,
				       const size_t *columns, size_t count)
{
	struct pyprof_error *err = pyprof_table_check(table);
	if (err)
		return err;
	_cleanup_free_ struct pyprof_column *kept =
		calloc(count + 1, sizeof(*kept));
	_cleanup_free_ struct pyprof_cell *cells =
		calloc(count * table->rows + 1, sizeof(*cells));
	_cleanup_free_ char(*keys)[PYPROF_KEY_MAX] =
		calloc(count + 1, sizeof(*keys));
	if (!kept || !cells || !keys)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++) {
		const char *field = pyprof_table_field(table, columns[i]);
		kept[i] = table->columns[columns[i]];
		for (size_t c = 0; field[c] && c + 1 < PYPROF_KEY_MAX; c++)
			keys[i][c] = (char)tolower((unsigned char)field[c]);
		kept[i].key = keys[i];
		if (!kept[i].header)
			kept[i].header = keys[i];
		for (size_t row = 0; row < table->rows; row++)
			cells[row * count + i] =
				*pyprof_cell_at(table, row, columns[i]);
	}
	free(table->columns);
	free(table->keys);
	free(table->cells.items);
	table->keys = no_cleanup_ptr(keys);
	table->columns = no_cleanup_ptr(kept);
	table->column_count = count;
	table->cells.items = no_cleanup_ptr(cells);
	table->cells.count = table->cells.capacity = count * table->rows;
	table->is_chosen = true;
	return NULL;
}

uint64_t pyprof_table_sum(const struct pyprof_table *table, const char *field)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		const char *name = pyprof_table_field(table, i);
		if (!name || strcasecmp(name, field) != 0)
			continue;
		for (size_t row = 0; row < table->rows; row++) {
			const struct pyprof_cell *cell =
				pyprof_cell_at(table, row, i);
			sum += cell->type == PYPROF_CELL_UINT ? cell->uint : 0;
		}
	}
	return sum;
}
