// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writing JSON into a buffer: the commas, the escaping and the numbers.
 *
 * The caller keeps to JSON's grammar: a key before each value of an object,
 * every begin with its end. Text may be any bytes: what is not UTF-8 becomes
 * U+FFFD. `<`, `>` and `&` are escaped, so that the result can stand in a web
 * page.
 */
#ifndef PYPROF_BASE_JSON_H
#define PYPROF_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

struct pyprof_json {
	struct pyprof_buf *out;
	/** The next value or key follows another one, or its key. */
	bool follows, follows_key;
	/** Containers that are open now, and how many levels of them have
	 * each of their values on a line of its own. */
	unsigned depth, lines;
};

/** A writer that appends to `buf`, all on one line. */
#define PYPROF_JSON_INIT(buf) ((struct pyprof_json){.out = (buf)})
/** For people: values in the outermost `levels` of containers begin lines. */
#define PYPROF_JSON_INIT_LINES(buf, levels) \
	((struct pyprof_json){.out = (buf), .lines = (levels)})

void pyprof_json_begin_object(struct pyprof_json *json);
void pyprof_json_end_object(struct pyprof_json *json);
void pyprof_json_begin_array(struct pyprof_json *json);
void pyprof_json_end_array(struct pyprof_json *json);
void pyprof_json_key(struct pyprof_json *json, const char *key);

/** Text of `length` bytes, which may hold NUL. */
void pyprof_json_text(struct pyprof_json *json, const char *text,
		      size_t length);
/** A value that is JSON already. */
void pyprof_json_raw(struct pyprof_json *json, const char *text, size_t length);
/** NULL is written as null. */
void pyprof_json_string(struct pyprof_json *json, const char *text);
void pyprof_json_int(struct pyprof_json *json, int64_t value);
void pyprof_json_uint(struct pyprof_json *json, uint64_t value);
/** Written with at most `decimals` decimals; null when not finite. */
void pyprof_json_double(struct pyprof_json *json, double value, int decimals);
void pyprof_json_bool(struct pyprof_json *json, bool value);
void pyprof_json_null(struct pyprof_json *json);

/** Append an address as a string, "0x7f00": a number may be too large. */
void pyprof_json_address(struct pyprof_json *json, uint64_t address);

#endif /* PYPROF_BASE_JSON_H */
