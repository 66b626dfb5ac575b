// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Tables: described and filled once, written as aligned text for people or as
 * a JSON array of objects for programs.
 *
 * Cells keep facts, not text: nanoseconds and counts stay integers in JSON,
 * and a column says how people see them. Adding never returns an error: a
 * table that ran out of memory says so when it is written.
 */
#ifndef PYPROF_BASE_TABLE_H
#define PYPROF_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"

enum pyprof_column_kind {
	/** Text that is never cut, as a name. */
	PYPROF_COLUMN_NAME,
	/** A path, with a line number or not: cut in the middle to fit. */
	PYPROF_COLUMN_PATH,
	/** Text that is cut at its end to fit, as a line of source. */
	PYPROF_COLUMN_TEXT,
	PYPROF_COLUMN_COUNT,
	/** A count that may be of millions, or bytes: "12,345,678". */
	PYPROF_COLUMN_BIG,
	/** 0 to 100, with one decimal; "." for nothing at all. */
	PYPROF_COLUMN_PERCENT,
	/** The same without decimals. */
	PYPROF_COLUMN_SHARE,
	/** What changed of a percentage: "+1.2", "-0.3", "." for nothing. */
	PYPROF_COLUMN_CHANGE,
	/** Nanoseconds, written as seconds with three decimals; of what
	 * changed (int) the sign is shown. */
	PYPROF_COLUMN_SECONDS,
	/** An address: hexadecimal; in JSON a string, "0x7f00". */
	PYPROF_COLUMN_ADDRESS,
	/** "*" or nothing. */
	PYPROF_COLUMN_MARK,
	/** Text that is JSON, for a member that is an array or object. */
	PYPROF_COLUMN_JSON,
};

struct pyprof_column {
	enum pyprof_column_kind kind;
	/** Member in JSON; NULL: not there. */
	const char *key;
	/** Above the column in text, with the unit; NULL: not there. */
	const char *header;
};

struct pyprof_table;

/** The strings of `columns` are borrowed, the array is copied. */
struct pyprof_error *pyprof_table_create(const struct pyprof_column *columns,
					 size_t count,
					 struct pyprof_table **ret)
	PYPROF_MUST_CHECK;
void pyprof_table_destroy(struct pyprof_table *table);
PYPROF_DEFINE_CLEANUP(pyprof_table, struct pyprof_table *, pyprof_table_destroy)

/** Begin a row. Its cells are added from left to right; those left out, and
 * all of those added by pyprof_table_skip(), are empty in text, null in JSON.
 */
void pyprof_table_row(struct pyprof_table *table);
size_t pyprof_table_rows(const struct pyprof_table *table);

void pyprof_table_skip(struct pyprof_table *table);
void pyprof_table_text(struct pyprof_table *table, const char *text);
/** Bytes that may hold NUL. */
void pyprof_table_bytes(struct pyprof_table *table, const char *text,
			size_t length);
void pyprof_table_printf(struct pyprof_table *table, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));
/** For COUNT, SECONDS and ADDRESS. */
void pyprof_table_uint(struct pyprof_table *table, uint64_t value);
void pyprof_table_int(struct pyprof_table *table, int64_t value);
/** For PERCENT and SHARE: empty when `whole` is 0. */
void pyprof_table_part(struct pyprof_table *table, uint64_t part,
		       uint64_t whole);
/** For CHANGE. */
void pyprof_table_change(struct pyprof_table *table, double points);
void pyprof_table_mark(struct pyprof_table *table, bool value);

size_t pyprof_table_columns(const struct pyprof_table *table);
/** What a column is called, in whichever case: its key, else its header. */
const char *pyprof_table_field(const struct pyprof_table *table, size_t column);
/**
 * Keep these columns, in this order, in text and in JSON, by their
 * fields' names where they had none there. No more rows are to be added.
 */
struct pyprof_error *pyprof_table_keep(struct pyprof_table *table,
				       const size_t *columns, size_t count)
	PYPROF_MUST_CHECK;
/** The sum of a column of unsigned numbers. */
uint64_t pyprof_table_sum(const struct pyprof_table *table, const char *field);

/**
 * Write a header and the rows as text. Columns without any value, and those of
 * shares that are all 0, are left out.
 *
 * @param width Columns of the terminal; 0: as wide as it takes. Names may make
 * a line longer.
 */
struct pyprof_error *pyprof_table_write_text(const struct pyprof_table *table,
					     unsigned width,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** Write the rows as the last member of the object that all text is, which ends
 * with it. */
struct pyprof_error *pyprof_table_end_json(const struct pyprof_table *table,
					   const char *key,
					   struct pyprof_json *json)
	PYPROF_MUST_CHECK;

/** Write the rows as an array of objects. */
struct pyprof_error *pyprof_table_write_json(const struct pyprof_table *table,
					     struct pyprof_json *json)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_BASE_TABLE_H */
