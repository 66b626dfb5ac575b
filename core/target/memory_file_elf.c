// SPDX-License-Identifier: Apache-2.0
//
// The files that a saved memory takes along: what symbols are looked up in,
// and what names and code are read from.
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/target/elf_host.h"
#include "core/target/memory_file_format.h"

/* Bytes of all files, without debug info, and of one with it. */
#define FILES_MAX (UINT64_C(64) << 20)
#define FILE_MAX (UINT64_C(512) << 20)

static uint64_t page_up(uint64_t size)
{
	return (size + PYPROF_PAGE_SIZE - 1) & ~(PYPROF_PAGE_SIZE - 1);
}

void pyprof_stored_files_deinit(struct pyprof_stored_files *files)
{
	for (size_t i = 0; i < files->list.count; i++)
		free(files->list.items[i].bytes);
	pyprof_vec_deinit(&files->list);
}

/* A section that nobody who looks at a memory needs. */
static bool is_debug_info(const Elf64_Shdr *section)
{
	return !(section->sh_flags & SHF_ALLOC) &&
	       section->sh_type != SHT_SYMTAB &&
	       section->sh_type != SHT_STRTAB && section->sh_type != SHT_NOTE &&
	       section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL;
}

/* Make zeros of what is not needed: zeros are not saved. */
static void forget_debug_info(uint8_t *bytes, uint64_t size)
{
	Elf64_Ehdr header;
	if (size < sizeof(header))
		return;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != PYPROF_HOST_ELF_DATA ||
	    header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > size ||
	    header.e_shnum > (size - header.e_shoff) / sizeof(Elf64_Shdr))
		return;
	for (size_t i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr section;
		memcpy(&section, bytes + header.e_shoff + i * sizeof(section),
		       sizeof(section));
		/* The headers stand behind all sections. */
		if (is_debug_info(&section) &&
		    section.sh_offset <= header.e_shoff &&
		    section.sh_size <= header.e_shoff - section.sh_offset)
			memset(bytes + section.sh_offset, 0, section.sh_size);
	}
}

static uint64_t count_bytes(const uint8_t *bytes, uint64_t size)
{
	static const uint8_t zeros[PYPROF_PAGE_SIZE];
	uint64_t count = 0;
	for (uint64_t at = 0; at < size; at += PYPROF_PAGE_SIZE)
		if (memcmp(bytes + at, zeros, PYPROF_PAGE_SIZE) != 0)
			count += PYPROF_PAGE_SIZE;
	return count;
}

/* Read a file whole, to pages; NULL when that cannot be. */
static uint8_t *read_file(struct pyprof_target *target, const char *path,
			  uint64_t *size_ret)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	struct pyprof_error *err = target->ops->open_file(target, path, &fd);
	pyprof_error_destroy(err);
	if (err || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > FILE_MAX)
		return NULL;
	uint64_t size = (uint64_t)st.st_size;
	_cleanup_free_ uint8_t *bytes = calloc(1, page_up(size));
	if (!bytes)
		return NULL;
	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, bytes + at, size - at, (off_t)at);
		if (n <= 0)
			return NULL;
		at += (uint64_t)n;
	}
	*size_ret = size;
	return_ptr(bytes);
}

static bool is_stored(const struct pyprof_stored_files *files, const char *path)
{
	for (size_t i = 0; i < files->list.count; i++)
		if (strcmp(files->list.items[i].path, path) == 0)
			return true;
	return false;
}

/* Add a file if it can be had and there is room for it. */
static struct pyprof_error *add_file(struct pyprof_target *target,
				     const char *path, uint64_t *left,
				     struct pyprof_stored_files *files)
{
	uint64_t size;
	_cleanup_free_ uint8_t *bytes = read_file(target, path, &size);
	if (!bytes)
		return NULL;
	forget_debug_info(bytes, size);
	uint64_t used = count_bytes(bytes, page_up(size));
	if (used > *left)
		return NULL;
	*left -= used;
	struct pyprof_stored_file file = {path, bytes, size};
	if (!pyprof_vec_push(&files->list, file))
		return pyprof_error_oom();
	bytes = NULL;
	return NULL;
}

struct pyprof_error *pyprof_stored_files_read(struct pyprof_target *target,
					      const char *main_file,
					      struct pyprof_stored_files *ret)
{
	const struct pyprof_mapping *mappings;
	size_t count;
	uint64_t left = FILES_MAX;
	struct pyprof_error *err =
		target->ops->mappings(target, &mappings, &count);
	/* The main file, then the others in the order of their addresses. */
	for (int others = 0; !err && others < 2; others++) {
		for (size_t i = 0; !err && i < count; i++) {
			const struct pyprof_mapping *mapping = &mappings[i];
			bool is_main = main_file &&
				       strcmp(mapping->path, main_file) == 0;
			if (is_main == !others && mapping->executable &&
			    mapping->path[0] == '/' &&
			    !is_stored(ret, mapping->path))
				err = add_file(target, mapping->path, &left,
					       ret);
		}
	}
	return err;
}
