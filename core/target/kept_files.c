// SPDX-License-Identifier: Apache-2.0
#include "core/target/kept_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/strtab.h"
#include "core/base/vec.h"

/** Descriptors are few: no more files than this are kept open. */
#define FILES_MAX 256

struct kept_file {
	const char *path;
	int fd;
};

struct kept_files {
	struct pyprof_target target;
	struct pyprof_target *origin;
	bool (*is_same)(struct pyprof_target *origin);
	PYPROF_VEC(struct pyprof_mapping) mappings;
	PYPROF_VEC(struct pyprof_os_thread) threads;
	PYPROF_VEC(struct kept_file) files;
	/* The paths of the mappings; equal ones are one pointer. */
	struct pyprof_strtab *paths;
};

static struct kept_files *self_of(struct pyprof_target *target)
{
	return (struct kept_files *)target;
}

static const struct kept_file *find_file(const struct kept_files *self,
					 const char *path)
{
	for (size_t i = 0; i < self->files.count; i++)
		if (strcmp(self->files.items[i].path, path) == 0)
			return &self->files.items[i];
	return NULL;
}

/* Read some bytes of the file that is mapped at an address; 0: none. */
static size_t read_file(const struct kept_files *self, uint64_t address,
			void *buffer, size_t size)
{
	const struct pyprof_mapping *mapping = pyprof_mapping_find(
		self->mappings.items, self->mappings.count, address);
	if (!mapping || !*mapping->path || mapping->writable)
		return 0;
	const struct kept_file *file = find_file(self, mapping->path);
	if (!file)
		return 0;
	if (size > mapping->end - address)
		size = mapping->end - address;
	ssize_t done =
		pread(file->fd, buffer, size,
		      (off_t)(mapping->offset + address - mapping->start));
	return done > 0 ? (size_t)done : 0;
}

static struct pyprof_error *kept_read(struct pyprof_target *target,
				      uint64_t address, void *buffer,
				      size_t size)
{
	struct kept_files *self = self_of(target);
	while (size) {
		size_t done = read_file(self, address, buffer, size);
		if (!done && !self->is_same(self->origin))
			return pyprof_error_at(PYPROF_ERROR_GONE, address,
					       "the process is gone, and no "
					       "copy holds the memory");
		if (!done)
			return pyprof_target_read(self->origin, address, buffer,
						  size);
		address += done;
		buffer = (char *)buffer + done;
		size -= done;
	}
	return NULL;
}

static struct pyprof_error *kept_mappings(struct pyprof_target *target,
					  const struct pyprof_mapping **ret,
					  size_t *count_ret)
{
	*ret = self_of(target)->mappings.items;
	*count_ret = self_of(target)->mappings.count;
	return NULL;
}

static struct pyprof_error *kept_threads(struct pyprof_target *target,
					 const struct pyprof_os_thread **ret,
					 size_t *count_ret)
{
	*ret = self_of(target)->threads.items;
	*count_ret = self_of(target)->threads.count;
	return NULL;
}

static struct pyprof_error *kept_open_file(struct pyprof_target *target,
					   const char *path, int *fd_ret)
{
	struct kept_files *self = self_of(target);
	const struct kept_file *file = find_file(self, path);
	char link[64];
	if (!file)
		return self->origin->ops->open_file(self->origin, path, fd_ret);
	/* Not dup(): that has one position with ours. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	int fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pyprof_error_os(errno, "cannot open %s", path);
	*fd_ret = fd;
	return NULL;
}

static void kept_destroy(struct pyprof_target *target)
{
	struct kept_files *self = self_of(target);
	for (size_t i = 0; i < self->files.count; i++)
		close(self->files.items[i].fd);
	pyprof_vec_deinit(&self->files);
	pyprof_vec_deinit(&self->mappings);
	pyprof_vec_deinit(&self->threads);
	pyprof_strtab_destroy(self->paths);
	free(self);
}

static const struct pyprof_target_ops kept_ops = {
	.kind = "kept files",
	.read = kept_read,
	.mappings = kept_mappings,
	.open_file = kept_open_file,
	.threads = kept_threads,
	.destroy = kept_destroy,
};

static struct pyprof_error *take_mappings(struct kept_files *self)
{
	struct pyprof_target *origin = self->origin;
	const struct pyprof_mapping *mappings;
	size_t count;
	struct pyprof_error *err =
		origin->ops->mappings(origin, &mappings, &count);
	for (size_t i = 0; !err && i < count; i++) {
		struct pyprof_mapping mapping = mappings[i];
		uint32_t id = 0;
		err = pyprof_strtab_intern(self->paths, mapping.path,
					   strlen(mapping.path), &id);
		mapping.path = pyprof_strtab_get(self->paths, id);
		if (!err && !pyprof_vec_push(&self->mappings, mapping))
			err = pyprof_error_oom();
	}
	return err;
}

static struct pyprof_error *take_threads(struct kept_files *self)
{
	const struct pyprof_os_thread *threads;
	size_t count;
	struct pyprof_error *err =
		self->origin->ops->threads(self->origin, &threads, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (!pyprof_vec_push(&self->threads, threads[i]))
			err = pyprof_error_oom();
	return err;
}

/* Open what has code; that it cannot be opened is told when it is read. */
static struct pyprof_error *take_files(struct kept_files *self)
{
	struct pyprof_target *origin = self->origin;
	for (size_t i = 0; i < self->mappings.count; i++) {
		const struct pyprof_mapping *mapping = &self->mappings.items[i];
		int fd = -1;
		if (!mapping->executable || !*mapping->path ||
		    self->files.count >= FILES_MAX ||
		    find_file(self, mapping->path))
			continue;
		_cleanup_error_ struct pyprof_error *err =
			origin->ops->open_file(origin, mapping->path, &fd);
		if (err)
			continue;
		if (!pyprof_vec_push(&self->files,
				     (struct kept_file){mapping->path, fd})) {
			close(fd);
			return pyprof_error_oom();
		}
	}
	return NULL;
}

struct pyprof_error *
pyprof_kept_files_create(struct pyprof_target *origin,
			 bool (*is_same)(struct pyprof_target *origin),
			 struct pyprof_target **ret)
{
	struct kept_files *self = calloc(1, sizeof(*self));
	if (!self)
		return pyprof_error_oom();
	self->target = (struct pyprof_target){
		.ops = &kept_ops,
		.pid = origin->pid,
		.is_static = true,
	};
	self->origin = origin;
	self->is_same = is_same;
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *guard =
		&self->target;
	struct pyprof_error *err = pyprof_strtab_create(&self->paths);
	if (!err)
		err = take_mappings(self);
	if (!err)
		err = take_threads(self);
	if (!err)
		err = take_files(self);
	if (err)
		return err;
	*ret = no_cleanup_ptr(guard);
	return NULL;
}
