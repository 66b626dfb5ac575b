// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/base/strtab.h"
#include "core/target/memory.h"

struct memory_target {
	struct pyprof_target target;
	const struct pyprof_memory *memory;
	struct pyprof_target *base;
	PYPROF_VEC(struct pyprof_mapping) mappings;
	PYPROF_VEC(struct pyprof_os_thread) threads;
	/* The paths of the mappings. */
	struct pyprof_strtab *paths;
};

static struct memory_target *memory_target_of(struct pyprof_target *target)
{
	return (struct memory_target *)target;
}

/* How many of `size` bytes from an address on are not in the memory. */
static size_t absent_from(const struct pyprof_memory *memory, uint64_t address,
			  size_t size)
{
	uint64_t at = address;
	while (at - address < size && !pyprof_memory_page(memory, at))
		at = (at & ~(PYPROF_PAGE_SIZE - 1)) + PYPROF_PAGE_SIZE;
	return at - address < size ? at - address : size;
}

/* Read what the memory has, up to where it ends. */
static size_t read_present(const struct pyprof_memory *memory, uint64_t address,
			   void *buffer, size_t size)
{
	uint32_t number = pyprof_memory_page(memory, address);
	if (!number)
		return 0;
	const struct pyprof_memory_page *page = &memory->pages[number];
	uint64_t offset = address & (PYPROF_PAGE_SIZE - 1);
	if (size > page->left - offset)
		size = page->left - offset;
	memcpy(buffer, page->bytes + offset, size);
	return size;
}

static struct pyprof_error *memory_read(struct pyprof_target *target,
					uint64_t address, void *buffer,
					size_t size)
{
	const struct memory_target *self = memory_target_of(target);
	while (size) {
		struct pyprof_error *err = NULL;
		size_t done = read_present(self->memory, address, buffer, size);
		if (!done) {
			done = absent_from(self->memory, address, size);
			err = self->base
				      ? pyprof_target_read(self->base, address,
							   buffer, done)
				      : pyprof_error_at(PYPROF_ERROR_FAULT,
							address,
							"the snapshot holds no "
							"memory");
		}
		if (err)
			return err;
		address += done;
		buffer = (char *)buffer + done;
		size -= done;
	}
	return NULL;
}

static struct pyprof_error *memory_mappings(struct pyprof_target *target,
					    const struct pyprof_mapping **ret,
					    size_t *count_ret)
{
	*ret = memory_target_of(target)->mappings.items;
	*count_ret = memory_target_of(target)->mappings.count;
	return NULL;
}

static struct pyprof_error *memory_open_file(struct pyprof_target *target,
					     const char *path, int *fd_ret)
{
	struct pyprof_target *base = memory_target_of(target)->base;
	if (!base)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "the snapshot holds no file %s",
					   path);
	return base->ops->open_file(base, path, fd_ret);
}

static struct pyprof_error *memory_threads(struct pyprof_target *target,
					   const struct pyprof_os_thread **ret,
					   size_t *count_ret)
{
	*ret = memory_target_of(target)->threads.items;
	*count_ret = memory_target_of(target)->threads.count;
	return NULL;
}

static int32_t memory_find_thread(struct pyprof_target *target,
				  int32_t inner_tid)
{
	const struct memory_target *self = memory_target_of(target);
	for (size_t i = 0; i < self->threads.count; i++)
		if (self->threads.items[i].inner_tid == inner_tid)
			return self->threads.items[i].tid;
	return 0;
}

static void memory_target_destroy(struct pyprof_target *target)
{
	struct memory_target *self = memory_target_of(target);
	pyprof_vec_deinit(&self->mappings);
	pyprof_vec_deinit(&self->threads);
	pyprof_strtab_destroy(self->paths);
	free(self);
}

static const struct pyprof_target_ops memory_target_ops = {
	.kind = "snapshot",
	.read = memory_read,
	.mappings = memory_mappings,
	.open_file = memory_open_file,
	.threads = memory_threads,
	.find_thread = memory_find_thread,
	.destroy = memory_target_destroy,
};

static struct pyprof_error *add_mapping(struct memory_target *self,
					struct pyprof_mapping mapping)
{
	uint32_t id;
	struct pyprof_error *err = pyprof_strtab_intern(
		self->paths, mapping.path, strlen(mapping.path), &id);
	if (err)
		return err;
	mapping.path = pyprof_strtab_get(self->paths, id);
	return pyprof_vec_push(&self->mappings, mapping) ? NULL
							 : pyprof_error_oom();
}

static struct pyprof_error *copy_base(struct memory_target *self)
{
	struct pyprof_target *base = self->base;
	const struct pyprof_mapping *mappings;
	const struct pyprof_os_thread *threads;
	size_t count;
	struct pyprof_error *err = base->ops->mappings(base, &mappings, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = add_mapping(self, mappings[i]);
	if (!err)
		err = base->ops->threads(base, &threads, &count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		if (!pyprof_vec_push(&self->threads, threads[i]))
			return pyprof_error_oom();
	return NULL;
}

/* Without a base the segments are all that there is. */
static struct pyprof_error *list_segments(struct memory_target *self)
{
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < self->memory->segments.count; i++) {
		const struct pyprof_memory_segment *segment =
			&self->memory->segments.items[i];
		struct pyprof_mapping mapping = {
			.start = segment->start,
			.end = segment->end,
			.readable = true,
			.writable = segment->writable,
			.executable = segment->executable,
			.path = segment->path ? segment->path : "",
		};
		err = add_mapping(self, mapping);
	}
	return err;
}

struct pyprof_error *pyprof_memory_target(const struct pyprof_memory *memory,
					  struct pyprof_target *base,
					  struct pyprof_target **ret)
{
	struct memory_target *self = calloc(1, sizeof(*self));
	if (!self)
		return pyprof_error_oom();
	self->target = (struct pyprof_target){
		.ops = &memory_target_ops,
		.pid = base ? base->pid : 0,
		.is_static = true,
	};
	self->memory = memory;
	self->base = base;
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *guard =
		&self->target;
	struct pyprof_error *err = pyprof_strtab_create(&self->paths);
	if (!err)
		err = base ? copy_base(self) : list_segments(self);
	if (err)
		return err;
	*ret = no_cleanup_ptr(guard);
	return NULL;
}
