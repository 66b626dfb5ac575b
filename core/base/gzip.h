// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Bytes as a gzip file, by zlib, in builds that have it. In others it is
 * refused as UNSUPPORTED.
 */
#ifndef PYPROF_BASE_GZIP_H
#define PYPROF_BASE_GZIP_H

#include "core/base/buf.h"

/** Append all of `bytes`, compressed. */
struct pyprof_error *pyprof_gzip(const struct pyprof_buf *bytes,
				 struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_BASE_GZIP_H */
