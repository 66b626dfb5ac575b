// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/python.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/cpython/layouts/layouts.h"
#include "core/cpython/python_build.h"
#include "core/cpython/python_libc.h"
#include "core/cpython/validate.h"
#include "core/image/elf.h"

/* Searching memory for a runtime ends after so much of it. */
#define SCAN_MAX (UINT64_C(4) << 30)
#define SCAN_PIECE ((size_t)1 << 20)
/* What can be missing of a piece, the rest of which is searched. */
#define SCAN_PART ((size_t)4096)

/* A mapping, copied: the target's own go when it is asked again. */
struct region {
	uint64_t start, end;
	/* Index into struct search's files. */
	size_t file;
};

/* A file that is mapped. */
struct file {
	char *path;
	uint64_t text_start, text_end;
	/* Where a Python is more likely: the program, and by name. */
	bool is_likely;
};

struct search {
	struct pyprof_target *target;
	PYPROF_VEC(struct file) files;
	/* Writable mappings of files. */
	PYPROF_VEC(struct region) regions;
	/* Runtimes tried. */
	PYPROF_VEC(uint64_t) tried;
	/* Why none of them was taken: the most telling reason so far. */
	struct pyprof_error *reason;
	struct pyprof_python *found;
};

static void search_deinit(struct search *search)
{
	for (size_t i = 0; i < search->files.count; i++)
		free(search->files.items[i].path);
	pyprof_vec_deinit(&search->files);
	pyprof_vec_deinit(&search->regions);
	pyprof_vec_deinit(&search->tried);
	pyprof_error_destroy(search->reason);
	pyprof_python_destroy(search->found);
}

static bool is_likely(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	/* Extension modules have the word in their names, too. */
	return strncmp(name, "python", 6) == 0 ||
	       strncmp(name, "libpython", 9) == 0;
}

/* The index of a file, which is added when new; SIZE_MAX without memory. */
static size_t add_file(struct search *search, const char *path)
{
	for (size_t i = 0; i < search->files.count; i++) {
		if (strcmp(search->files.items[i].path, path) == 0)
			return i;
	}
	struct file file = {
		.path = strdup(path),
		/* The program itself is mapped first. */
		.is_likely = !search->files.count || is_likely(path),
	};
	if (!file.path)
		return SIZE_MAX;
	if (!pyprof_vec_push(&search->files, file)) {
		free(file.path);
		return SIZE_MAX;
	}
	return search->files.count - 1;
}

static bool add_mapping(struct search *search, const struct pyprof_mapping *map)
{
	size_t index = add_file(search, map->path);
	if (index == SIZE_MAX)
		return false;
	struct file *file = &search->files.items[index];
	if (map->executable) {
		if (!file->text_end)
			file->text_start = map->start;
		file->text_end = map->end;
	}
	if (!map->writable || !map->readable)
		return true;
	return pyprof_vec_push(&search->regions,
			       (struct region){.start = map->start,
					       .end = map->end,
					       .file = index});
}

static struct pyprof_error *read_mappings(struct search *search)
{
	const struct pyprof_mapping *maps;
	size_t count;
	struct pyprof_error *err =
		search->target->ops->mappings(search->target, &maps, &count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (maps[i].path[0] == '/' && !add_mapping(search, &maps[i]))
			return pyprof_error_oom();
	}
	return NULL;
}

/*
 * Keep the reason why a file or a runtime in it is not taken. One that cannot
 * be read says more than one that has not started; running out of memory and a
 * vanished target end the search.
 */
static struct pyprof_error *reject(struct search *search,
				   struct pyprof_error *err)
{
	if (err->code == PYPROF_ERROR_OOM || err->code == PYPROF_ERROR_GONE)
		return err;
	if (!search->reason ||
	    (search->reason->code == PYPROF_ERROR_NOT_FOUND &&
	     err->code != PYPROF_ERROR_NOT_FOUND)) {
		pyprof_error_destroy(search->reason);
		search->reason = err;
		return NULL;
	}
	pyprof_error_destroy(err);
	return NULL;
}

