// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * UTF-8, whatever the locale: decoding it, and how wide it is on a terminal.
 */
#ifndef PYPROF_BASE_UTF8_H
#define PYPROF_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

/** U+FFFD, which stands for a byte that is not UTF-8. */
#define PYPROF_UTF8_REPLACEMENT "\xef\xbf\xbd"
#define PYPROF_UTF8_REPLACEMENT_CHARACTER 0xfffdu

/**
 * How many bytes the character at `text`, of `length` bytes, has: 1 to 4, or 0
 * when it is not UTF-8. Overlong forms, surrogates and what is above U+10FFFF
 * are none.
 */
size_t pyprof_utf8_character(const char *text, size_t length);

/**
 * Decode the character that `text` begins with; `length` is not 0.
 *
 * @param[out] ret U+FFFD for a byte that is not UTF-8.
 * @return How many bytes it has; 1 for a byte that is not UTF-8.
 */
size_t pyprof_utf8_decode(const char *text, size_t length, uint32_t *ret);

/** Append one character. */
void pyprof_utf8_put(struct pyprof_buf *buf, uint32_t character);

/** How many columns a character takes: 0, 1 or 2. */
unsigned pyprof_utf8_width(uint32_t character);

/** How many columns text takes. */
size_t pyprof_utf8_columns(const char *text, size_t length);

/** How many bytes of text fit into so many columns. */
size_t pyprof_utf8_fit(const char *text, size_t length, size_t columns);

/**
 * Append text as a line of a terminal may show it: tabs become spaces; what
 * would move the cursor, change colours, end the line or turn the direction of
 * what follows, and what is no text, becomes U+FFFD.
 */
void pyprof_utf8_put_visible(struct pyprof_buf *buf, const char *text,
			     size_t length);

#endif /* PYPROF_BASE_UTF8_H */
