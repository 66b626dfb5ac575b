// SPDX-License-Identifier: Apache-2.0
//
// The target of a saved memory: what was mapped, and what was in the files.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/new_file.h"
#include "core/target/memory_file_format.h"

static struct pyprof_memory_file *file_of(struct pyprof_target *target)
{
	return (struct pyprof_memory_file *)target;
}

static const struct pyprof_stored_file *
find_file(const struct pyprof_memory_file *self, const char *path)
{
	for (size_t i = 0; i < self->files.list.count; i++)
		if (strcmp(self->files.list.items[i].path, path) == 0)
			return &self->files.list.items[i];
	return NULL;
}

/* Read some bytes of the file mapped at an address; 0 when there are none. */
static size_t read_some(const struct pyprof_memory_file *self, uint64_t address,
			void *buffer, size_t size)
{
	const struct pyprof_mapping *mapping = pyprof_mapping_find(
		self->mappings.items, self->mappings.count, address);
	const struct pyprof_stored_file *file =
		mapping ? find_file(self, mapping->path) : NULL;
	if (!file)
		return 0;
	uint64_t offset = mapping->offset + (address - mapping->start);
	if (offset < mapping->offset || offset >= file->size)
		return 0;
	if (size > mapping->end - address)
		size = mapping->end - address;
	if (size > file->size - offset)
		size = file->size - offset;
	memcpy(buffer, file->bytes + offset, size);
	return size;
}

static struct pyprof_error *file_read(struct pyprof_target *target,
				      uint64_t address, void *buffer,
				      size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t n = read_some(file_of(target), address + done,
				     (char *)buffer + done, size - done);
		if (!n)
			return pyprof_error_at(PYPROF_ERROR_FAULT,
					       address + done,
					       "the snapshot holds no memory");
		done += n;
	}
	return NULL;
}

static struct pyprof_error *file_mappings(struct pyprof_target *target,
					  const struct pyprof_mapping **ret,
					  size_t *count_ret)
{
	*ret = file_of(target)->mappings.items;
	*count_ret = file_of(target)->mappings.count;
	return NULL;
}

static struct pyprof_error *file_threads(struct pyprof_target *target,
					 const struct pyprof_os_thread **ret,
					 size_t *count_ret)
{
	*ret = file_of(target)->threads.items;
	*count_ret = file_of(target)->threads.count;
	return NULL;
}

static struct pyprof_error *file_open_file(struct pyprof_target *target,
					   const char *path, int *fd_ret)
{
	const struct pyprof_stored_file *file =
		find_file(file_of(target), path);
	if (!file)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "the snapshot holds no file %s",
					   path);
	_cleanup_close_ int fd = memfd_create("pyprof", MFD_CLOEXEC);
	int error =
		fd < 0 ? errno : pyprof_write_all(fd, file->bytes, file->size);
	if (!error && lseek(fd, 0, SEEK_SET) < 0)
		error = errno;
	if (error)
		return pyprof_error_os(error, "cannot open %s of a snapshot",
				       path);
	*fd_ret = fd;
	fd = -1;
	return NULL;
}

static void file_destroy(struct pyprof_target *target)
{
	struct pyprof_memory_file *self = file_of(target);
	pyprof_vec_deinit(&self->mappings);
	pyprof_vec_deinit(&self->threads);
	pyprof_vec_deinit(&self->facts);
	/* The bytes of the files are in one piece. */
	pyprof_vec_deinit(&self->files.list);
	if (self->reserved)
		munmap(self->reserved, self->reserved_size);
	pyprof_strtab_destroy(self->texts);
	free(self);
}

static const struct pyprof_target_ops file_ops = {
	.kind = "snapshot",
	.read = file_read,
	.reads_at_once = true,
	.mappings = file_mappings,
	.open_file = file_open_file,
	.threads = file_threads,
	.destroy = file_destroy,
};

struct pyprof_error *pyprof_memory_file_create(struct pyprof_memory_file **ret)
{
	struct pyprof_memory_file *self = calloc(1, sizeof(*self));
	if (!self)
		return pyprof_error_oom();
	self->target.ops = &file_ops;
	self->target.is_static = true;
	struct pyprof_error *err = pyprof_strtab_create(&self->texts);
	if (err) {
		free(self);
		return err;
	}
	*ret = self;
	return NULL;
}

const char *pyprof_memory_fact(const struct pyprof_target *base,
			       const char *key)
{
	if (base->ops != &file_ops)
		return NULL;
	const struct pyprof_memory_file *self =
		(const struct pyprof_memory_file *)base;
	for (size_t i = 0; i < self->facts.count; i++)
		if (strcmp(self->facts.items[i].key, key) == 0)
			return self->facts.items[i].value;
	return NULL;
}
