// SPDX-License-Identifier: Apache-2.0
#include "core/image/elf.h"

#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/target/elf_host.h"

/* More than any linker makes. */
#define SEGMENTS_MAX 256
#define SECTIONS_MAX 65536

struct pyprof_elf {
	Elf *elf;
	int fd;
	char *path;
	/* What to add to an address in the file to get one in the target. */
	uint64_t bias;
	uint64_t text_start, text_end;
	char build_id[2 * 64 + 1];
};

static struct pyprof_error *damaged(const struct pyprof_elf *elf)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT, "%s is damaged: %s",
				   elf->path, elf_errmsg(-1));
}

static struct pyprof_error *not_mapped(const struct pyprof_elf *elf)
{
	return pyprof_error_create(PYPROF_ERROR_NOT_FOUND, "%s is not mapped",
				   elf->path);
}

static struct pyprof_error *check_kind(const struct pyprof_elf *elf)
{
	GElf_Ehdr header;
	if (elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &header))
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is not an ELF file", elf->path);
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != PYPROF_HOST_ELF_DATA ||
	    header.e_machine != PYPROF_HOST_ELF_MACHINE)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is for another kind of machine",
					   elf->path);
	return NULL;
}

/* The segments that are loaded, in order of address. */
static struct pyprof_error *read_segments(const struct pyprof_elf *elf,
					  GElf_Phdr *loads, size_t *count_ret)
{
	size_t headers, count = 0;
	if (elf_getphdrnum(elf->elf, &headers))
		return damaged(elf);
	for (size_t i = 0; i < headers && count < SEGMENTS_MAX; i++) {
		if (!gelf_getphdr(elf->elf, (int)i, &loads[count]))
			return damaged(elf);
		if (loads[count].p_type == PT_LOAD)
			count++;
	}
	if (!count)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "%s has no segment to load",
					   elf->path);
	*count_ret = count;
	return NULL;
}

static bool is_executable_at(const struct pyprof_elf *elf,
			     const struct pyprof_mapping *maps, size_t count,
			     uint64_t address)
{
	for (size_t i = 0; i < count; i++) {
		if (address >= maps[i].start && address < maps[i].end)
			return maps[i].executable &&
			       strcmp(maps[i].path, elf->path) == 0;
	}
	return false;
}

/*
 * Whether this mapping can be the one of the first segment, so that code then
 * is where it should be; a file may also be mapped to be read as data.
 */
static bool try_bias(struct pyprof_elf *elf, const GElf_Phdr *loads,
		     size_t load_count, const struct pyprof_mapping *maps,
		     size_t map_count, const struct pyprof_mapping *map)
{
	if (strcmp(map->path, elf->path) != 0 ||
	    loads->p_offset < map->offset ||
	    loads->p_offset - map->offset >= map->end - map->start)
		return false;
	uint64_t bias =
		map->start + (loads->p_offset - map->offset) - loads->p_vaddr;
	for (size_t i = 0; i < load_count; i++) {
		if (loads[i].p_flags & PF_X &&
		    !is_executable_at(elf, maps, map_count,
				      bias + loads[i].p_vaddr))
			return false;
	}
	elf->bias = bias;
	return true;
}

static struct pyprof_error *find_bias(struct pyprof_elf *elf,
				      struct pyprof_target *target,
				      const GElf_Phdr *loads, size_t load_count)
{
	const struct pyprof_mapping *maps;
	size_t count;
	struct pyprof_error *err = target->ops->mappings(target, &maps, &count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (try_bias(elf, loads, load_count, maps, count, &maps[i]))
			return NULL;
	}
	return not_mapped(elf);
}

static void find_text(struct pyprof_elf *elf, const GElf_Phdr *loads,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!(loads[i].p_flags & PF_X))
			continue;
		uint64_t start = elf->bias + loads[i].p_vaddr;
		uint64_t end = start + loads[i].p_memsz;
		if (!elf->text_end || start < elf->text_start)
			elf->text_start = start;
		if (end > elf->text_end)
			elf->text_end = end;
	}
}

/* Look for a build-id among the notes of one segment. */
static bool read_build_id(struct pyprof_elf *elf, const GElf_Phdr *segment)
{
	Elf_Data *data = elf_getdata_rawchunk(
		elf->elf, (int64_t)segment->p_offset, segment->p_filesz,
		segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr note;
	size_t name, desc, next = 0;
	while (data && (next = gelf_getnote(data, next, &note, &name, &desc))) {
		const unsigned char *bytes = data->d_buf;
		size_t size = note.n_descsz;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name, "GNU", 4) != 0 ||
		    size > (sizeof(elf->build_id) - 1) / 2)
			continue;
		for (size_t i = 0; i < size; i++)
			snprintf(elf->build_id + 2 * i, 3, "%02x",
				 bytes[desc + i]);
		return true;
	}
	return false;
}

static void find_build_id(struct pyprof_elf *elf)
{
	size_t count;
	if (elf_getphdrnum(elf->elf, &count))
		return;
	for (size_t i = 0; i < count && i < SEGMENTS_MAX; i++) {
		GElf_Phdr segment;
		if (gelf_getphdr(elf->elf, (int)i, &segment) &&
		    segment.p_type == PT_NOTE && read_build_id(elf, &segment))
			return;
	}
}

