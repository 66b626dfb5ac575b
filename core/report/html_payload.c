// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_page.h"

#include "config.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

static void put_base64(struct pyprof_buf *out, const unsigned char *bytes,
		       size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *to = pyprof_buf_reserve(out, (size + 2) / 3 * 4);
	if (!to)
		return;
	for (size_t i = 0; i < size; i += 3) {
		unsigned bits = (unsigned)bytes[i] << 16;
		bits |= i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0;
		bits |= i + 2 < size ? bytes[i + 2] : 0;
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < size ? digits[bits & 63] : '=';
	}
	out->length += (size + 2) / 3 * 4;
}

/* Append `json` as a raw stream of deflate. */
static void deflate_to(const struct pyprof_buf *json, struct pyprof_buf *out)
{
	/* Neither zlib's nor gzip's head. */
	const int window_bits = -15;
	z_stream stream = {
		.next_in = (z_const Bytef *)json->data,
		.avail_in = (uInt)json->length,
	};
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits,
			 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		out->failed = true;
		return;
	}
	uLong bound = deflateBound(&stream, (uLong)json->length);
	stream.next_out = (Bytef *)pyprof_buf_reserve(out, bound);
	stream.avail_out = (uInt)bound;
	if (stream.next_out && deflate(&stream, Z_FINISH) == Z_STREAM_END)
		out->length += stream.total_out;
	else
		out->failed = true;
	deflateEnd(&stream);
}

static struct pyprof_error *put_deflated(const struct pyprof_buf *json,
					 struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	deflate_to(json, &bytes);
	pyprof_buf_puts(out, "<script type=\"application/x-pyprof;deflate\" "
			     "id=\"data\">");
	put_base64(out, (const unsigned char *)bytes.data, bytes.length);
	pyprof_buf_puts(out, "</script>");
	return pyprof_buf_error(&bytes);
}
#endif

struct pyprof_error *pyprof_html_put_payload(const struct pyprof_buf *json,
					     struct pyprof_buf *out)
{
	struct pyprof_error *err = pyprof_buf_error(json);
	if (err)
		return err;
#ifdef HAVE_ZLIB
	/* What zlib counts with. */
	if (json->length < UINT32_MAX / 2)
		return put_deflated(json, out);
#endif
	pyprof_buf_puts(out, "<script type=\"application/json\" id=\"data\">");
	pyprof_buf_append(out, json->data, json->length);
	pyprof_buf_puts(out, "</script>");
	return NULL;
}
