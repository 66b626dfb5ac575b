// SPDX-License-Identifier: Apache-2.0
#include "tests/support/core_builder.h"

#include <check.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "core/target/elf_host.h"

void core_builder_init(struct core_builder *core)
{
	*core = (struct core_builder){.notes = PYPROF_BUF_INIT};
}

void core_builder_deinit(struct core_builder *core)
{
	pyprof_buf_deinit(&core->notes);
}

static void pad(struct pyprof_buf *buf)
{
	pyprof_buf_fill(buf, '\0', -buf->length % 4);
}

void core_builder_note(struct core_builder *core, const char *name,
		       uint32_t type, const void *desc, size_t size)
{
	Elf64_Nhdr note = {
		.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)size,
		.n_type = type,
	};
	pyprof_buf_append(&core->notes, &note, sizeof(note));
	pyprof_buf_append(&core->notes, name, strlen(name) + 1);
	pad(&core->notes);
	pyprof_buf_append(&core->notes, desc, size);
	pad(&core->notes);
}

void core_builder_thread(struct core_builder *core, int32_t tid,
			 uint64_t thread_pointer)
{
	struct elf_prstatus status = {.pr_pid = tid};
#ifdef __x86_64__
	struct user_regs_struct registers = {.fs_base = thread_pointer};
	memcpy(&status.pr_reg, &registers, sizeof(registers));
#endif
	core_builder_note(core, "CORE", NT_PRSTATUS, &status, sizeof(status));
#ifdef __aarch64__
	core_builder_note(core, "LINUX", NT_ARM_TLS, &thread_pointer,
			  sizeof(thread_pointer));
#endif
}

void core_builder_process(struct core_builder *core, int32_t pid,
			  const char *name)
{
	struct elf_prpsinfo info = {.pr_pid = pid};
	strncpy(info.pr_fname, name, sizeof(info.pr_fname) - 1);
	core_builder_note(core, "CORE", NT_PRPSINFO, &info, sizeof(info));
}

void core_builder_load(struct core_builder *core, uint64_t address,
		       uint64_t memory_size, uint32_t flags,
		       const void *contents, size_t size)
{
	ck_assert_uint_lt(core->load_count, 16);
	core->contents[core->load_count] = contents;
	core->loads[core->load_count++] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_vaddr = address,
		.p_filesz = size,
		.p_memsz = memory_size,
	};
}

void core_builder_file(struct core_builder *core, uint64_t start, uint64_t end,
		       uint64_t page, const char *path)
{
	ck_assert_uint_lt(core->file_count, 16);
	core->files[core->file_count++] =
		(struct core_builder_file){start, end, page, path};
}

static void add_files(struct core_builder *core)
{
	_cleanup_buf_ struct pyprof_buf desc = PYPROF_BUF_INIT;
	uint64_t head[] = {core->file_count, 4096};
	pyprof_buf_append(&desc, head, sizeof(head));
	for (size_t i = 0; i < core->file_count; i++) {
		const struct core_builder_file *file = &core->files[i];
		uint64_t entry[] = {file->start, file->end, file->page};
		pyprof_buf_append(&desc, entry, sizeof(entry));
	}
	for (size_t i = 0; i < core->file_count; i++)
		pyprof_buf_append(&desc, core->files[i].path,
				  strlen(core->files[i].path) + 1);
	core_builder_note(core, "CORE", NT_FILE, desc.data, desc.length);
}

void core_builder_finish(struct core_builder *core, struct pyprof_buf *bytes)
{
	add_files(core);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    PYPROF_HOST_ELF_DATA, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = PYPROF_HOST_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)(core->load_count + 1),
	};
	Elf64_Phdr notes = {
		.p_type = PT_NOTE,
		.p_offset = sizeof(header) +
			    (core->load_count + 1) * sizeof(Elf64_Phdr),
		.p_filesz = core->notes.length,
	};
	pyprof_buf_append(bytes, &header, sizeof(header));
	pyprof_buf_append(bytes, &notes, sizeof(notes));
	uint64_t offset = notes.p_offset + notes.p_filesz;
	for (size_t i = 0; i < core->load_count; i++) {
		core->loads[i].p_offset = offset;
		offset += core->loads[i].p_filesz;
	}
	pyprof_buf_append(bytes, core->loads,
			  core->load_count * sizeof(core->loads[0]));
	pyprof_buf_append(bytes, core->notes.data, core->notes.length);
	for (size_t i = 0; i < core->load_count; i++)
		pyprof_buf_append(bytes, core->contents[i],
				  core->loads[i].p_filesz);
	ck_assert(!bytes->failed);
}