static struct pyprof_error *open_elf(struct pyprof_elf *elf,
				     struct pyprof_target *target)
{
	struct pyprof_error *err =
		target->ops->open_file(target, elf->path, &elf->fd);
	if (err)
		return err;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return damaged(elf);
	elf->elf = elf_begin(elf->fd, ELF_C_READ, NULL);
	if (!elf->elf)
		return damaged(elf);
	err = check_kind(elf);
	if (err)
		return err;
	GElf_Phdr loads[SEGMENTS_MAX];
	size_t count;
	err = read_segments(elf, loads, &count);
	if (!err)
		err = find_bias(elf, target, loads, count);
	if (err)
		return err;
	find_text(elf, loads, count);
	find_build_id(elf);
	return NULL;
}

static struct pyprof_error *check_mapped(struct pyprof_target *target,
					 const struct pyprof_elf *elf)
{
	const struct pyprof_mapping *maps;
	size_t count;
	struct pyprof_error *err = target->ops->mappings(target, &maps, &count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (elf->path[0] && strcmp(maps[i].path, elf->path) == 0)
			return NULL;
	}
	return not_mapped(elf);
}

struct pyprof_error *pyprof_elf_open(struct pyprof_target *target,
				     const char *path, struct pyprof_elf **ret)
{
	_cleanup_(pyprof_elf_cleanup) struct pyprof_elf *elf =
		calloc(1, sizeof(*elf));
	if (!elf)
		return pyprof_error_oom();
	elf->fd = -1;
	/* The caller's may be that of a mapping, which are read again. */
	elf->path = strdup(path);
	if (!elf->path)
		return pyprof_error_oom();
	struct pyprof_error *err = check_mapped(target, elf);
	if (!err)
		err = open_elf(elf, target);
	if (err)
		return err;
	*ret = no_cleanup_ptr(elf);
	return NULL;
}

void pyprof_elf_close(struct pyprof_elf *elf)
{
	if (!elf)
		return;
	elf_end(elf->elf);
	pyprof_close_cleanup(&elf->fd);
	free(elf->path);
	free(elf);
}

/* The section of a type, or of a name when `type` is SHT_NULL. */
static Elf_Scn *find_section(struct pyprof_elf *elf, uint32_t type,
			     const char *name, GElf_Shdr *ret)
{
	size_t names;
	if (elf_getshdrstrndx(elf->elf, &names))
		return NULL;
	Elf_Scn *section = NULL;
	for (size_t i = 0; i < SECTIONS_MAX; i++) {
		section = elf_nextscn(elf->elf, section);
		if (!section)
			break;
		if (!gelf_getshdr(section, ret))
			continue;
		if (type != SHT_NULL && ret->sh_type == type)
			return section;
		const char *its =
			name ? elf_strptr(elf->elf, names, ret->sh_name) : NULL;
		if (its && strcmp(its, name) == 0)
			return section;
	}
	return NULL;
}

static bool is_address(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       (type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC ||
		type == STT_GNU_IFUNC);
}

static bool find_symbol(struct pyprof_elf *elf, uint32_t table,
			const char *name, GElf_Sym *ret)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, table, NULL, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	if (!data || !header.sh_entsize)
		return false;
	size_t count = data->d_size / header.sh_entsize;
	for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol))
			return false;
		if (!is_address(&symbol))
			continue;
		const char *its =
			elf_strptr(elf->elf, header.sh_link, symbol.st_name);
		if (its && strcmp(its, name) == 0) {
			*ret = symbol;
			return true;
		}
	}
	return false;
}

struct pyprof_error *pyprof_elf_symbol(struct pyprof_elf *elf, const char *name,
				       uint64_t *address_ret,
				       uint64_t *size_ret)
{
	GElf_Sym symbol;
	if (!find_symbol(elf, SHT_DYNSYM, name, &symbol) &&
	    !find_symbol(elf, SHT_SYMTAB, name, &symbol))
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "no symbol %s in %s", name,
					   elf->path);
	*address_ret = elf->bias + symbol.st_value;
	*size_ret = symbol.st_size;
	return NULL;
}

struct pyprof_error *pyprof_elf_section(struct pyprof_elf *elf,
					const char *name, uint64_t *address_ret,
					uint64_t *size_ret)
{
	GElf_Shdr header;
	if (!find_section(elf, SHT_NULL, name, &header) ||
	    !(header.sh_flags & SHF_ALLOC))
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "no section %s in %s", name,
					   elf->path);
	*address_ret = elf->bias + header.sh_addr;
	*size_ret = header.sh_size;
	return NULL;
}

void pyprof_elf_text(struct pyprof_elf *elf, uint64_t *start_ret,
		     uint64_t *end_ret)
{
	*start_ret = elf->text_start;
	*end_ret = elf->text_end;
}

const char *pyprof_elf_build_id(struct pyprof_elf *elf)
{
	return elf->build_id;
}
