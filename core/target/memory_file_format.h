// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a saved memory looks like: for memory_file_*.c alone.
 *
 * A header, chunks of pages, and the directory, all numbers as this machine has
 * them. Pages of segments and of files come in one stream, in order, without
 * those that are all zeros; each PYPROF_FILE_CHUNK_PAGES of the stream are a
 * chunk: a zstd frame with a checksum. The directory is one, too:
 *
 *	u64 pid, missing bytes, ns it took to copy; resident, own, swapped bytes
 *	u64 segments; of each: u64 start, end, resident pages, flags; path
 *	u64 mappings; of each: u64 start, end, offset, flags; path
 *	u64 threads; of each: u64 tid, inner tid, thread pointer; name
 *	u64 facts; of each: key, value
 *	u64 files; of each: path; u64 size
 *	u64 runs; of each: u64 first page, pages: what is in the stream, counted
 *		over the pages of all segments and then of all files
 *	u64 own runs; of each: u64 first page, pages: what the process had to
 *		itself, counted over the pages of all segments
 *	u64 chunks; of each: u64 offset in the file, size there
 *
 * Text is u64 length, then its bytes.
 */
#ifndef PYPROF_TARGET_MEMORY_FILE_FORMAT_H
#define PYPROF_TARGET_MEMORY_FILE_FORMAT_H

#include <stdint.h>

#include "core/base/strtab.h"
#include "core/base/vec.h"
#include "core/target/memory_file.h"

#define PYPROF_FILE_MAGIC "pyprof heap\n\r\n\x1a"
#define PYPROF_FILE_VERSION 1
/** Tells machines apart whose numbers are the other way round. */
#define PYPROF_FILE_ORDER UINT32_C(0x01020304)

struct pyprof_file_header {
	/** Padded with NUL. */
	char magic[16];
	uint32_t version;
	uint32_t order;
	/** Of all of it: one that is shorter was cut off. */
	uint64_t file_size;
	/** Where the directory is, its size there and decompressed. */
	uint64_t directory_offset, directory_size, directory_bytes;
	/** Of what is before. */
	uint64_t checksum;
};

#define PYPROF_FILE_CHUNK_PAGES 512
#define PYPROF_FILE_CHUNK (PYPROF_FILE_CHUNK_PAGES * PYPROF_PAGE_SIZE)

/** Larger directories are refused: that of a terabyte is smaller. */
#define PYPROF_FILE_DIRECTORY_MAX (UINT64_C(1) << 28)

enum pyprof_file_flag {
	PYPROF_FILE_READABLE = 1 << 0,
	PYPROF_FILE_WRITABLE = 1 << 1,
	PYPROF_FILE_EXECUTABLE = 1 << 2,
	PYPROF_FILE_SHARED = 1 << 3,
	PYPROF_FILE_STACK = 1 << 4,
};

/** Pages that lie behind each other in memory and in the stream. */
struct pyprof_file_stretch {
	uint8_t *bytes;
	/** Its first page in the stream, and how many there are. */
	uint64_t first, count;
};

/** All pages that are in the file, in order. */
struct pyprof_file_stream {
	PYPROF_VEC(struct pyprof_file_stretch) stretches;
	uint64_t pages;
};

bool pyprof_file_stream_add(struct pyprof_file_stream *stream, uint8_t *bytes,
			    uint64_t pages);

static inline uint64_t
pyprof_file_stream_chunks(const struct pyprof_file_stream *stream)
{
	return (stream->pages + PYPROF_FILE_CHUNK_PAGES - 1) /
	       PYPROF_FILE_CHUNK_PAGES;
}

/** Bytes of a chunk. */
static inline size_t
pyprof_file_chunk_bytes(const struct pyprof_file_stream *stream, uint64_t chunk)
{
	uint64_t left = stream->pages - chunk * PYPROF_FILE_CHUNK_PAGES;
	if (left > PYPROF_FILE_CHUNK_PAGES)
		left = PYPROF_FILE_CHUNK_PAGES;
	return left * PYPROF_PAGE_SIZE;
}

/** Where the bytes of a chunk lie, when that is one place; else NULL. */
uint8_t *pyprof_file_chunk_place(const struct pyprof_file_stream *stream,
				 uint64_t chunk);

/** Copy a chunk to a buffer, or from it to where it belongs. */
void pyprof_file_chunk_gather(const struct pyprof_file_stream *stream,
			      uint64_t chunk, uint8_t *buffer);
void pyprof_file_chunk_scatter(const struct pyprof_file_stream *stream,
			       uint64_t chunk, const uint8_t *buffer);

/** As the directory has them. */
struct pyprof_file_run {
	uint64_t first, count;
};

struct pyprof_file_chunk {
	uint64_t offset, size;
};

static inline uint64_t
pyprof_file_checksum(const struct pyprof_file_header *header)
{
	/* FNV-1a: it is few bytes. */
	const uint8_t *byte = (const uint8_t *)header;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < offsetof(struct pyprof_file_header, checksum);
	     i++)
		sum = (sum ^ byte[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/** A file that a target mapped, as it is saved. */
struct pyprof_stored_file {
	const char *path;
	uint8_t *bytes;
	uint64_t size;
};
struct pyprof_stored_files {
	PYPROF_VEC(struct pyprof_stored_file) list;
};

/**
 * Read those of a target's mapped ELF files that are worth saving; `main_file`
 * first. What cannot be read is left out. Paths are the target's.
 */
struct pyprof_error *pyprof_stored_files_read(struct pyprof_target *target,
					      const char *main_file,
					      struct pyprof_stored_files *ret)
	PYPROF_MUST_CHECK;
void pyprof_stored_files_deinit(struct pyprof_stored_files *files);

/** The target of an opened file; takes over `files`, `facts` and all else. */
struct pyprof_memory_file {
	struct pyprof_target target;
	struct pyprof_strtab *texts;
	PYPROF_VEC(struct pyprof_mapping) mappings;
	PYPROF_VEC(struct pyprof_os_thread) threads;
	PYPROF_VEC(struct pyprof_fact) facts;
	struct pyprof_stored_files files;
	/** What the files' bytes lie in. */
	void *reserved;
	size_t reserved_size;
};
struct pyprof_error *pyprof_memory_file_create(struct pyprof_memory_file **ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_TARGET_MEMORY_FILE_FORMAT_H */
