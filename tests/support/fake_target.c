// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "tests/support/expect.h"

struct segment {
	uint64_t address;
	size_t size;
	unsigned char *bytes;
};

struct file {
	char *path, *real_path;
};

struct fake_target {
	struct pyprof_target base;
	PYPROF_VEC(struct segment) segments;
	PYPROF_VEC(struct pyprof_mapping) mappings;
	PYPROF_VEC(struct file) files;
	PYPROF_VEC(struct pyprof_os_thread) threads;
	size_t reads, readvs, calls;
	/* The number of the read that fails first. */
	size_t fail_from;
	void (*before_read)(struct pyprof_target *target, uint64_t address,
			    size_t size, void *arg);
	void *before_read_arg;
};

static struct fake_target *fake_of(const struct pyprof_target *target)
{
	return (struct fake_target *)target;
}

/* The segment that holds the address, or NULL. */
static struct segment *find(struct fake_target *fake, uint64_t address)
{
	for (size_t i = 0; i < fake->segments.count; i++) {
		struct segment *segment = &fake->segments.items[i];
		if (address >= segment->address &&
		    address - segment->address < segment->size)
			return segment;
	}
	return NULL;
}

/*
 * Copy bytes from (`out`) or to (`in`) the segments; returns how many before
 * the first that is in none.
 */
static size_t copy(struct fake_target *fake, uint64_t address, void *out,
		   const void *in, size_t size)
{
	size_t done = 0;
	while (done < size) {
		const struct segment *segment = find(fake, address + done);
		if (!segment)
			break;
		size_t offset = address + done - segment->address;
		size_t piece = segment->size - offset;
		if (piece > size - done)
			piece = size - done;
		if (out)
			memcpy((char *)out + done, segment->bytes + offset,
			       piece);
		else
			memcpy(segment->bytes + offset, (char *)in + done,
			       piece);
		done += piece;
	}
	return done;
}

static struct pyprof_error *read_piece(struct fake_target *fake,
				       uint64_t address, void *buffer,
				       size_t size)
{
	if (fake->before_read)
		fake->before_read(&fake->base, address, size,
				  fake->before_read_arg);
	if (fake->reads++ >= fake->fail_from)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "told to fail");
	size_t done = copy(fake, address, buffer, NULL, size);
	if (done < size)
		return pyprof_error_at(PYPROF_ERROR_FAULT, address + done,
				       "cannot read memory");
	return NULL;
}

static struct pyprof_error *fake_read(struct pyprof_target *target,
				      uint64_t address, void *buffer,
				      size_t size)
{
	fake_of(target)->calls++;
	return read_piece(fake_of(target), address, buffer, size);
}

static size_t fake_readv(struct pyprof_target *target,
			 const struct pyprof_range *ranges, size_t count)
{
	struct fake_target *fake = fake_of(target);
	fake->calls++;
	fake->readvs++;
	for (size_t i = 0; i < count; i++) {
		struct pyprof_error *err =
			read_piece(fake, ranges[i].address, ranges[i].buffer,
				   ranges[i].size);
		if (err) {
			pyprof_error_destroy(err);
			return i;
		}
	}
	return count;
}

static struct pyprof_error *fake_mappings(struct pyprof_target *target,
					  const struct pyprof_mapping **ret,
					  size_t *count_ret)
{
	*ret = fake_of(target)->mappings.items;
	*count_ret = fake_of(target)->mappings.count;
	return NULL;
}

