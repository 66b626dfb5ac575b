// SPDX-License-Identifier: Apache-2.0
//
// The directory of a saved memory. Nothing in it is trusted.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/compress.h"
#include "core/target/memory_file_load.h"
#include "core/target/memory_mirror.h"

#define ADDRESSES_END (UINT64_C(1) << 47)

/* Files in a snapshot, all together. */
#define FILES_MAX (UINT64_C(1) << 36)

struct pyprof_error *
pyprof_loading_damaged(const struct pyprof_loading *loading)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT, "%s is damaged",
				   loading->path);
}

static uint64_t get(struct pyprof_loading *loading)
{
	uint64_t value = 0;
	if (loading->header.directory_bytes - loading->at < sizeof(value)) {
		loading->failed = true;
		return 0;
	}
	memcpy(&value, loading->directory + loading->at, sizeof(value));
	loading->at += sizeof(value);
	return value;
}

/* A number of things of which each takes at least so many bytes. */
static uint64_t get_count(struct pyprof_loading *loading, size_t least)
{
	uint64_t count = get(loading);
	if (count > (loading->header.directory_bytes - loading->at) / least) {
		loading->failed = true;
		return 0;
	}
	return count;
}

/* A text, which lives as long as the base. */
static struct pyprof_error *get_text(struct pyprof_loading *loading,
				     const char **ret)
{
	uint64_t length = get_count(loading, 1);
	const char *text = (const char *)loading->directory + loading->at;
	uint32_t id;
	*ret = "";
	if (loading->failed || memchr(text, '\0', length))
		return pyprof_loading_damaged(loading);
	loading->at += length;
	struct pyprof_error *err =
		pyprof_strtab_intern(loading->base->texts, text, length, &id);
	if (!err)
		*ret = pyprof_strtab_get(loading->base->texts, id);
	return err;
}

/*
 * What is in the directory.
 */

static struct pyprof_error *get_segments(struct pyprof_loading *loading,
					 uint64_t *size_ret)
{
	uint64_t count = get_count(loading, 5 * sizeof(uint64_t));
	uint64_t end = 0, size = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_memory_segment segment = {};
		segment.start = get(loading);
		segment.end = get(loading);
		segment.resident_pages = get(loading);
		uint64_t flags = get(loading);
		segment.writable = flags & PYPROF_FILE_WRITABLE;
		segment.executable = flags & PYPROF_FILE_EXECUTABLE;
		struct pyprof_error *err = get_text(loading, &segment.path);
		if (err)
			return err;
		if (segment.start < end || segment.end <= segment.start ||
		    segment.end > ADDRESSES_END ||
		    (segment.start | segment.end) & (PYPROF_PAGE_SIZE - 1) ||
		    segment.resident_pages > (segment.end - segment.start) >>
			    PYPROF_PAGE_SHIFT)
			return pyprof_loading_damaged(loading);
		end = segment.end;
		size += segment.end - segment.start;
		if (!pyprof_vec_push(&loading->memory->segments, segment))
			return pyprof_error_oom();
	}
	*size_ret = size;
	return NULL;
}

