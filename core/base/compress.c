// SPDX-License-Identifier: Apache-2.0
#include "core/base/compress.h"

#include "config.h"

#ifdef HAVE_ZSTD
#include <zstd.h>

/* The fastest that is worth it: memory goes through it at 0.5 GB/s. */
#define LEVEL 1

struct pyprof_error *pyprof_compressor_create(struct pyprof_compressor **ret)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	if (!context)
		return pyprof_error_oom();
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	*ret = (struct pyprof_compressor *)context;
	return NULL;
}

void pyprof_compressor_destroy(struct pyprof_compressor *compressor)
{
	ZSTD_freeCCtx((ZSTD_CCtx *)compressor);
}

struct pyprof_error *
pyprof_decompressor_create(struct pyprof_decompressor **ret)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	if (!context)
		return pyprof_error_oom();
	*ret = (struct pyprof_decompressor *)context;
	return NULL;
}

void pyprof_decompressor_destroy(struct pyprof_decompressor *decompressor)
{
	ZSTD_freeDCtx((ZSTD_DCtx *)decompressor);
}

size_t pyprof_compress_bound(size_t size)
{
	return ZSTD_compressBound(size);
}

struct pyprof_error *pyprof_compress(struct pyprof_compressor *compressor,
				     const void *from, size_t size, void *to,
				     size_t *size_ret)
{
	size_t done = ZSTD_compress2((ZSTD_CCtx *)compressor, to,
				     ZSTD_compressBound(size), from, size);
	if (ZSTD_isError(done))
		return pyprof_error_create(PYPROF_ERROR_OOM,
					   "cannot compress: %s",
					   ZSTD_getErrorName(done));
	*size_ret = done;
	return NULL;
}

struct pyprof_error *pyprof_decompress(struct pyprof_decompressor *decompressor,
				       const void *from, size_t size, void *to,
				       size_t to_size)
{
	size_t done = ZSTD_decompressDCtx((ZSTD_DCtx *)decompressor, to,
					  to_size, from, size);
	if (ZSTD_isError(done))
		return pyprof_error_create(PYPROF_ERROR_CORRUPT, "%s",
					   ZSTD_getErrorName(done));
	if (done != to_size)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "compressed data of another size");
	return NULL;
}

#else

static struct pyprof_error *no_zstd(void)
{
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"this pyprof was built without libzstd, which the file "
		"needs");
}

struct pyprof_error *pyprof_compressor_create(struct pyprof_compressor **ret)
{
	(void)ret;
	return no_zstd();
}

void pyprof_compressor_destroy(struct pyprof_compressor *compressor)
{
	(void)compressor;
}

struct pyprof_error *
pyprof_decompressor_create(struct pyprof_decompressor **ret)
{
	(void)ret;
	return no_zstd();
}

void pyprof_decompressor_destroy(struct pyprof_decompressor *decompressor)
{
	(void)decompressor;
}

size_t pyprof_compress_bound(size_t size)
{
	return size;
}

struct pyprof_error *pyprof_compress(struct pyprof_compressor *compressor,
				     const void *from, size_t size, void *to,
				     size_t *size_ret)
{
	(void)compressor;
	(void)from;
	(void)size;
	(void)to;
	(void)size_ret;
	return no_zstd();
}

struct pyprof_error *pyprof_decompress(struct pyprof_decompressor *decompressor,
				       const void *from, size_t size, void *to,
				       size_t to_size)
{
	(void)decompressor;
	(void)from;
	(void)size;
	(void)to;
	(void)to_size;
	return no_zstd();
}

#endif
