// SPDX-License-Identifier: Apache-2.0
#include "core/target/core_image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "core/target/elf_host.h"
#include "core/target/elf_note.h"

static struct pyprof_error *damaged(const struct pyprof_core_image *image,
				    const char *what)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT, "%s is damaged: %s",
				   image->path, what);
}

/* Copy a piece of the file; false when it is not all there. */
static bool get(const struct pyprof_core_image *image, uint64_t offset,
		void *to, size_t size)
{
	if (offset > image->size || size > image->size - offset)
		return false;
	memcpy(to, image->bytes + offset, size);
	return true;
}

static struct pyprof_error *read_header(const struct pyprof_core_image *image,
					Elf64_Ehdr *header, uint64_t *count)
{
	if (!get(image, 0, header, sizeof(*header)) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_type != ET_CORE)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is not an ELF core file",
					   image->path);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != PYPROF_HOST_ELF_DATA ||
	    header->e_machine != PYPROF_HOST_ELF_MACHINE)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%s is from another kind of machine",
					   image->path);
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return damaged(image, "odd size of program headers");
	*count = header->e_phnum;
	if (*count == PN_XNUM) {
		Elf64_Shdr section;
		if (!get(image, header->e_shoff, &section, sizeof(section)))
			return damaged(image, "no number of program headers");
		*count = section.sh_info;
	}
	if (*count > image->size / sizeof(Elf64_Phdr))
		return damaged(image, "more program headers than it can hold");
	return NULL;
}

static struct pyprof_error *add_load(struct pyprof_core_image *image,
				     const Elf64_Phdr *segment)
{
	uint64_t in_file = segment->p_filesz, in_memory = segment->p_memsz;
	if (in_file > in_memory)
		in_file = in_memory;
	if (!in_memory)
		return NULL;
	if (in_memory > UINT64_MAX - segment->p_vaddr)
		return damaged(image, "a segment goes round the address space");
	uint64_t present = 0;
	if (segment->p_offset < image->size) {
		present = image->size - segment->p_offset;
		if (present > in_file)
			present = in_file;
	}
	struct pyprof_core_load load = {
		.start = segment->p_vaddr,
		.end = segment->p_vaddr + in_memory,
		.dumped_end = segment->p_vaddr + in_file,
		.present_end = segment->p_vaddr + present,
		.bytes = image->bytes + (present ? segment->p_offset : 0),
		.readable = segment->p_flags & PF_R,
		.writable = segment->p_flags & PF_W,
		.executable = segment->p_flags & PF_X,
	};
	return pyprof_vec_push(&image->loads, load) ? NULL : pyprof_error_oom();
}

static struct pyprof_error *add_thread(struct pyprof_core_image *image,
				       const struct pyprof_elf_note *note)
{
	struct elf_prstatus status;
	if (note->desc_size < sizeof(status))
		return damaged(image, "a thread is cut off");
	memcpy(&status, note->desc, sizeof(status));
	struct pyprof_os_thread thread = {
		.tid = status.pr_pid,
		.inner_tid = status.pr_pid,
	};
#ifdef __x86_64__
	struct user_regs_struct registers;
	_Static_assert(sizeof(registers) == sizeof(status.pr_reg),
		       "the registers of a core are those of ptrace");
	memcpy(&registers, &status.pr_reg, sizeof(registers));
	thread.thread_pointer = registers.fs_base;
#endif
	return pyprof_vec_push(&image->threads, thread) ? NULL
							: pyprof_error_oom();
}

/* On aarch64 the thread pointer comes in a note of its own, after its thread.
 */
static void add_thread_pointer(struct pyprof_core_image *image,
			       const struct pyprof_elf_note *note)
{
	if (image->threads.count && note->desc_size >= sizeof(uint64_t))
		memcpy(&image->threads.items[image->threads.count - 1]
				.thread_pointer,
		       note->desc, sizeof(uint64_t));
}

static void add_process(struct pyprof_core_image *image,
			const struct pyprof_elf_note *note)
{
	struct elf_prpsinfo info;
	if (note->desc_size < sizeof(info))
		return;
	memcpy(&info, note->desc, sizeof(info));
	image->pid = info.pr_pid;
	memcpy(image->name, info.pr_fname, sizeof(image->name));
	image->name[sizeof(image->name) - 1] = '\0';
}

static void add_auxiliary(struct pyprof_core_image *image,
			  const struct pyprof_elf_note *note)
{
	Elf64_auxv_t entry;
	for (size_t at = 0; note->desc_size - at >= sizeof(entry);
	     at += sizeof(entry)) {
		memcpy(&entry, note->desc + at, sizeof(entry));
		if (entry.a_type == AT_NULL)
			break;
		if (entry.a_type == AT_PHDR)
			image->program_headers = entry.a_un.a_val;
		/* The kernel puts its random bytes there. */
		if (entry.a_type == AT_RANDOM)
			image->main_stack = entry.a_un.a_val;
	}
}

/*
 * The mapped files: a number of them, the size of a page, then start, end and
 * offset in pages of each, then the paths.
 */
static struct pyprof_error *add_mapped(struct pyprof_core_image *image,
				       const struct pyprof_elf_note *note)
{
	uint64_t head[2], entry[3];
	if (note->desc_size < sizeof(head))
		return damaged(image, "the list of mapped files is cut off");
	memcpy(head, note->desc, sizeof(head));
	const unsigned char *at = note->desc + sizeof(head);
	size_t left = note->desc_size - sizeof(head);
	if (head[0] > left / sizeof(entry))
		return damaged(image, "the list of mapped files is cut off");
	const unsigned char *path = at + head[0] * sizeof(entry);
	left -= head[0] * sizeof(entry);
	for (uint64_t i = 0; i < head[0]; i++, at += sizeof(entry)) {
		const unsigned char *nul = memchr(path, '\0', left);
		if (!nul)
			return damaged(image, "a path is cut off");
		memcpy(entry, at, sizeof(entry));
		struct pyprof_core_mapped mapped = {
			.start = entry[0],
			.end = entry[1],
			.offset = entry[2] * head[1],
			.path = (const char *)path,
		};
		if (mapped.start < mapped.end && path[0] == '/' &&
		    !pyprof_vec_push(&image->mapped, mapped))
			return pyprof_error_oom();
		left -= (size_t)(nul + 1 - path);
		path = nul + 1;
	}
	return NULL;
}