static uint64_t symbol(struct pyprof_elf *elf, const char *name)
{
	uint64_t address = 0, size;
	if (!elf)
		return 0;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_elf_symbol(elf, name, &address, &size);
	return err ? 0 : address;
}

static struct pyprof_error *identify(struct pyprof_python *python,
				     struct pyprof_elf *elf)
{
	char table[PYPROF_DEBUG_OFFSETS_MAX];
	size_t table_size;
	struct pyprof_error *err = pyprof_build_identify(
		python->target, elf, python->path, python->runtime,
		&python->build, table, &table_size);
	if (err)
		return err;
	if (table_size)
		return pyprof_layout_from_debug_offsets(
			table, table_size, &python->build, &python->layout);
	return pyprof_layout_from_table(&python->build, &python->layout);
}

static struct pyprof_error *examine(struct pyprof_python *python,
				    struct pyprof_elf *elf)
{
	struct pyprof_error *err = identify(python, elf);
	if (err)
		return err;
	if (elf)
		pyprof_elf_text(elf, &python->text_start, &python->text_end);
	python->code_type = symbol(elf, "PyCode_Type");
	python->frame_type = symbol(elf, "PyFrame_Type");
	python->unicode_type = symbol(elf, "PyUnicode_Type");
	python->bytes_type = symbol(elf, "PyBytes_Type");
	python->none_type = symbol(elf, "_PyNone_Type");
	err = pyprof_python_read_libc(python);
	if (err)
		return err;
	return pyprof_python_validate(python);
}

/* Examine what may be a runtime; `search->found` if it is one. */
static struct pyprof_error *try_runtime(struct search *search,
					const struct file *file,
					struct pyprof_elf *elf,
					uint64_t address, const char *found_by)
{
	for (size_t i = 0; i < search->tried.count; i++) {
		if (search->tried.items[i] == address)
			return NULL;
	}
	if (!pyprof_vec_push(&search->tried, address))
		return pyprof_error_oom();

	_cleanup_(pyprof_python_cleanup) struct pyprof_python *python =
		calloc(1, sizeof(*python));
	if (!python)
		return pyprof_error_oom();
	pyprof_buf_init(&python->validations);
	python->target = search->target;
	python->runtime = address;
	python->found_by = found_by;
	python->text_start = file->text_start;
	python->text_end = file->text_end;
	python->path = strdup(file->path);
	if (!python->path)
		return pyprof_error_oom();
	struct pyprof_error *err = examine(python, elf);
	if (err)
		return reject(search, err);
	search->found = no_cleanup_ptr(python);
	return NULL;
}

/* A Python so old that it has no runtime structure is worth a word. */
static struct pyprof_error *reject_ancient(struct search *search,
					   const struct file *file,
					   struct pyprof_elf *elf)
{
	uint32_t version;
	if (!symbol(elf, "Py_GetVersion"))
		return NULL;
	struct pyprof_error *err = pyprof_build_scan_version(
		search->target, elf, file->path, &version);
	if (err)
		return reject(search, err);
	if (!version)
		return NULL;
	const struct pyprof_known_version *known;
	err = pyprof_known_version_find(version, &known);
	return err ? reject(search, err) : NULL;
}

static struct pyprof_error *try_file(struct search *search,
				     const struct file *file)
{
	_cleanup_(pyprof_elf_cleanup) struct pyprof_elf *elf = NULL;
	struct pyprof_error *err =
		pyprof_elf_open(search->target, file->path, &elf);
	if (err) {
		/* Not an ELF file, or gone: the latter is scanned for. */
		if (err->code == PYPROF_ERROR_OOM ||
		    err->code == PYPROF_ERROR_GONE)
			return err;
		pyprof_error_destroy(err);
		return NULL;
	}
	uint64_t address = symbol(elf, "_PyRuntime"), size;
	if (address)
		return try_runtime(search, file, elf, address,
				   "symbol _PyRuntime");
	err = pyprof_elf_section(elf, ".PyRuntime", &address, &size);
	if (!err)
		return try_runtime(search, file, elf, address,
				   "section .PyRuntime");
	pyprof_error_destroy(err);
	return reject_ancient(search, file, elf);
}

