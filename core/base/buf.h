// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A growing byte buffer, the one thing that all text and all report bytes are
 * written into.
 *
 * Appending never returns an error: a buffer that ran out of memory keeps what
 * it had, remembers it in `failed` and ignores what follows, so that writers
 * need one check at their end (pyprof_buf_error()). `data` is always
 * NUL-terminated and never NULL.
 */
#ifndef PYPROF_BASE_BUF_H
#define PYPROF_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

struct pyprof_buf {
	char *data;
	/** Bytes in use, without the NUL. */
	size_t length;
	size_t capacity;
	bool failed;
};

/** An empty buffer that owns nothing yet. */
#define PYPROF_BUF_INIT ((struct pyprof_buf){.data = pyprof_buf_empty})

/** What an empty buffer points to; never written. */
extern char pyprof_buf_empty[1];

void pyprof_buf_init(struct pyprof_buf *buf);
void pyprof_buf_deinit(struct pyprof_buf *buf);

/** pyprof_buf_deinit() at the end of the scope. */
#define _cleanup_buf_ _cleanup_(pyprof_buf_deinit)

/** Forget the contents and `failed`; keep the memory. */
void pyprof_buf_clear(struct pyprof_buf *buf);

void pyprof_buf_append(struct pyprof_buf *buf, const void *data, size_t size);
void pyprof_buf_puts(struct pyprof_buf *buf, const char *text);
void pyprof_buf_putc(struct pyprof_buf *buf, char c);
void pyprof_buf_fill(struct pyprof_buf *buf, char c, size_t count);
void pyprof_buf_printf(struct pyprof_buf *buf, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));
void pyprof_buf_vprintf(struct pyprof_buf *buf, const char *format, va_list ap)
	__attribute__((__format__(__printf__, 2, 0)));

/**
 * Make room for `size` more bytes and return where they go, or NULL (and set
 * `failed`). The caller fills them and then adds to `length`.
 */
char *pyprof_buf_reserve(struct pyprof_buf *buf, size_t size);

/** The out-of-memory error if anything was lost, else NULL. */
struct pyprof_error *pyprof_buf_error(const struct pyprof_buf *buf)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_BASE_BUF_H */
