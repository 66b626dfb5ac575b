// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/compress.h"
#include "core/base/new_file.h"
#include "core/base/parallel.h"
#include "core/target/memory_file_format.h"

/* What the threads that compress have in common. */
struct saving {
	const struct pyprof_memory_save *what;
	const char *path;
	const struct pyprof_progress *progress;
	struct pyprof_new_file file;
	struct pyprof_stored_files files;
	struct pyprof_file_stream stream;
	struct pyprof_file_chunk *chunks;
	/* The directory, uncompressed. */
	struct pyprof_buf directory;
	/* The next chunk that nobody has taken; where the next one goes. */
	atomic_uint_least64_t next, end;
	atomic_bool stop;
	struct pyprof_error *errors[PYPROF_PARALLEL_MAX];
};

static void saving_deinit(struct saving *saving)
{
	pyprof_new_file_deinit(&saving->file);
	pyprof_stored_files_deinit(&saving->files);
	pyprof_vec_deinit(&saving->stream.stretches);
	pyprof_buf_deinit(&saving->directory);
	free(saving->chunks);
}

static struct pyprof_error *cannot_write(const struct saving *saving, int error)
{
	return pyprof_error_os(error, "cannot write %s", saving->path);
}

/*
 * The directory.
 */

static void put(struct pyprof_buf *buf, uint64_t value)
{
	pyprof_buf_append(buf, &value, sizeof(value));
}

static void put_text(struct pyprof_buf *buf, const char *text)
{
	size_t length = strlen(text);
	put(buf, length);
	pyprof_buf_append(buf, text, length);
}

static void put_segments(struct pyprof_buf *buf,
			 const struct pyprof_memory *memory)
{
	put(buf, memory->segments.count);
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		put(buf, segment->start);
		put(buf, segment->end);
		put(buf, segment->resident_pages);
		put(buf,
		    (segment->writable ? PYPROF_FILE_WRITABLE : 0) |
			    (segment->executable ? PYPROF_FILE_EXECUTABLE : 0));
		put_text(buf, segment->path ? segment->path : "");
	}
}

static void put_mapping(struct pyprof_buf *buf,
			const struct pyprof_mapping *mapping)
{
	put(buf, mapping->start);
	put(buf, mapping->end);
	put(buf, mapping->offset);
	put(buf, (mapping->readable ? PYPROF_FILE_READABLE : 0) |
			 (mapping->writable ? PYPROF_FILE_WRITABLE : 0) |
			 (mapping->executable ? PYPROF_FILE_EXECUTABLE : 0) |
			 (mapping->shared ? PYPROF_FILE_SHARED : 0) |
			 (mapping->is_stack ? PYPROF_FILE_STACK : 0));
	put_text(buf, mapping->path);
}

static struct pyprof_error *put_target(struct pyprof_buf *buf,
				       struct pyprof_target *target)
{
	const struct pyprof_mapping *mappings;
	const struct pyprof_os_thread *threads;
	size_t count;
	struct pyprof_error *err =
		target->ops->mappings(target, &mappings, &count);
	if (err)
		return err;
	put(buf, count);
	for (size_t i = 0; i < count; i++)
		put_mapping(buf, &mappings[i]);
	err = target->ops->threads(target, &threads, &count);
	if (err)
		return err;
	put(buf, count);
	for (size_t i = 0; i < count; i++) {
		put(buf, (uint64_t)threads[i].tid);
		put(buf, (uint64_t)threads[i].inner_tid);
		put(buf, threads[i].thread_pointer);
		put_text(buf, threads[i].name);
	}
	return NULL;
}

static struct pyprof_error *put_head(struct saving *saving)
{
	struct pyprof_buf *buf = &saving->directory;
	const struct pyprof_memory_save *what = saving->what;
	put(buf, (uint64_t)what->target->pid);
	put(buf, what->memory->missing_bytes);
	put(buf, (uint64_t)what->memory->copy_ns);
	put(buf, what->memory->usage.resident);
	put(buf, what->memory->usage.own);
	put(buf, what->memory->usage.swapped);
	put_segments(buf, what->memory);
	struct pyprof_error *err = put_target(buf, what->target);
	if (err)
		return err;
	put(buf, what->fact_count);
	for (size_t i = 0; i < what->fact_count; i++) {
		put_text(buf, what->facts[i].key);
		put_text(buf, what->facts[i].value);
	}
	put(buf, saving->files.list.count);
	for (size_t i = 0; i < saving->files.list.count; i++) {
		put_text(buf, saving->files.list.items[i].path);
		put(buf, saving->files.list.items[i].size);
	}
	return NULL;
}