static struct pyprof_error *add_note(struct pyprof_core_image *image,
				     const struct pyprof_elf_note *note)
{
	if (pyprof_elf_note_is(note, "CORE", NT_PRSTATUS))
		return add_thread(image, note);
	if (pyprof_elf_note_is(note, "CORE", NT_FILE))
		return add_mapped(image, note);
	if (pyprof_elf_note_is(note, "CORE", NT_PRPSINFO))
		add_process(image, note);
	else if (pyprof_elf_note_is(note, "CORE", NT_AUXV))
		add_auxiliary(image, note);
	else if (pyprof_elf_note_is(note, "LINUX", NT_ARM_TLS))
		add_thread_pointer(image, note);
	return NULL;
}

static struct pyprof_error *add_notes(struct pyprof_core_image *image,
				      const Elf64_Phdr *segment)
{
	if (segment->p_offset > image->size ||
	    segment->p_filesz > image->size - segment->p_offset)
		return damaged(image, "its notes are cut off");
	const unsigned char *at = image->bytes + segment->p_offset;
	size_t size = segment->p_filesz;
	struct pyprof_elf_note note;
	struct pyprof_error *err = NULL;
	while (!err && pyprof_elf_note_next(&at, &size, &note))
		err = add_note(image, &note);
	return err;
}

static int compare_loads(const void *a, const void *b)
{
	const struct pyprof_core_load *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static int compare_mapped(const void *a, const void *b)
{
	const struct pyprof_core_mapped *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

/* Sort, and let nothing overlap, so that an address is in one at most. */
static void put_in_order(struct pyprof_core_image *image)
{
	struct pyprof_core_load *loads = image->loads.items;
	struct pyprof_core_mapped *mapped = image->mapped.items;
	size_t kept = 0;
	if (image->loads.count)
		qsort(loads, image->loads.count, sizeof(*loads), compare_loads);
	for (size_t i = 0; i < image->loads.count; i++) {
		if (!kept || loads[kept - 1].end <= loads[i].start)
			loads[kept++] = loads[i];
	}
	image->loads.count = kept;
	kept = 0;
	if (image->mapped.count)
		qsort(mapped, image->mapped.count, sizeof(*mapped),
		      compare_mapped);
	for (size_t i = 0; i < image->mapped.count; i++) {
		if (!kept || mapped[kept - 1].end <= mapped[i].start)
			mapped[kept++] = mapped[i];
	}
	image->mapped.count = kept;
}

/* Only the process has a name in a core; its first thread has it as well. */
static void name_threads(struct pyprof_core_image *image)
{
	for (size_t i = 0; i < image->threads.count; i++) {
		struct pyprof_os_thread *thread = &image->threads.items[i];
		if (thread->tid == image->pid)
			memcpy(thread->name, image->name, sizeof(thread->name));
	}
}

struct pyprof_error *pyprof_core_image_init(struct pyprof_core_image *image,
					    const char *path,
					    const unsigned char *bytes,
					    size_t size)
{
	*image = (struct pyprof_core_image){
		.path = path,
		.bytes = bytes,
		.size = size,
	};
	Elf64_Ehdr header;
	uint64_t count = 0;
	struct pyprof_error *err = read_header(image, &header, &count);
	for (uint64_t i = 0; !err && i < count; i++) {
		Elf64_Phdr segment;
		if (header.e_phoff > image->size ||
		    !get(image, header.e_phoff + i * sizeof(segment), &segment,
			 sizeof(segment)))
			return damaged(image, "program headers are cut off");
		if (segment.p_type == PT_LOAD)
			err = add_load(image, &segment);
		else if (segment.p_type == PT_NOTE)
			err = add_notes(image, &segment);
	}
	if (err)
		return err;
	put_in_order(image);
	name_threads(image);
	return NULL;
}

void pyprof_core_image_deinit(struct pyprof_core_image *image)
{
	pyprof_vec_deinit(&image->loads);
	pyprof_vec_deinit(&image->mapped);
	pyprof_vec_deinit(&image->threads);
}

static int compare_address_to_load(const void *key, const void *item)
{
	uint64_t address = *(const uint64_t *)key;
	const struct pyprof_core_load *load = item;
	return (address >= load->end) - (address < load->start);
}

static int compare_address_to_mapped(const void *key, const void *item)
{
	uint64_t address = *(const uint64_t *)key;
	const struct pyprof_core_mapped *mapped = item;
	return (address >= mapped->end) - (address < mapped->start);
}

const struct pyprof_core_load *
pyprof_core_image_load(const struct pyprof_core_image *image, uint64_t address)
{
	if (!image->loads.count)
		return NULL;
	return bsearch(&address, image->loads.items, image->loads.count,
		       sizeof(*image->loads.items), compare_address_to_load);
}

const struct pyprof_core_mapped *
pyprof_core_image_mapped(const struct pyprof_core_image *image,
			 uint64_t address)
{
	if (!image->mapped.count)
		return NULL;
	return bsearch(&address, image->mapped.items, image->mapped.count,
		       sizeof(*image->mapped.items), compare_address_to_mapped);
}
