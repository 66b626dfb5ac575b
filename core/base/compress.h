// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Compressing pieces of memory, each with a checksum; by libzstd, in builds
 * that have it. In others all of it is refused as UNSUPPORTED.
 */
#ifndef PYPROF_BASE_COMPRESS_H
#define PYPROF_BASE_COMPRESS_H

#include <stddef.h>

#include "core/base/error.h"

/** What one thread needs to compress, or to decompress, piece after piece. */
struct pyprof_compressor;
struct pyprof_decompressor;

struct pyprof_error *pyprof_compressor_create(struct pyprof_compressor **ret)
	PYPROF_MUST_CHECK;
void pyprof_compressor_destroy(struct pyprof_compressor *compressor);
PYPROF_DEFINE_CLEANUP(pyprof_compressor, struct pyprof_compressor *,
		      pyprof_compressor_destroy)

struct pyprof_error *
pyprof_decompressor_create(struct pyprof_decompressor **ret) PYPROF_MUST_CHECK;
void pyprof_decompressor_destroy(struct pyprof_decompressor *decompressor);
PYPROF_DEFINE_CLEANUP(pyprof_decompressor, struct pyprof_decompressor *,
		      pyprof_decompressor_destroy)

/** Room that is enough for `size` bytes, compressed. */
size_t pyprof_compress_bound(size_t size);

/** Compress `size` bytes to `to`, which has room for pyprof_compress_bound().
 */
struct pyprof_error *pyprof_compress(struct pyprof_compressor *compressor,
				     const void *from, size_t size, void *to,
				     size_t *size_ret) PYPROF_MUST_CHECK;

/** Decompress to exactly `to_size` bytes; CORRUPT when it is anything else. */
struct pyprof_error *pyprof_decompress(struct pyprof_decompressor *decompressor,
				       const void *from, size_t size, void *to,
				       size_t to_size) PYPROF_MUST_CHECK;

#endif /* PYPROF_BASE_COMPRESS_H */