/*
 * Which pages are in the stream.
 */

struct runs {
	PYPROF_VEC(struct pyprof_file_run) list;
	/* Pages of all that was looked at. */
	uint64_t pages;
};

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[PYPROF_PAGE_SIZE];
	return memcmp(page, zeros, PYPROF_PAGE_SIZE) == 0;
}

/* Take in those of some pages that are not zeros. */
static bool add_pages(struct saving *saving, struct runs *runs,
		      const uint8_t *bytes, uint64_t pages)
{
	for (uint64_t i = 0; i < pages;) {
		if (is_zero(bytes + i * PYPROF_PAGE_SIZE)) {
			i++;
			continue;
		}
		uint64_t first = i;
		while (i < pages && !is_zero(bytes + i * PYPROF_PAGE_SIZE))
			i++;
		struct pyprof_file_run run = {runs->pages + first, i - first};
		if (!pyprof_vec_push(&runs->list, run) ||
		    !pyprof_file_stream_add(&saving->stream,
					    (uint8_t *)bytes +
						    first * PYPROF_PAGE_SIZE,
					    i - first))
			return false;
	}
	runs->pages += pages;
	return true;
}

static void put_runs(struct pyprof_buf *buf, const struct runs *runs)
{
	put(buf, runs->list.count);
	for (size_t i = 0; i < runs->list.count; i++) {
		put(buf, runs->list.items[i].first);
		put(buf, runs->list.items[i].count);
	}
}

/* The pages that the process had to itself, in runs. */
static struct pyprof_error *put_own(struct saving *saving)
{
	const struct pyprof_memory *memory = saving->what->memory;
	struct runs runs = {};
	for (uint64_t i = 1; i <= memory->page_count;) {
		uint64_t first = i;
		while (i <= memory->page_count &&
		       pyprof_memory_is_own(memory, (uint32_t)i))
			i++;
		struct pyprof_file_run run = {first - 1, i - first};
		if (run.count && !pyprof_vec_push(&runs.list, run)) {
			pyprof_vec_deinit(&runs.list);
			return pyprof_error_oom();
		}
		i += !run.count;
	}
	put_runs(&saving->directory, &runs);
	pyprof_vec_deinit(&runs.list);
	return NULL;
}

static struct pyprof_error *find_pages(struct saving *saving, struct runs *runs)
{
	const struct pyprof_memory *memory = saving->what->memory;
	for (size_t i = 0; i < memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&memory->segments.items[i];
		struct pyprof_error *err =
			pyprof_progress(saving->progress, "looking for zeros",
					i, memory->segments.count);
		if (err)
			return err;
		if (!add_pages(saving, runs, segment->bytes,
			       (segment->end - segment->start) >>
				       PYPROF_PAGE_SHIFT))
			return pyprof_error_oom();
	}
	for (size_t i = 0; i < saving->files.list.count; i++) {
		const struct pyprof_stored_file *file =
			&saving->files.list.items[i];
		if (!add_pages(saving, runs, file->bytes,
			       (file->size + PYPROF_PAGE_SIZE - 1) >>
				       PYPROF_PAGE_SHIFT))
			return pyprof_error_oom();
	}
	put_runs(&saving->directory, runs);
	return put_own(saving);
}

/*
 * The chunks.
 */

static int write_at(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, bytes + done, size - done,
				   (off_t)(offset + done));
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return EIO;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* Compress and write something; where it went is known then. */
static struct pyprof_error *write_piece(struct saving *saving,
					struct pyprof_compressor *compressor,
					const uint8_t *from, size_t size,
					uint8_t *room,
					struct pyprof_file_chunk *ret)
{
	size_t written;
	struct pyprof_error *err =
		pyprof_compress(compressor, from, size, room, &written);
	if (err)
		return err;
	uint64_t offset = atomic_fetch_add(&saving->end, written);
	int error = write_at(saving->file.fd, room, written, offset);
	if (error)
		return cannot_write(saving, error);
	*ret = (struct pyprof_file_chunk){offset, written};
	return NULL;
}

