// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Which build of CPython a runtime belongs to.
 */
#ifndef PYPROF_CPYTHON_PYTHON_BUILD_H
#define PYPROF_CPYTHON_PYTHON_BUILD_H

#include "core/cpython/layout.h"
#include "core/image/elf.h"
#include "core/target/target.h"

/** As much of `_PyRuntime` as any version's debug offsets have. */
#define PYPROF_DEBUG_OFFSETS_MAX 1024

/**
 * Find out the version and the flavour of the runtime at an address: from its
 * own debug offsets, else from the symbol Py_Version, else from the version
 * string among the constants of its file. UNSUPPORTED when it cannot be told.
 *
 * @param elf Its file, NULL when that is gone.
 * @param[out] table_ret What is at the address, at most
 * PYPROF_DEBUG_OFFSETS_MAX bytes; 0 in size when they are no debug offsets.
 */
struct pyprof_error *
pyprof_build_identify(struct pyprof_target *target, struct pyprof_elf *elf,
		      const char *path, uint64_t runtime,
		      struct pyprof_build *ret, void *table_ret,
		      size_t *table_size_ret) PYPROF_MUST_CHECK;

/**
 * The version in the constants of a file, as PY_VERSION_HEX; its micro is 0xff
 * when only the file's name tells. 0 when nothing does.
 */
struct pyprof_error *pyprof_build_scan_version(struct pyprof_target *target,
					       struct pyprof_elf *elf,
					       const char *path, uint32_t *ret)
	PYPROF_MUST_CHECK;

/**
 * Whether 32 bytes are the beginning of debug offsets; the version may be one
 * that this build does not know.
 */
bool pyprof_build_is_debug_offsets(const void *head);

#endif /* PYPROF_CPYTHON_PYTHON_BUILD_H */
