// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * An ELF file that is mapped into a target: its symbols and sections, as
 * addresses in the target. Knows nothing of debug info and of Python.
 */
#ifndef PYPROF_IMAGE_ELF_H
#define PYPROF_IMAGE_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/target/target.h"

struct pyprof_elf;

/**
 * Open the file `path` of the target and find where it is loaded.
 *
 * Both .dynsym and .symtab are used, so stripped files work.
 * NOT_FOUND when the file is not mapped, UNSUPPORTED when it is not an ELF
 * file of this machine, CORRUPT when it is damaged.
 */
struct pyprof_error *pyprof_elf_open(struct pyprof_target *target,
				     const char *path, struct pyprof_elf **ret)
	PYPROF_MUST_CHECK;
void pyprof_elf_close(struct pyprof_elf *elf);
PYPROF_DEFINE_CLEANUP(pyprof_elf, struct pyprof_elf *, pyprof_elf_close)

/** Address of a symbol in the target. NOT_FOUND when there is none. */
struct pyprof_error *pyprof_elf_symbol(struct pyprof_elf *elf, const char *name,
				       uint64_t *address_ret,
				       uint64_t *size_ret) PYPROF_MUST_CHECK;

/** Address and size of a section in the target. */
struct pyprof_error *pyprof_elf_section(struct pyprof_elf *elf,
					const char *name, uint64_t *address_ret,
					uint64_t *size_ret) PYPROF_MUST_CHECK;

/** Address range of the executable segments, [start, end). */
void pyprof_elf_text(struct pyprof_elf *elf, uint64_t *start_ret,
		     uint64_t *end_ret);

/** Lower-case hexadecimal build-id, "" when there is none. */
const char *pyprof_elf_build_id(struct pyprof_elf *elf);

#endif /* PYPROF_IMAGE_ELF_H */
