// SPDX-License-Identifier: Apache-2.0
#include "core/base/gzip.h"

#include "config.h"

#ifdef HAVE_ZLIB
#define ZLIB_CONST
#include <zlib.h>

/* zlib counts what it is given and has room for in ints. */
#define CHUNK ((size_t)1 << 20)
/* The largest window, and a gzip header instead of zlib's own. */
#define WINDOW_BITS (15 + 16)
#define MEMORY_LEVEL 8

static size_t at_most_a_chunk(size_t size)
{
	return size < CHUNK ? size : CHUNK;
}

struct pyprof_error *pyprof_gzip(const struct pyprof_buf *bytes,
				 struct pyprof_buf *out)
{
	struct pyprof_error *err = pyprof_buf_error(bytes);
	z_stream stream = {};
	if (err)
		return err;
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
			 WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return pyprof_error_oom();
	size_t at = 0;
	for (int done = Z_OK; done != Z_STREAM_END;) {
		size_t size = at_most_a_chunk(bytes->length - at);
		char *room = pyprof_buf_reserve(out, CHUNK);
		if (!room)
			break;
		stream.next_in = (const unsigned char *)bytes->data + at;
		stream.avail_in = (unsigned)size;
		stream.next_out = (unsigned char *)room;
		stream.avail_out = CHUNK;
		done = deflate(&stream, at + size < bytes->length ? Z_NO_FLUSH
								  : Z_FINISH);
		at += size - stream.avail_in;
		out->length += CHUNK - stream.avail_out;
		out->data[out->length] = '\0';
	}
	deflateEnd(&stream);
	return pyprof_buf_error(out);
}

struct pyprof_error *pyprof_gunzip(const struct pyprof_buf *bytes, size_t most,
				   struct pyprof_buf *out)
{
	z_stream stream = {};
	if (inflateInit2(&stream, WINDOW_BITS) != Z_OK)
		return pyprof_error_oom();
	size_t at = 0;
	for (int done = Z_OK; done == Z_OK && most;) {
		size_t size = at_most_a_chunk(bytes->length - at);
		size_t space = at_most_a_chunk(most);
		char *room = pyprof_buf_reserve(out, space);
		if (!room)
			break;
		stream.next_in = (const unsigned char *)bytes->data + at;
		stream.avail_in = (unsigned)size;
		stream.next_out = (unsigned char *)room;
		stream.avail_out = (unsigned)space;
		/* Where nothing is left to read it says so. */
		done = inflate(&stream, Z_NO_FLUSH);
		at += size - stream.avail_in;
		space -= stream.avail_out;
		most -= space;
		out->length += space;
		out->data[out->length] = '\0';
	}
	inflateEnd(&stream);
	return pyprof_buf_error(out);
}

#else /* !HAVE_ZLIB */

struct pyprof_error *pyprof_gzip(const struct pyprof_buf *bytes,
				 struct pyprof_buf *out)
{
	(void)bytes;
	(void)out;
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "this build of pyprof cannot write .gz: it "
				   "was made without zlib; leave the .gz away");
}

struct pyprof_error *pyprof_gunzip(const struct pyprof_buf *bytes, size_t most,
				   struct pyprof_buf *out)
{
	(void)bytes;
	(void)most;
	(void)out;
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "this build of pyprof cannot read .gz: it "
				   "was made without zlib; gunzip it first");
}

#endif /* HAVE_ZLIB */
