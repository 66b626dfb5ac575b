// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The kind of ELF files that run on the machine this is built for; there is
 * no looking at others.
 */
#ifndef PYPROF_TARGET_ELF_HOST_H
#define PYPROF_TARGET_ELF_HOST_H

#include <elf.h>
#include <endian.h>

#if defined(__x86_64__)
#define PYPROF_HOST_ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define PYPROF_HOST_ELF_MACHINE EM_AARCH64
#else
#error "no ELF machine is known for this architecture"
#endif

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define PYPROF_HOST_ELF_DATA ELFDATA2LSB
#else
#define PYPROF_HOST_ELF_DATA ELFDATA2MSB
#endif

#endif /* PYPROF_TARGET_ELF_HOST_H */
