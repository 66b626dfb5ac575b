// SPDX-License-Identifier: Apache-2.0
#include "core/target/core_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/target/linux_proc.h"
#include "core/target/same_file.h"

#define FIRST_PAGE 4096

/* A core can name any number; the debugger has not that many descriptors. */
#define FILES_MAX 256

/* A file that was mapped into the process, where it is now. */
struct file {
	/* As the core names it; points into the core. */
	const char *path;
	/* -1 when it cannot be had. */
	int fd;
};

/* The error of a file that has been replaced since. */
#define ERROR_OTHER_FILE ESTALE

struct core_file {
	struct pyprof_target base;
	char *path, *sysroot, *executable;
	void *memory;
	/* The core's own file. */
	int fd;
	/* Of the file: data between holes, where it was looked last. */
	off_t data_start, data_end;
	struct pyprof_core_image image;
	PYPROF_VEC(struct file) files;
	PYPROF_VEC(struct pyprof_mapping) mappings;
};

static struct core_file *core_of(struct pyprof_target *target)
{
	return (struct core_file *)target;
}

/*
 * The files that were mapped.
 */

static bool is_executable(const struct core_file *core, const char *path)
{
	const struct pyprof_core_mapped *mapped = pyprof_core_image_mapped(
		&core->image, core->image.program_headers);
	return mapped && strcmp(mapped->path, path) == 0;
}

static int open_by_name(const struct core_file *core, const char *path,
			int *fd_ret)
{
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	if (core->executable && is_executable(core, path))
		return pyprof_open_regular(core->executable, fd_ret);
	pyprof_buf_printf(&buf, "%s%s", core->sysroot, path);
	return buf.failed ? ENOMEM : pyprof_open_regular(buf.data, fd_ret);
}

/* The first page of a file where the core holds it, or NULL. */
static const unsigned char *dumped_first_page(const struct core_file *core,
					      const char *path)
{
	for (size_t i = 0; i < core->image.mapped.count; i++) {
		const struct pyprof_core_mapped *mapped =
			&core->image.mapped.items[i];
		if (mapped->offset || strcmp(mapped->path, path) != 0)
			continue;
		const struct pyprof_core_load *load =
			pyprof_core_image_load(&core->image, mapped->start);
		if (load && mapped->start < load->present_end &&
		    load->present_end - mapped->start >= FIRST_PAGE)
			return load->bytes + (mapped->start - load->start);
	}
	return NULL;
}

/* Open the file if it is still the one that was mapped, as far as that shows.
 */
static int open_same(const struct core_file *core, const char *path,
		     int *fd_ret)
{
	_cleanup_close_ int fd = -1;
	int error = open_by_name(core, path, &fd);
	if (error)
		return error;
	const unsigned char *dumped = dumped_first_page(core, path);
	unsigned char page[FIRST_PAGE] = {};
	if (dumped && (pread(fd, page, sizeof(page), 0) < 0 ||
		       !pyprof_same_file(dumped, page, sizeof(page))))
		return ERROR_OTHER_FILE;
	*fd_ret = fd;
	fd = -1;
	return 0;
}

/* The file of this path, whose fd is -1 when it cannot be had; or NULL. */
static struct file *find_file(struct core_file *core, const char *path)
{
	for (size_t i = 0; i < core->files.count; i++) {
		if (strcmp(core->files.items[i].path, path) == 0)
			return &core->files.items[i];
	}
	if (core->files.count == FILES_MAX)
		return NULL;
	struct file file = {.path = path, .fd = -1};
	if (open_same(core, path, &file.fd))
		file.fd = -1;
	if (!pyprof_vec_push(&core->files, file)) {
		pyprof_close_cleanup(&file.fd);
		return NULL;
	}
	return &core->files.items[core->files.count - 1];
}

static struct pyprof_error *core_open_file(struct pyprof_target *target,
					   const char *path, int *fd_ret)
{
	const struct core_file *core = core_of(target);
	int error = open_same(core, path, fd_ret);
	if (error == ERROR_OTHER_FILE)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"%s%s is not the file that was mapped", core->sysroot,
			path);
	if (error == ENOMEM)
		return pyprof_error_oom();
	if (error)
		return pyprof_error_os(error, "cannot open %s%s", core->sysroot,
				       path);
	return NULL;
}

/*
 * Memory.
 */