static struct pyprof_error *get_mappings(struct pyprof_loading *loading)
{
	uint64_t count = get_count(loading, 5 * sizeof(uint64_t)), end = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_mapping mapping = {};
		mapping.start = get(loading);
		mapping.end = get(loading);
		mapping.offset = get(loading);
		uint64_t flags = get(loading);
		mapping.readable = flags & PYPROF_FILE_READABLE;
		mapping.writable = flags & PYPROF_FILE_WRITABLE;
		mapping.executable = flags & PYPROF_FILE_EXECUTABLE;
		mapping.shared = flags & PYPROF_FILE_SHARED;
		mapping.is_stack = flags & PYPROF_FILE_STACK;
		struct pyprof_error *err = get_text(loading, &mapping.path);
		if (err)
			return err;
		if (mapping.start < end || mapping.end <= mapping.start)
			return pyprof_loading_damaged(loading);
		end = mapping.end;
		if (!pyprof_vec_push(&loading->base->mappings, mapping))
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *get_threads(struct pyprof_loading *loading)
{
	uint64_t count = get_count(loading, 4 * sizeof(uint64_t));
	for (uint64_t i = 0; i < count; i++) {
		const char *name;
		struct pyprof_os_thread thread = {};
		thread.tid = (int32_t)get(loading);
		thread.inner_tid = (int32_t)get(loading);
		thread.thread_pointer = get(loading);
		struct pyprof_error *err = get_text(loading, &name);
		if (err)
			return err;
		if (strlen(name) >= sizeof(thread.name))
			return pyprof_loading_damaged(loading);
		memcpy(thread.name, name, strlen(name));
		if (!pyprof_vec_push(&loading->base->threads, thread))
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *get_facts(struct pyprof_loading *loading)
{
	uint64_t count = get_count(loading, 2 * sizeof(uint64_t));
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_fact fact;
		struct pyprof_error *err = get_text(loading, &fact.key);
		if (!err)
			err = get_text(loading, &fact.value);
		if (err)
			return err;
		if (!pyprof_vec_push(&loading->base->facts, fact))
			return pyprof_error_oom();
	}
	return NULL;
}

static uint64_t page_up(uint64_t size)
{
	return (size + PYPROF_PAGE_SIZE - 1) & ~(PYPROF_PAGE_SIZE - 1);
}

static struct pyprof_error *get_files(struct pyprof_loading *loading,
				      uint64_t *size_ret)
{
	uint64_t count = get_count(loading, 2 * sizeof(uint64_t)), size = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_stored_file file = {};
		struct pyprof_error *err = get_text(loading, &file.path);
		if (err)
			return err;
		file.size = get(loading);
		if (file.size > FILES_MAX || size > FILES_MAX)
			return pyprof_loading_damaged(loading);
		size += page_up(file.size);
		if (!pyprof_vec_push(&loading->base->files.list, file))
			return pyprof_error_oom();
	}
	*size_ret = size;
	return NULL;
}

/* Give segments and files their places. */
static struct pyprof_error *reserve(struct pyprof_loading *loading,
				    uint64_t size, uint64_t files_size)
{
	uint8_t *bytes;
	struct pyprof_error *err =
		pyprof_memory_reserve(loading->memory, size, &bytes);
	if (err)
		return err;
	for (size_t i = 0; i < loading->memory->segments.count; i++) {
		struct pyprof_memory_segment *segment =
			&loading->memory->segments.items[i];
		segment->bytes = bytes;
		bytes += segment->end - segment->start;
	}
	if (!files_size)
		return NULL;
	void *reserved =
		mmap(NULL, files_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return pyprof_error_oom();
	loading->base->reserved = reserved;
	loading->base->reserved_size = files_size;
	bytes = reserved;
	for (size_t i = 0; i < loading->base->files.list.count; i++) {
		struct pyprof_stored_file *file =
			&loading->base->files.list.items[i];
		file->bytes = bytes;
		bytes += page_up(file->size);
	}
	return NULL;
}

/* All that has pages, in order: segments, then files. */
struct pieces {
	const struct pyprof_loading *loading;
	size_t next;
	uint8_t *bytes;
	/* Its first page and the one behind its last. */
	uint64_t first, end;
};

static bool next_piece(struct pieces *pieces)
{
	const struct pyprof_memory *memory = pieces->loading->memory;
	const struct pyprof_stored_files *files = &pieces->loading->base->files;
	size_t i = pieces->next++, segments = memory->segments.count;
	uint64_t size;
	if (i < segments) {
		pieces->bytes = (uint8_t *)memory->segments.items[i].bytes;
		size = memory->segments.items[i].end -
		       memory->segments.items[i].start;
	} else if (i - segments < files->list.count) {
		pieces->bytes = files->list.items[i - segments].bytes;
		size = page_up(files->list.items[i - segments].size);
	} else {
		return false;
	}
	pieces->first = pieces->end;
	pieces->end += size >> PYPROF_PAGE_SHIFT;
	return true;
}

static struct pyprof_error *get_runs(struct pyprof_loading *loading)
{
	uint64_t count = get_count(loading, 2 * sizeof(uint64_t));
	struct pieces pieces = {.loading = loading};
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_file_run run;
		run.first = get(loading);
		run.count = get(loading);
		while (run.first >= pieces.end)
			if (!next_piece(&pieces))
				return pyprof_loading_damaged(loading);
		if (!run.count || run.first < pieces.first ||
		    run.count > pieces.end - run.first)
			return pyprof_loading_damaged(loading);
		uint8_t *bytes = pieces.bytes +
				 (run.first - pieces.first) * PYPROF_PAGE_SIZE;
		if (!pyprof_file_stream_add(&loading->stream, bytes, run.count))
			return pyprof_error_oom();
		/* They are in order: the rest of the piece is left. */
		pieces.bytes = bytes + run.count * PYPROF_PAGE_SIZE;
		pieces.first = run.first + run.count;
	}
	return NULL;
}

static struct pyprof_error *get_own(struct pyprof_loading *loading)
{
	uint64_t count = get_count(loading, 2 * sizeof(uint64_t)), end = 0;
	struct pyprof_memory *memory = loading->memory;
	struct pyprof_error *err = pyprof_memory_index(memory);
	if (err)
		return err;
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_file_run run;
		run.first = get(loading);
		run.count = get(loading);
		if (run.first < end || run.first > memory->page_count ||
		    run.count > memory->page_count - run.first)
			return pyprof_loading_damaged(loading);
		end = run.first + run.count;
		if (!pyprof_memory_set_own(memory, run.first + 1, run.count))
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *get_chunks(struct pyprof_loading *loading)
{
	const struct pyprof_file_header *header = &loading->header;
	uint64_t count = get_count(loading, 2 * sizeof(uint64_t));
	if (count != pyprof_file_stream_chunks(&loading->stream))
		return pyprof_loading_damaged(loading);
	for (uint64_t i = 0; i < count; i++) {
		struct pyprof_file_chunk chunk;
		chunk.offset = get(loading);
		chunk.size = get(loading);
		if (chunk.offset > header->file_size ||
		    chunk.size > header->file_size - chunk.offset ||
		    chunk.size > pyprof_compress_bound(PYPROF_FILE_CHUNK))
			return pyprof_loading_damaged(loading);
		if (!pyprof_vec_push(&loading->chunks, chunk))
			return pyprof_error_oom();
	}
	return loading->failed || loading->at != header->directory_bytes
		       ? pyprof_loading_damaged(loading)
		       : NULL;
}

struct pyprof_error *pyprof_loading_parse(struct pyprof_loading *loading)
{
	uint64_t size = 0, files_size = 0;
	loading->base->target.pid = (int32_t)get(loading);
	loading->memory->missing_bytes = get(loading);
	loading->memory->copy_ns = (int64_t)get(loading);
	loading->memory->usage.resident = get(loading);
	loading->memory->usage.own = get(loading);
	loading->memory->usage.swapped = get(loading);
	struct pyprof_error *err = get_segments(loading, &size);
	if (!err)
		err = get_mappings(loading);
	if (!err)
		err = get_threads(loading);
	if (!err)
		err = get_facts(loading);
	if (!err)
		err = get_files(loading, &files_size);
	if (!err)
		err = reserve(loading, size, files_size);
	if (!err)
		err = get_runs(loading);
	if (!err)
		err = get_own(loading);
	if (!err)
		err = get_chunks(loading);
	return err;
}
