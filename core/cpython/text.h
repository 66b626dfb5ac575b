// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Python str and bytes objects of a target.
 */
#ifndef PYPROF_CPYTHON_TEXT_H
#define PYPROF_CPYTHON_TEXT_H

#include "core/base/buf.h"
#include "core/cpython/python.h"

/**
 * Append a str as UTF-8; a lone surrogate becomes U+FFFD.
 *
 * @param max_chars Code points at most; a longer one is cut and ends in "…".
 * CORRUPT when it is not a str.
 */
struct pyprof_error *pyprof_text_read_str(const struct pyprof_python *python,
					  uint64_t address, size_t max_chars,
					  struct pyprof_buf *buf)
	PYPROF_MUST_CHECK;

/** Append the bytes of a bytes object of at most `max` bytes, else CORRUPT. */
struct pyprof_error *pyprof_text_read_bytes(const struct pyprof_python *python,
					    uint64_t address, size_t max,
					    struct pyprof_buf *buf)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_TEXT_H */