static struct pyprof_error *not_in_core(uint64_t address)
{
	return pyprof_error_at(PYPROF_ERROR_FAULT, address,
			       "the core holds no memory");
}

/* Read from the file mapped at the address what the core does not hold. */
static size_t read_mapped(struct core_file *core, uint64_t address,
			  void *buffer, size_t size)
{
	const struct pyprof_core_mapped *mapped =
		pyprof_core_image_mapped(&core->image, address);
	if (!mapped)
		return 0;
	const struct file *file = find_file(core, mapped->path);
	uint64_t offset = mapped->offset + (address - mapped->start);
	if (!file || file->fd < 0 || offset > INT64_MAX)
		return 0;
	if (size > mapped->end - address)
		size = mapped->end - address;
	ssize_t n = pread(file->fd, buffer, size, (off_t)offset);
	return n < 0 ? 0 : (size_t)n;
}

/* How far the core holds nothing from an address in no segment on. */
static uint64_t next_load(const struct core_file *core, uint64_t address)
{
	for (size_t i = 0; i < core->image.loads.count; i++) {
		if (core->image.loads.items[i].start > address)
			return core->image.loads.items[i].start;
	}
	return UINT64_MAX;
}

/* Read some bytes, one at least; 0 when there are none. */
static size_t read_some(struct core_file *core, uint64_t address, void *buffer,
			size_t size)
{
	const struct pyprof_core_load *load =
		pyprof_core_image_load(&core->image, address);
	if (load && address < load->dumped_end) {
		if (address >= load->present_end)
			return 0;
		if (size > load->present_end - address)
			size = load->present_end - address;
		memcpy(buffer, load->bytes + (address - load->start), size);
		return size;
	}
	uint64_t end = load ? load->end : next_load(core, address);
	if (size > end - address)
		size = end - address;
	return read_mapped(core, address, buffer, size);
}

static struct pyprof_error *core_read(struct pyprof_target *target,
				      uint64_t address, void *buffer,
				      size_t size)
{
	size_t done = 0;
	while (done < size) {
		size_t n = read_some(core_of(target), address + done,
				     (char *)buffer + done, size - done);
		if (!n)
			return not_in_core(address + done);
		done += n;
	}
	return NULL;
}

/*
 * Mappings.
 */

static bool add_mapped(struct core_file *core,
		       const struct pyprof_core_mapped *mapped)
{
	struct pyprof_mapping mapping = {
		.start = mapped->start,
		.end = mapped->end,
		.offset = mapped->offset,
		.readable = true,
		.executable = true,
		.path = mapped->path,
	};
	/* What is not in the core has no access rights in it. */
	const struct pyprof_core_load *load =
		pyprof_core_image_load(&core->image, mapped->start);
	if (load) {
		mapping.readable = load->readable;
		mapping.writable = load->writable;
		mapping.executable = load->executable;
	}
	return pyprof_vec_push(&core->mappings, mapping);
}

static bool add_anonymous(struct core_file *core,
			  const struct pyprof_core_load *load)
{
	/* It is part of a mapped file, then, and there already. */
	if (pyprof_core_image_mapped(&core->image, load->start))
		return true;
	struct pyprof_mapping mapping = {
		.start = load->start,
		.end = load->end,
		.readable = load->readable,
		.writable = load->writable,
		.executable = load->executable,
		.is_stack = core->image.main_stack >= load->start &&
			    core->image.main_stack < load->end,
		.path = "",
	};
	return pyprof_vec_push(&core->mappings, mapping);
}

/* Merge both lists, which are in order of address. */
static struct pyprof_error *list_mappings(struct core_file *core)
{
	const struct pyprof_core_image *image = &core->image;
	size_t load = 0, mapped = 0;
	bool added = true;
	while (added &&
	       (load < image->loads.count || mapped < image->mapped.count)) {
		if (load == image->loads.count ||
		    (mapped < image->mapped.count &&
		     image->mapped.items[mapped].start <=
			     image->loads.items[load].start))
			added = add_mapped(core,
					   &image->mapped.items[mapped++]);
		else
			added = add_anonymous(core,
					      &image->loads.items[load++]);
	}
	return added ? NULL : pyprof_error_oom();
}

static struct pyprof_error *core_mappings(struct pyprof_target *target,
					  const struct pyprof_mapping **ret,
					  size_t *count_ret)
{
	*ret = core_of(target)->mappings.items;
	*count_ret = core_of(target)->mappings.count;
	return NULL;
}

