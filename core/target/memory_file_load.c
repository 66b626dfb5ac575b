// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/compress.h"
#include "core/target/linux_proc.h"
#include "core/target/memory_file_load.h"
#include "core/target/memory_mirror.h"

static void loading_deinit(struct pyprof_loading *loading)
{
	pyprof_close_cleanup(&loading->fd);
	free(loading->directory);
	pyprof_vec_deinit(&loading->stream.stretches);
	pyprof_vec_deinit(&loading->chunks);
	pyprof_memory_destroy(loading->memory);
	if (loading->base)
		pyprof_target_destroy(&loading->base->target);
}

/*
 * Header and directory.
 */

static struct pyprof_error *read_at(const struct pyprof_loading *loading,
				    uint64_t offset, void *buffer, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(loading->fd, (char *)buffer + done,
				  size - done, (off_t)(offset + done));
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return pyprof_loading_damaged(loading);
		else if (errno != EINTR)
			return pyprof_error_os(errno, "cannot read %s",
					       loading->path);
	}
	return NULL;
}

static struct pyprof_error *check_header(const struct pyprof_loading *loading,
					 uint64_t file_size)
{
	const struct pyprof_file_header *header = &loading->header;
	static const char magic[sizeof(header->magic)] = PYPROF_FILE_MAGIC;
	if (memcmp(header->magic, magic, sizeof(magic)) != 0)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is no snapshot of a heap",
					   loading->path);
	if (header->order != PYPROF_FILE_ORDER)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"%s was written on another kind of machine",
			loading->path);
	if (header->version > PYPROF_FILE_VERSION)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"%s was written by a newer pyprof (format %u; this "
			"one knows %u)",
			loading->path, header->version, PYPROF_FILE_VERSION);
	if (header->checksum != pyprof_file_checksum(header))
		return pyprof_loading_damaged(loading);
	if (file_size < header->file_size)
		return pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"%s is cut off: %llu bytes of it are missing",
			loading->path,
			(unsigned long long)(header->file_size - file_size));
	if (header->directory_offset > header->file_size ||
	    header->directory_size >
		    header->file_size - header->directory_offset ||
	    header->directory_bytes > PYPROF_FILE_DIRECTORY_MAX)
		return pyprof_loading_damaged(loading);
	return NULL;
}

static struct pyprof_error *read_directory(struct pyprof_loading *loading)
{
	_cleanup_(pyprof_decompressor_cleanup) struct pyprof_decompressor
		*decompressor = NULL;
	const struct pyprof_file_header *header = &loading->header;
	struct pyprof_error *err = pyprof_decompressor_create(&decompressor);
	if (err)
		return err;
	_cleanup_free_ uint8_t *bytes = malloc(header->directory_size + 1);
	loading->directory = malloc(header->directory_bytes + 1);
	if (!bytes || !loading->directory)
		return pyprof_error_oom();
	err = read_at(loading, header->directory_offset, bytes,
		      header->directory_size);
	if (!err)
		err = pyprof_decompress(
			decompressor, bytes, header->directory_size,
			loading->directory, header->directory_bytes);
	if (pyprof_error_catch(&err, PYPROF_ERROR_CORRUPT))
		return pyprof_loading_damaged(loading);
	return err;
}

/*
 * The chunks.
 */

static struct pyprof_error *load_chunk(const struct pyprof_loading *loading,
				       uint64_t number,
				       struct pyprof_decompressor *decompressor,
				       uint8_t *bytes, uint8_t *gathered)
{
	const struct pyprof_file_chunk *chunk = &loading->chunks.items[number];
	uint8_t *place = pyprof_file_chunk_place(&loading->stream, number);
	struct pyprof_error *err =
		read_at(loading, chunk->offset, bytes, chunk->size);
	if (!err)
		err = pyprof_decompress(
			decompressor, bytes, chunk->size,
			place ? place : gathered,
			pyprof_file_chunk_bytes(&loading->stream, number));
	if (!err && !place)
		pyprof_file_chunk_scatter(&loading->stream, number, gathered);
	if (pyprof_error_catch(&err, PYPROF_ERROR_CORRUPT))
		return pyprof_loading_damaged(loading);
	return err;
}

static struct pyprof_error *load_chunks(struct pyprof_loading *loading,
					bool is_main)
{
	_cleanup_(pyprof_decompressor_cleanup) struct pyprof_decompressor
		*decompressor = NULL;
	_cleanup_free_ uint8_t *gathered = malloc(PYPROF_FILE_CHUNK);
	_cleanup_free_ uint8_t *bytes =
		malloc(pyprof_compress_bound(PYPROF_FILE_CHUNK));
	struct pyprof_error *err =
		gathered && bytes ? pyprof_decompressor_create(&decompressor)
				  : pyprof_error_oom();
	while (!err && !atomic_load(&loading->stop)) {
		uint64_t chunk = atomic_fetch_add(&loading->next, 1);
		if (chunk >= loading->chunks.count)
			break;
		if (is_main)
			err = pyprof_progress(loading->progress, "opening",
					      chunk, loading->chunks.count);
		if (!err)
			err = load_chunk(loading, chunk, decompressor, bytes,
					 gathered);
	}
	return err;
}

static void load_thread(void *context, size_t thread)
{
	struct pyprof_loading *loading = context;
	loading->errors[thread] = load_chunks(loading, !thread);
	if (loading->errors[thread])
		atomic_store(&loading->stop, true);
}

static struct pyprof_error *load_all_chunks(struct pyprof_loading *loading)
{
	pyprof_parallel(loading->chunks.count, load_thread, loading);
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < PYPROF_PARALLEL_MAX; i++) {
		if (err)
			pyprof_error_destroy(loading->errors[i]);
		else
			err = loading->errors[i];
	}
	return err;
}

static struct pyprof_error *open_file(struct pyprof_loading *loading)
{
	struct stat st;
	int error = pyprof_open_regular(loading->path, &loading->fd);
	if (!error && fstat(loading->fd, &st))
		error = errno;
	if (error)
		return pyprof_error_os(error, "cannot open %s", loading->path);
	/* What is shorter than a header has no magic either. */
	if (st.st_size >= (off_t)sizeof(loading->header)) {
		struct pyprof_error *err = read_at(loading, 0, &loading->header,
						   sizeof(loading->header));
		if (err)
			return err;
	}
	return check_header(loading, (uint64_t)st.st_size);
}

struct pyprof_error *pyprof_memory_load(const char *path,
					const struct pyprof_progress *progress,
					struct pyprof_memory **ret,
					struct pyprof_target **base_ret)
{
	_cleanup_(loading_deinit) struct pyprof_loading loading = {
		.path = path,
		.progress = progress,
		.fd = -1,
		.memory = calloc(1, sizeof(struct pyprof_memory)),
	};
	struct pyprof_error *err =
		loading.memory ? pyprof_memory_file_create(&loading.base)
			       : pyprof_error_oom();
	if (!err)
		err = open_file(&loading);
	if (!err)
		err = read_directory(&loading);
	if (!err)
		err = pyprof_loading_parse(&loading);
	if (!err)
		err = load_all_chunks(&loading);
	if (!err)
		err = pyprof_memory_own_paths(loading.memory);
	if (err)
		return err;
	*base_ret = &no_cleanup_ptr(loading.base)->target;
	*ret = no_cleanup_ptr(loading.memory);
	return NULL;
}
