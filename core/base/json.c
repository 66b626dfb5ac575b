// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/utf8.h"

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

static void put_string(struct pyprof_buf *out, const char *text, size_t length)
{
	pyprof_buf_putc(out, '"');
	for (size_t at = 0; at < length;) {
		size_t plain = 0;
		while (at + plain < length &&
		       is_plain((unsigned char)text[at + plain]))
			plain++;
		pyprof_buf_append(out, text + at, plain);
		at += plain;
		if (at == length)
			break;
		size_t size = pyprof_utf8_character(text + at, length - at);
		if (size > 1)
			pyprof_buf_append(out, text + at, size);
		else if (size == 1)
			put_escaped(out, (unsigned char)text[at]);
		else
			pyprof_buf_puts(out, PYPROF_UTF8_REPLACEMENT);
		at += size ? size : 1;
	}
	pyprof_buf_putc(out, '"');
}

void pyprof_json_key(struct pyprof_json *json, const char *key)
{
	separate(json);
	put_string(json->out, key, strlen(key));
	pyprof_buf_putc(json->out, ':');
	json->follows = false;
}

void pyprof_json_text(struct pyprof_json *json, const char *text, size_t length)
{
	separate(json);
	put_string(json->out, text, length);
}

void pyprof_json_string(struct pyprof_json *json, const char *text)
{
	if (text)
		pyprof_json_text(json, text, strlen(text));
	else
		pyprof_json_null(json);
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