static struct pyprof_error *fake_open_file(struct pyprof_target *target,
					   const char *path, int *fd_ret)
{
	struct fake_target *fake = fake_of(target);
	for (size_t i = 0; i < fake->files.count; i++) {
		const struct file *file = &fake->files.items[i];
		if (strcmp(file->path, path) != 0)
			continue;
		int fd = open(file->real_path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return pyprof_error_os(errno, "open %s",
					       file->real_path);
		*fd_ret = fd;
		return NULL;
	}
	return pyprof_error_os(ENOENT, "open %s", path);
}

static struct pyprof_error *fake_threads(struct pyprof_target *target,
					 const struct pyprof_os_thread **ret,
					 size_t *count_ret)
{
	*ret = fake_of(target)->threads.items;
	*count_ret = fake_of(target)->threads.count;
	return NULL;
}

static void fake_destroy(struct pyprof_target *target)
{
	struct fake_target *fake = fake_of(target);
	for (size_t i = 0; i < fake->segments.count; i++)
		free(fake->segments.items[i].bytes);
	for (size_t i = 0; i < fake->mappings.count; i++)
		free((char *)fake->mappings.items[i].path);
	for (size_t i = 0; i < fake->files.count; i++) {
		free(fake->files.items[i].path);
		free(fake->files.items[i].real_path);
	}
	pyprof_vec_deinit(&fake->segments);
	pyprof_vec_deinit(&fake->mappings);
	pyprof_vec_deinit(&fake->files);
	pyprof_vec_deinit(&fake->threads);
	free(fake);
}

static const struct pyprof_target_ops fake_ops = {
	.kind = "fake",
	.read = fake_read,
	.readv = fake_readv,
	.mappings = fake_mappings,
	.open_file = fake_open_file,
	.threads = fake_threads,
	.destroy = fake_destroy,
};

static const struct pyprof_target_ops fake_ops_without_readv = {
	.kind = "fake",
	.read = fake_read,
	.mappings = fake_mappings,
	.open_file = fake_open_file,
	.threads = fake_threads,
	.destroy = fake_destroy,
};

struct pyprof_target *fake_target_create(void)
{
	struct fake_target *fake = calloc(1, sizeof(*fake));
	expect(fake != NULL);
	fake->base.ops = &fake_ops;
	fake->fail_from = SIZE_MAX;
	return &fake->base;
}

void fake_target_add(struct pyprof_target *target, uint64_t address,
		     const void *bytes, size_t size)
{
	struct fake_target *fake = fake_of(target);
	for (size_t i = 0; i < fake->segments.count; i++) {
		const struct segment *other = &fake->segments.items[i];
		/* Segments do not overlap. */
		expect(address + size <= other->address ||
		       address >= other->address + other->size);
	}
	struct segment segment = {address, size, calloc(1, size ? size : 1)};
	expect(segment.bytes != NULL);
	if (bytes)
		memcpy(segment.bytes, bytes, size);
	expect(pyprof_vec_push(&fake->segments, segment));
}

void fake_target_remove(struct pyprof_target *target, uint64_t address)
{
	struct fake_target *fake = fake_of(target);
	struct segment *segment = find(fake, address);
	expect(segment && segment->address == address);
	free(segment->bytes);
	*segment = fake->segments.items[--fake->segments.count];
}

void fake_target_write(struct pyprof_target *target, uint64_t address,
		       const void *bytes, size_t size)
{
	/* Inside the segments. */
	expect(copy(fake_of(target), address, NULL, bytes, size) == size);
}

void fake_target_write_u8(struct pyprof_target *target, uint64_t address,
			  uint8_t value)
{
	fake_target_write(target, address, &value, sizeof(value));
}

void fake_target_write_u32(struct pyprof_target *target, uint64_t address,
			   uint32_t value)
{
	fake_target_write(target, address, &value, sizeof(value));
}

void fake_target_write_u64(struct pyprof_target *target, uint64_t address,
			   uint64_t value)
{
	fake_target_write(target, address, &value, sizeof(value));
}

void fake_target_add_mapping(struct pyprof_target *target, uint64_t start,
			     uint64_t end, uint64_t offset, const char *perms,
			     const char *path)
{
	struct fake_target *fake = fake_of(target);
	expect(strlen(perms) >= 3);
	expect(pyprof_vec_reserve(&fake->mappings, 1));
	char *owned = strdup(path);
	expect(owned != NULL);
	size_t at = fake->mappings.count++;
	/* Keep them in order of address. */
	for (; at && fake->mappings.items[at - 1].start > start; at--)
		fake->mappings.items[at] = fake->mappings.items[at - 1];
	fake->mappings.items[at] = (struct pyprof_mapping){
		.start = start,
		.end = end,
		.offset = offset,
		.readable = perms[0] == 'r',
		.writable = perms[1] == 'w',
		.executable = perms[2] == 'x',
		.shared = perms[3] == 's',
		.path = owned,
	};
}

void fake_target_add_file(struct pyprof_target *target, const char *path,
			  const char *real_path)
{
	struct file file = {strdup(path), strdup(real_path)};
	expect(file.path && file.real_path);
	expect(pyprof_vec_push(&fake_of(target)->files, file));
}

void fake_target_add_thread(struct pyprof_target *target,
			    const struct pyprof_os_thread *thread)
{
	expect(pyprof_vec_push(&fake_of(target)->threads, *thread));
}

void fake_target_fail_from(struct pyprof_target *target, size_t nth)
{
	fake_of(target)->fail_from = fake_of(target)->reads + nth;
}

void fake_target_fail_never(struct pyprof_target *target)
{
	fake_of(target)->fail_from = SIZE_MAX;
}

void fake_target_before_read(struct pyprof_target *target,
			     void (*callback)(struct pyprof_target *target,
					      uint64_t address, size_t size,
					      void *arg),
			     void *arg)
{
	fake_of(target)->before_read = callback;
	fake_of(target)->before_read_arg = arg;
}

void fake_target_without_readv(struct pyprof_target *target)
{
	target->ops = &fake_ops_without_readv;
}

size_t fake_target_reads(const struct pyprof_target *target)
{
	return fake_of(target)->reads;
}

size_t fake_target_readvs(const struct pyprof_target *target)
{
	return fake_of(target)->readvs;
}

size_t fake_target_calls(const struct pyprof_target *target)
{
	return fake_of(target)->calls;
}
