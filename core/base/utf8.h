// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What of a run of bytes is UTF-8: names and source lines of a target can be
 * anything, what is written must be text.
 */
#ifndef PYPROF_BASE_UTF8_H
#define PYPROF_BASE_UTF8_H

#include <stddef.h>

/** U+FFFD, which stands for a byte that is not UTF-8. */
#define PYPROF_UTF8_REPLACEMENT "\xef\xbf\xbd"

/**
 * How many bytes the character at `text`, of `length` bytes, has: 1 to 4, or 0
 * when it is not UTF-8. Overlong forms, surrogates and what is above U+10FFFF
 * are none.
 */
size_t pyprof_utf8_character(const char *text, size_t length);

#endif /* PYPROF_BASE_UTF8_H */
