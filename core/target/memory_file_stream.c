// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/target/memory_file_format.h"

bool pyprof_file_stream_add(struct pyprof_file_stream *stream, uint8_t *bytes,
			    uint64_t pages)
{
	struct pyprof_file_stretch stretch = {bytes, stream->pages, pages};
	stream->pages += pages;
	return pyprof_vec_push(&stream->stretches, stretch);
}

/* The stretch that a page of the stream is in. */
static const struct pyprof_file_stretch *
find(const struct pyprof_file_stream *stream, uint64_t page)
{
	size_t low = 0, high = stream->stretches.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (stream->stretches.items[middle].first <= page)
			low = middle;
		else
			high = middle;
	}
	return &stream->stretches.items[low];
}

uint8_t *pyprof_file_chunk_place(const struct pyprof_file_stream *stream,
				 uint64_t chunk)
{
	uint64_t page = chunk * PYPROF_FILE_CHUNK_PAGES;
	const struct pyprof_file_stretch *stretch = find(stream, page);
	uint64_t behind = page - stretch->first;
	size_t size = pyprof_file_chunk_bytes(stream, chunk);
	if ((stretch->count - behind) * PYPROF_PAGE_SIZE < size)
		return NULL;
	return stretch->bytes + behind * PYPROF_PAGE_SIZE;
}

/* Copy a chunk out to a buffer, or in from one. */
static void copy(const struct pyprof_file_stream *stream, uint64_t chunk,
		 uint8_t *out, const uint8_t *in)
{
	uint64_t page = chunk * PYPROF_FILE_CHUNK_PAGES;
	const struct pyprof_file_stretch *stretch = find(stream, page);
	size_t left = pyprof_file_chunk_bytes(stream, chunk), done = 0;
	while (left) {
		uint64_t behind = page - stretch->first;
		uint8_t *bytes = stretch->bytes + behind * PYPROF_PAGE_SIZE;
		size_t size = (stretch->count - behind) * PYPROF_PAGE_SIZE;
		if (size > left)
			size = left;
		if (out)
			memcpy(out + done, bytes, size);
		else
			memcpy(bytes, in + done, size);
		done += size;
		left -= size;
		page += size >> PYPROF_PAGE_SHIFT;
		stretch++;
	}
}

void pyprof_file_chunk_gather(const struct pyprof_file_stream *stream,
			      uint64_t chunk, uint8_t *buffer)
{
	copy(stream, chunk, buffer, NULL);
}

void pyprof_file_chunk_scatter(const struct pyprof_file_stream *stream,
			       uint64_t chunk, const uint8_t *buffer)
{
	copy(stream, chunk, NULL, buffer);
}