/* Save chunks nobody has taken yet, up to the end. */
static struct pyprof_error *save_chunks(struct saving *saving, bool is_main)
{
	_cleanup_(pyprof_compressor_cleanup) struct pyprof_compressor
		*compressor = NULL;
	_cleanup_free_ uint8_t *gathered = malloc(PYPROF_FILE_CHUNK);
	_cleanup_free_ uint8_t *room =
		malloc(pyprof_compress_bound(PYPROF_FILE_CHUNK));
	uint64_t count = pyprof_file_stream_chunks(&saving->stream);
	struct pyprof_error *err =
		gathered && room ? pyprof_compressor_create(&compressor)
				 : pyprof_error_oom();
	while (!err && !atomic_load(&saving->stop)) {
		uint64_t chunk = atomic_fetch_add(&saving->next, 1);
		if (chunk >= count)
			break;
		if (is_main)
			err = pyprof_progress(saving->progress, "saving", chunk,
					      count);
		if (err)
			break;
		const uint8_t *from =
			pyprof_file_chunk_place(&saving->stream, chunk);
		if (!from) {
			pyprof_file_chunk_gather(&saving->stream, chunk,
						 gathered);
			from = gathered;
		}
		err = write_piece(
			saving, compressor, from,
			pyprof_file_chunk_bytes(&saving->stream, chunk), room,
			&saving->chunks[chunk]);
	}
	return err;
}

static void save_thread(void *context, size_t thread)
{
	struct saving *saving = context;
	saving->errors[thread] = save_chunks(saving, !thread);
	if (saving->errors[thread])
		atomic_store(&saving->stop, true);
}

static struct pyprof_error *save_all_chunks(struct saving *saving)
{
	uint64_t count = pyprof_file_stream_chunks(&saving->stream);
	saving->chunks = calloc(count + 1, sizeof(*saving->chunks));
	if (!saving->chunks)
		return pyprof_error_oom();
	pyprof_parallel(count, save_thread, saving);
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < PYPROF_PARALLEL_MAX; i++) {
		if (err)
			pyprof_error_destroy(saving->errors[i]);
		else
			err = saving->errors[i];
	}
	put(&saving->directory, count);
	for (uint64_t i = 0; i < count; i++) {
		put(&saving->directory, saving->chunks[i].offset);
		put(&saving->directory, saving->chunks[i].size);
	}
	return err;
}

static struct pyprof_error *save_directory(struct saving *saving)
{
	_cleanup_(pyprof_compressor_cleanup) struct pyprof_compressor
		*compressor = NULL;
	const struct pyprof_buf *buf = &saving->directory;
	struct pyprof_error *err = pyprof_buf_error(buf);
	if (err)
		return err;
	if (buf->length > PYPROF_FILE_DIRECTORY_MAX)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "the memory is in too many pieces");
	_cleanup_free_ uint8_t *room =
		malloc(pyprof_compress_bound(buf->length));
	err = room ? pyprof_compressor_create(&compressor) : pyprof_error_oom();
	struct pyprof_file_chunk at;
	if (!err)
		err = write_piece(saving, compressor,
				  (const uint8_t *)buf->data, buf->length, room,
				  &at);
	if (err)
		return err;
	struct pyprof_file_header header = {
		.magic = PYPROF_FILE_MAGIC,
		.version = PYPROF_FILE_VERSION,
		.order = PYPROF_FILE_ORDER,
		.file_size = saving->end,
		.directory_offset = at.offset,
		.directory_size = at.size,
		.directory_bytes = buf->length,
	};
	header.checksum = pyprof_file_checksum(&header);
	int error = write_at(saving->file.fd, (const uint8_t *)&header,
			     sizeof(header), 0);
	return error ? cannot_write(saving, error) : NULL;
}

struct pyprof_error *pyprof_memory_save(const struct pyprof_memory_save *what,
					const char *path,
					const struct pyprof_progress *progress)
{
	_cleanup_(saving_deinit) struct saving saving = {
		.what = what,
		.path = path,
		.progress = progress,
		.file = PYPROF_NEW_FILE_INIT,
		.directory = PYPROF_BUF_INIT,
		.end = sizeof(struct pyprof_file_header),
	};
	/* Without zstd nothing is begun. */
	struct pyprof_compressor *compressor = NULL;
	struct pyprof_error *err = pyprof_compressor_create(&compressor);
	pyprof_compressor_destroy(compressor);
	if (err)
		return err;
	int error = pyprof_new_file_begin(&saving.file, path, 0600);
	if (error)
		return cannot_write(&saving, error);
	struct runs runs = {};
	err = pyprof_stored_files_read(what->target, what->main_file,
				       &saving.files);
	if (!err)
		err = put_head(&saving);
	if (!err)
		err = find_pages(&saving, &runs);
	pyprof_vec_deinit(&runs.list);
	if (!err)
		err = save_all_chunks(&saving);
	if (!err)
		err = save_directory(&saving);
	if (err)
		return err;
	error = pyprof_new_file_commit(&saving.file);
	return error ? cannot_write(&saving, error) : NULL;
}
