// SPDX-License-Identifier: Apache-2.0
#include "core/target/same_file.h"

#include <elf.h>
#include <string.h>

#include "core/target/elf_note.h"

struct bytes {
	const unsigned char *data;
	size_t size;
};

/* The build-id in this note segment, as far as it lies in the page. */
static struct bytes find_in_notes(struct bytes page, const Elf64_Phdr *segment)
{
	if (segment->p_offset >= page.size)
		return (struct bytes){};
	const unsigned char *at = page.data + segment->p_offset;
	size_t size = page.size - segment->p_offset;
	if (size > segment->p_filesz)
		size = segment->p_filesz;
	struct pyprof_elf_note note;
	while (pyprof_elf_note_next(&at, &size, &note)) {
		if (pyprof_elf_note_is(&note, "GNU", NT_GNU_BUILD_ID))
			return (struct bytes){note.desc, note.desc_size};
	}
	return (struct bytes){};
}

static struct bytes find_build_id(struct bytes page)
{
	Elf64_Ehdr header;
	if (page.size < sizeof(header))
		return (struct bytes){};
	memcpy(&header, page.data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		return (struct bytes){};
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		size_t at = i * sizeof(segment);
		if (header.e_phoff > page.size ||
		    at + sizeof(segment) > page.size - header.e_phoff)
			break;
		memcpy(&segment, page.data + header.e_phoff + at,
		       sizeof(segment));
		if (segment.p_type != PT_NOTE)
			continue;
		struct bytes id = find_in_notes(page, &segment);
		if (id.size)
			return id;
	}
	return (struct bytes){};
}

static bool same(struct bytes a, struct bytes b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

bool pyprof_same_file(const unsigned char *a, const unsigned char *b,
		      size_t size)
{
	struct bytes page_a = {a, size}, page_b = {b, size};
	struct bytes id_a = find_build_id(page_a);
	if (id_a.size)
		return same(id_a, find_build_id(page_b));
	return same(page_a, page_b);
}
