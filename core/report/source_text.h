// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The bytes of a Python file as lines of text; a part of source.c.
 */
#ifndef PYPROF_REPORT_SOURCE_TEXT_H
#define PYPROF_REPORT_SOURCE_TEXT_H

#include "core/base/buf.h"

/**
 * Append the lines of a file as UTF-8, each with a NUL instead of its line
 * end. Lines end as Python ends them: by "\n", "\r\n" or "\r".
 *
 * A coding declaration of Latin-1 is obeyed; all other files are taken for
 * UTF-8. What is no text, and NUL, becomes U+FFFD.
 */
void pyprof_source_text(const char *bytes, size_t length,
			struct pyprof_buf *out);

#endif /* PYPROF_REPORT_SOURCE_TEXT_H */
