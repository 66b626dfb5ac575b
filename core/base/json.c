// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

static void begin_line(struct pyprof_json *json)
{
	pyprof_buf_putc(json->out, '\n');
	pyprof_buf_fill(json->out, ' ', (size_t)json->depth * 2);
}

/* Write what separates the next value or key from what was. */
static void separate(struct pyprof_json *json)
{
	bool is_inline = json->depth > json->lines;
	if (json->follows)
		pyprof_buf_puts(json->out,
				json->lines && is_inline ? ", " : ",");
	if (json->depth && !is_inline && !json->follows_key)
		begin_line(json);
	json->follows = true;
	json->follows_key = false;
}

static void begin(struct pyprof_json *json, char bracket)
{
	separate(json);
	pyprof_buf_putc(json->out, bracket);
	json->follows = false;
	json->depth++;
}

static void end(struct pyprof_json *json, char bracket)
{
	bool is_empty = !json->follows;
	json->depth--;
	if (json->depth < json->lines && !is_empty)
		begin_line(json);
	pyprof_buf_putc(json->out, bracket);
	json->follows = true;
}

void pyprof_json_begin_object(struct pyprof_json *json)
{
	begin(json, '{');
}

void pyprof_json_end_object(struct pyprof_json *json)
{
	end(json, '}');
}

void pyprof_json_begin_array(struct pyprof_json *json)
{
	begin(json, '[');
}

void pyprof_json_end_array(struct pyprof_json *json)
{
	end(json, ']');
}

static void put_escaped(struct pyprof_buf *out, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		pyprof_buf_putc(out, '\\');
		pyprof_buf_putc(out, (char)c);
		break;
	case '\n':
		pyprof_buf_puts(out, "\\n");
		break;
	case '\t':
		pyprof_buf_puts(out, "\\t");
		break;
	default:
		pyprof_buf_printf(out, "\\u%04x", c);
	}
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && !strchr("\"\\<>&", c);
}

/* A character outside of plain ASCII. */
static void put_character(struct pyprof_buf *out, const char *text, size_t size,
			  uint32_t character)
{
	if (character < 0x80)
		put_escaped(out, (unsigned char)character);
	else if (character == 0x2028 || character == 0x2029)
		/* JavaScript of old takes them for line ends. */
		pyprof_buf_printf(out, "\\u%04x", character);
	else if (character == PYPROF_UTF8_REPLACEMENT_CHARACTER)
		pyprof_buf_puts(out, PYPROF_UTF8_REPLACEMENT);
	else
		pyprof_buf_append(out, text, size);
}

static void put_string(struct pyprof_buf *out, const char *text, size_t length)
{
	pyprof_buf_putc(out, '"');
	for (size_t at = 0; at < length;) {
		size_t plain = at;
		while (plain < length && is_plain(text[plain]))
			plain++;
		pyprof_buf_append(out, text + at, plain - at);
		at = plain;
		if (at == length)
			break;
		uint32_t character;
		size_t size =
			pyprof_utf8_decode(text + at, length - at, &character);
		put_character(out, text + at, size, character);
		at += size;
	}
	pyprof_buf_putc(out, '"');
}

void pyprof_json_key(struct pyprof_json *json, const char *key)
{
	separate(json);
	put_string(json->out, key, strlen(key));
	pyprof_buf_puts(json->out, json->lines ? ": " : ":");
	json->follows = false;
	json->follows_key = true;
}

void pyprof_json_raw(struct pyprof_json *json, const char *text, size_t length)
{
	separate(json);
	pyprof_buf_append(json->out, text, length);
}

void pyprof_json_string(struct pyprof_json *json, const char *text)
{
	if (!text) {
		pyprof_json_null(json);
		return;
	}
	pyprof_json_text(json, text, strlen(text));
}

void pyprof_json_text(struct pyprof_json *json, const char *text, size_t length)
{
	separate(json);
	put_string(json->out, text, length);
}

void pyprof_json_int(struct pyprof_json *json, int64_t value)
{
	separate(json);
	pyprof_buf_printf(json->out, "%" PRId64, value);
}

void pyprof_json_uint(struct pyprof_json *json, uint64_t value)
{
	separate(json);
	pyprof_buf_printf(json->out, "%" PRIu64, value);
}

void pyprof_json_double(struct pyprof_json *json, double value, int decimals)
{
	if (!isfinite(value)) {
		pyprof_json_null(json);
		return;
	}
	separate(json);
	size_t start = json->out->length;
	pyprof_buf_printf(json->out, "%.*f", decimals, value);
	if (decimals <= 0 || json->out->failed)
		return;
	/* The point is the locale's, and zeros behind it say nothing. */
	char *number = json->out->data + start;
	char *comma = strchr(number, ',');
	if (comma)
		*comma = '.';
	size_t length = json->out->length;
	while (json->out->data[length - 1] == '0')
		length--;
	if (json->out->data[length - 1] == '.')
		length--;
	json->out->length = length;
	json->out->data[length] = '\0';
}

void pyprof_json_bool(struct pyprof_json *json, bool value)
{
	separate(json);
	pyprof_buf_puts(json->out, value ? "true" : "false");
}

void pyprof_json_null(struct pyprof_json *json)
{
	separate(json);
	pyprof_buf_puts(json->out, "null");
}

void pyprof_json_address(struct pyprof_json *json, uint64_t address)
{
	char text[32];
	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	pyprof_json_string(json, text);
}
