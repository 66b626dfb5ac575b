// SPDX-License-Identifier: Apache-2.0
#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char pyprof_buf_empty[1];

void pyprof_buf_init(struct pyprof_buf *buf)
{
	*buf = PYPROF_BUF_INIT;
}

void pyprof_buf_deinit(struct pyprof_buf *buf)
{
	if (buf->capacity)
		free(buf->data);
	pyprof_buf_init(buf);
}

void pyprof_buf_clear(struct pyprof_buf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->capacity)
		buf->data[0] = '\0';
}

char *pyprof_buf_reserve(struct pyprof_buf *buf, size_t size)
{
	if (buf->failed || size >= SIZE_MAX / 4 - buf->length) {
		buf->failed = true;
		return NULL;
	}
	size_t needed = buf->length + size + 1;
	if (needed > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity * 2 : 64;
		while (capacity < needed)
			capacity *= 2;
		char *data =
			realloc(buf->capacity ? buf->data : NULL, capacity);
		if (!data) {
			buf->failed = true;
			return NULL;
		}
		buf->data = data;
		buf->capacity = capacity;
		data[buf->length] = '\0';
	}
	return buf->data + buf->length;
}

void pyprof_buf_append(struct pyprof_buf *buf, const void *data, size_t size)
{
	char *end = pyprof_buf_reserve(buf, size);
	if (!end)
		return;
	if (size)
		memcpy(end, data, size);
	end[size] = '\0';
	buf->length += size;
}

void pyprof_buf_puts(struct pyprof_buf *buf, const char *text)
{
	pyprof_buf_append(buf, text, strlen(text));
}

void pyprof_buf_putc(struct pyprof_buf *buf, char c)
{
	pyprof_buf_append(buf, &c, 1);
}

void pyprof_buf_fill(struct pyprof_buf *buf, char c, size_t count)
{
	char *end = pyprof_buf_reserve(buf, count);
	if (!end)
		return;
	memset(end, c, count);
	end[count] = '\0';
	buf->length += count;
}

void pyprof_buf_vprintf(struct pyprof_buf *buf, const char *format, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0) {
		buf->failed = true;
		return;
	}
	char *end = pyprof_buf_reserve(buf, (size_t)length);
	if (!end)
		return;
	vsnprintf(end, (size_t)length + 1, format, ap);
	buf->length += (size_t)length;
}

void pyprof_buf_printf(struct pyprof_buf *buf, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	pyprof_buf_vprintf(buf, format, ap);
	va_end(ap);
}

struct pyprof_error *pyprof_buf_error(const struct pyprof_buf *buf)
{
	return buf->failed ? pyprof_error_oom() : NULL;
}
