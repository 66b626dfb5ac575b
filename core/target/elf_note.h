// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Walking ELF notes in bytes that may be anything.
 */
#ifndef PYPROF_TARGET_ELF_NOTE_H
#define PYPROF_TARGET_ELF_NOTE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pyprof_elf_note {
	uint32_t type;
	/** Not NUL-terminated by itself. */
	const unsigned char *name, *desc;
	size_t name_size, desc_size;
};

/**
 * Take the first note off `*bytes`, of `*size` bytes.
 *
 * @return false when there is no whole one any more.
 */
static inline bool pyprof_elf_note_next(const unsigned char **bytes,
					size_t *size,
					struct pyprof_elf_note *ret)
{
	Elf64_Nhdr header;
	if (*size < sizeof(header))
		return false;
	memcpy(&header, *bytes, sizeof(header));
	size_t name = ((size_t)header.n_namesz + 3) & ~(size_t)3;
	size_t desc = ((size_t)header.n_descsz + 3) & ~(size_t)3;
	size_t left = *size - sizeof(header);
	if (name > left || header.n_descsz > left - name)
		return false;
	/* What pads the last one may be missing. */
	if (desc > left - name)
		desc = left - name;
	*ret = (struct pyprof_elf_note){
		.type = header.n_type,
		.name = *bytes + sizeof(header),
		.name_size = header.n_namesz,
		.desc = *bytes + sizeof(header) + name,
		.desc_size = header.n_descsz,
	};
	*bytes += sizeof(header) + name + desc;
	*size = left - name - desc;
	return true;
}

static inline bool pyprof_elf_note_is(const struct pyprof_elf_note *note,
				      const char *name, uint32_t type)
{
	size_t size = strlen(name) + 1;
	return note->type == type && note->name_size == size &&
	       memcmp(note->name, name, size) == 0;
}

#endif /* PYPROF_TARGET_ELF_NOTE_H */