static struct pyprof_error *try_files(struct search *search, bool are_likely)
{
	for (size_t i = 0; i < search->files.count && !search->found; i++) {
		const struct file *file = &search->files.items[i];
		if (!file->text_end || file->is_likely != are_likely)
			continue;
		struct pyprof_error *err = try_file(search, file);
		if (err)
			return err;
	}
	return NULL;
}

/* Try each place in a piece of memory that begins as a runtime of 3.13+. */
static struct pyprof_error *scan_piece(struct search *search,
				       const struct file *file,
				       uint64_t address, const char *piece,
				       size_t size)
{
	for (size_t i = 0; i + 8 <= size && !search->found; i += 8) {
		if (memcmp(piece + i, PYPROF_DEBUG_COOKIE, 8) != 0)
			continue;
		char head[32];
		struct pyprof_error *err = pyprof_target_read(
			search->target, address + i, head, sizeof(head));
		if (!err && pyprof_build_is_debug_offsets(head))
			err = try_runtime(search, file, NULL, address + i,
					  "cookie of its debug offsets");
		else
			pyprof_error_destroy(no_cleanup_ptr(err));
		if (err)
			return err;
	}
	return NULL;
}

/*
 * Read a piece; of what is not there in whole, the pages that are. The others
 * become zeros.
 */
static struct pyprof_error *read_piece(struct pyprof_target *target,
				       uint64_t address, char *piece,
				       size_t size)
{
	struct pyprof_error *err =
		pyprof_target_read(target, address, piece, size);
	if (!err || err->code == PYPROF_ERROR_GONE)
		return err;
	pyprof_error_destroy(err);
	for (size_t i = 0; i < size; i += SCAN_PART) {
		size_t part = size - i < SCAN_PART ? size - i : SCAN_PART;
		err = pyprof_target_read(target, address + i, piece + i, part);
		if (err && err->code == PYPROF_ERROR_GONE)
			return err;
		if (err)
			memset(piece + i, 0, part);
		pyprof_error_destroy(err);
	}
	return NULL;
}

static struct pyprof_error *scan_memory(struct search *search)
{
	_cleanup_free_ char *piece = malloc(SCAN_PIECE);
	uint64_t scanned = 0;
	if (!piece)
		return pyprof_error_oom();
	for (size_t i = 0; i < search->regions.count; i++) {
		const struct region *region = &search->regions.items[i];
		const struct file *file = &search->files.items[region->file];
		for (uint64_t at = region->start;
		     at < region->end && scanned < SCAN_MAX && !search->found;
		     at += SCAN_PIECE) {
			size_t size = region->end - at < SCAN_PIECE
					      ? region->end - at
					      : SCAN_PIECE;
			scanned += size;
			struct pyprof_error *err =
				read_piece(search->target, at, piece, size);
			if (!err)
				err = scan_piece(search, file, at, piece, size);
			if (err)
				return err;
		}
	}
	return NULL;
}

static struct pyprof_error *no_python(struct search *search)
{
	if (search->reason)
		return no_cleanup_ptr(search->reason);
	const char *program =
		search->files.count ? search->files.items[0].path : "?";
	if (!search->target->pid)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "no Python interpreter in %s",
					   program);
	return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
				   "no Python interpreter in process %d (%s)",
				   search->target->pid, program);
}

struct pyprof_error *pyprof_python_find(struct pyprof_target *target,
					struct pyprof_python **ret)
{
	_cleanup_(search_deinit) struct search search = {.target = target};
	struct pyprof_error *err = read_mappings(&search);
	if (!err)
		err = try_files(&search, true);
	if (!err && !search.found)
		err = try_files(&search, false);
	if (!err && !search.found)
		err = scan_memory(&search);
	if (err)
		return err;
	if (!search.found)
		return no_python(&search);
	*ret = no_cleanup_ptr(search.found);
	return NULL;
}

void pyprof_python_destroy(struct pyprof_python *python)
{
	if (!python)
		return;
	pyprof_buf_deinit(&python->validations);
	free(python->path);
	free(python);
}
