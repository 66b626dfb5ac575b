// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Bytes as a gzip file and back, by zlib, in builds that have it. In others it
 * is refused as UNSUPPORTED.
 */
#ifndef PYPROF_BASE_GZIP_H
#define PYPROF_BASE_GZIP_H

#include "core/base/buf.h"

/** Append all of `bytes`, compressed. */
struct pyprof_error *pyprof_gzip(const struct pyprof_buf *bytes,
				 struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** Whether bytes begin as a gzip file does. */
static inline bool pyprof_is_gzip(const struct pyprof_buf *bytes)
{
	return bytes->length >= 2 && bytes->data[0] == '\x1f' &&
	       bytes->data[1] == '\x8b';
}

/**
 * Append what a gzip file holds: of one that was cut off or damaged what comes
 * before that, and never more than `most` bytes.
 */
struct pyprof_error *pyprof_gunzip(const struct pyprof_buf *bytes, size_t most,
				   struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_BASE_GZIP_H */
