// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/** Write the comma that separates what comes from what was. */
static void separate(struct pyprof_json *json)
{
	if (json->follows)
		pyprof_buf_putc(json->out, ',');
	json->follows = true;
}

static void begin(struct pyprof_json *json, char bracket)
{
	separate(json);
	pyprof_buf_putc(json->out, bracket);
	json->follows = false;
}

static void end(struct pyprof_json *json, char bracket)
{
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

/**
 * How many bytes the UTF-8 sequence at `text` has; 0 when it is not one.
 * Overlong forms, surrogates and what is above U+10FFFF are none.
 */
static size_t sequence_length(const unsigned char *text)
{
	unsigned char first = text[0];
	size_t length = first < 0x80			? 1
			: first >= 0xc2 && first < 0xe0 ? 2
			: first >= 0xe0 && first < 0xf0 ? 3
			: first >= 0xf0 && first < 0xf5 ? 4
							: 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && text[1] < 0xa0) ||
	    (first == 0xed && text[1] >= 0xa0) ||
	    (first == 0xf0 && text[1] < 0x90) ||
	    (first == 0xf4 && text[1] >= 0x90))
		return 0;
	return length;
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

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<';
}

static void put_string(struct pyprof_buf *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	pyprof_buf_putc(out, '"');
	while (*at) {
		size_t plain = 0;
		while (is_plain(at[plain]))
			plain++;
		pyprof_buf_append(out, at, plain);
		at += plain;
		if (!*at)
			break;
		size_t length = sequence_length(at);
		if (length > 1)
			pyprof_buf_append(out, at, length);
		else if (length == 1)
			put_escaped(out, *at);
		else
			pyprof_buf_puts(out, "\xef\xbf\xbd");
		at += length ? length : 1;
	}
	pyprof_buf_putc(out, '"');
}

void pyprof_json_key(struct pyprof_json *json, const char *key)
{
	separate(json);
	put_string(json->out, key);
	pyprof_buf_putc(json->out, ':');
	json->follows = false;
}

void pyprof_json_string(struct pyprof_json *json, const char *text)
{
	if (!text) {
		pyprof_json_null(json);
		return;
	}
	separate(json);
	put_string(json->out, text);
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