static struct pyprof_error *core_threads(struct pyprof_target *target,
					 const struct pyprof_os_thread **ret,
					 size_t *count_ret)
{
	*ret = core_of(target)->image.threads.items;
	*count_ret = core_of(target)->image.threads.count;
	return NULL;
}

/*
 * Making one.
 */

static void core_destroy(struct pyprof_target *target)
{
	struct core_file *core = core_of(target);
	for (size_t i = 0; i < core->files.count; i++)
		pyprof_close_cleanup(&core->files.items[i].fd);
	pyprof_vec_deinit(&core->files);
	pyprof_vec_deinit(&core->mappings);
	if (core->memory)
		munmap(core->memory, core->image.size);
	pyprof_core_image_deinit(&core->image);
	pyprof_close_cleanup(&core->fd);
	free(core->path);
	free(core->sysroot);
	free(core->executable);
	free(core);
}

static const struct pyprof_target_ops core_ops = {
	.kind = "core",
	.read = core_read,
	.mappings = core_mappings,
	.open_file = core_open_file,
	.threads = core_threads,
	.destroy = core_destroy,
};

const struct pyprof_core_image *
pyprof_core_file_image(const struct pyprof_target *target)
{
	return target->ops == &core_ops
		       ? &((const struct core_file *)target)->image
		       : NULL;
}

/* Find the data that an offset in the file lies in, or before. */
static void find_data(struct core_file *core, off_t at)
{
	off_t end = (off_t)core->image.size;
	off_t data = lseek(core->fd, at, SEEK_DATA);
	/* Where the file system cannot tell, all is data. */
	if (data < 0)
		data = errno == ENXIO ? end : at;
	off_t hole = data < end ? lseek(core->fd, data, SEEK_HOLE) : end;
	core->data_start = data;
	core->data_end = hole < 0 ? end : hole;
}

void pyprof_core_file_holes(struct pyprof_target *target,
			    const unsigned char *bytes, uint64_t size,
			    uint64_t *hole_ret, uint64_t *data_ret)
{
	struct core_file *core = core_of(target);
	off_t at = bytes - core->image.bytes;
	off_t end = at + (off_t)size;
	/* Most cores have no holes: ask once, not for each segment. */
	if (at < core->data_start || at >= core->data_end)
		find_data(core, at);
	off_t data = core->data_start > at ? core->data_start : at;
	off_t hole = core->data_end;
	if (data > end)
		data = end;
	if (hole > end || data == end)
		hole = end;
	*hole_ret = (uint64_t)(data - at);
	*data_ret = (uint64_t)(hole - data);
}

static struct pyprof_error *map_file(const char *path, int *fd_ret,
				     void **memory_ret, size_t *size_ret)
{
	_cleanup_close_ int fd = -1;
	int error = pyprof_open_regular(path, &fd);
	struct stat st;
	if (!error && fstat(fd, &st))
		error = errno;
	if (error)
		return pyprof_error_os(error, "cannot open %s", path);
	if (!st.st_size)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is empty", path);
	void *memory =
		mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return pyprof_error_os(errno, "cannot map %s", path);
	*fd_ret = fd;
	fd = -1;
	*memory_ret = memory;
	*size_ret = (size_t)st.st_size;
	return NULL;
}

struct pyprof_error *pyprof_core_file_create(const char *path,
					     const char *sysroot,
					     const char *executable,
					     struct pyprof_target **ret)
{
	struct core_file *core = calloc(1, sizeof(*core));
	if (!core)
		return pyprof_error_oom();
	core->base.ops = &core_ops;
	core->fd = -1;
	core->base.is_static = true;
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *guard =
		&core->base;
	core->path = strdup(path);
	core->sysroot = strdup(sysroot ? sysroot : "");
	core->executable = executable ? strdup(executable) : NULL;
	if (!core->path || !core->sysroot || (executable && !core->executable))
		return pyprof_error_oom();
	size_t size = 0;
	struct pyprof_error *err =
		map_file(path, &core->fd, &core->memory, &size);
	if (!err)
		err = pyprof_core_image_init(&core->image, core->path,
					     core->memory, size);
	if (!err)
		err = list_mappings(core);
	if (err)
		return err;
	*ret = no_cleanup_ptr(guard);
	return NULL;
}
