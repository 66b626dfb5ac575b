// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of a head byte and what follows it. Only heads have the top bit set,
 * so that a damaged entry cannot swallow the next one.
 */
#include "core/cpython/linetable.h"
#include "core/cpython/linetable_kinds.h"

#define HEAD 0x80
#define UNIT_SIZE 2

enum location_code {
	/* Up to and with this one: same line, columns in one byte. */
	LOCATION_SHORT_LAST = 9,
	/* This line or one of the next two, columns in two bytes. */
	LOCATION_ONE_LINE = 10,
	LOCATION_ONE_LINE_LAST = 12,
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15,
};

struct cursor {
	const uint8_t *at, *end;
};

/* 0 where the entry ends early. */
static uint8_t next_byte(struct cursor *cursor)
{
	if (cursor->at == cursor->end || *cursor->at & HEAD)
		return 0;
	return *cursor->at++;
}

static int64_t next_varint(struct cursor *cursor)
{
	uint64_t value = 0;
	/* Nothing real is longer than 32 bits. */
	for (int shift = 0; shift <= 30; shift += 6) {
		uint8_t byte = next_byte(cursor);
		value |= (uint64_t)(byte & 0x3f) << shift;
		if (!(byte & 0x40))
			break;
	}
	return (int64_t)value;
}

static int64_t next_svarint(struct cursor *cursor)
{
	int64_t value = next_varint(cursor);
	return value & 1 ? -(value >> 1) : value >> 1;
}

/* By how much an entry changes the line; leaves the cursor behind that. */
static int64_t next_line_delta(struct cursor *cursor, int code)
{
	if (code >= LOCATION_ONE_LINE && code <= LOCATION_ONE_LINE_LAST)
		return code - LOCATION_ONE_LINE;
	if (code == LOCATION_NO_COLUMNS || code == LOCATION_LONG)
		return next_svarint(cursor);
	return 0;
}

static void decode_columns(struct cursor *cursor, int code, int64_t line,
			   struct pyprof_line_entry *ret)
{
	ret->line = ret->end_line = line;
	if (code <= LOCATION_SHORT_LAST) {
		uint8_t columns = next_byte(cursor);
		ret->column = code * 8 + (columns >> 4);
		ret->end_column = ret->column + (columns & 15);
	} else if (code <= LOCATION_ONE_LINE_LAST) {
		ret->column = next_byte(cursor);
		ret->end_column = next_byte(cursor);
	} else if (code == LOCATION_LONG) {
		ret->end_line = line + next_varint(cursor);
		ret->column = next_varint(cursor) - 1;
		ret->end_column = next_varint(cursor) - 1;
	} else if (code == LOCATION_NONE) {
		ret->line = ret->end_line = PYPROF_NO_LINE;
	}
}

void pyprof_line_find_locations(const uint8_t *table, size_t size,
				int64_t offset, struct pyprof_line_entry *ret)
{
	struct cursor cursor = {.at = table, .end = table + size};
	int64_t line = ret->line, end = 0;
	ret->line = ret->end_line = PYPROF_NO_LINE;
	while (cursor.at < cursor.end) {
		uint8_t head = *cursor.at++;
		if (!(head & HEAD))
			continue;
		int code = (head >> 3) & 15;
		end += ((head & 7) + 1) * UNIT_SIZE;
		line += next_line_delta(&cursor, code);
		if (offset < end) {
			decode_columns(&cursor, code, line, ret);
			return;
		}
	}
}
