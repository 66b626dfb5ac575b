// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What of a code object is read from the target, and how it is told that the
 * object at an address is still the one that was read.
 *
 * Only words that CPython never changes are kept: not the counters, caches and
 * tool data that lie between them.
 */
#ifndef PYPROF_CPYTHON_CODE_LOAD_H
#define PYPROF_CPYTHON_CODE_LOAD_H

#include "core/cpython/code.h"

/** The immutable words of a code object; members without a value are 0. */
struct pyprof_code_header {
	uint64_t type;
	uint64_t filename, name, qualname, linetable;
	/** The bytes object of the instructions, 3.8-3.10. */
	uint64_t bytecode;
	/** Number of units, 3.11+. */
	uint64_t units;
	uint32_t flags;
	int32_t first_line;
	int32_t first_traceable;
	uint32_t padding;
};

#define PYPROF_CODE_SPAN_MAX 512
#define PYPROF_LINE_HEAD_MAX 128

/** Raw bytes of a code object, of the head of its line table and of the hash
 * of its name. */
struct pyprof_code_copy {
	char name_hash[8];
	char header[PYPROF_CODE_SPAN_MAX];
	char line_head[PYPROF_LINE_HEAD_MAX];
};

/**
 * The range that holds the hash of the name: names of code that is made again
 * and again can get the same addresses each time, too.
 */
struct pyprof_range
pyprof_code_name_hash_range(const struct pyprof_layout *layout,
			    const struct pyprof_code_header *header,
			    struct pyprof_code_copy *copy);

/** Bytes of a code object that hold all words of its header. */
size_t pyprof_code_span(const struct pyprof_layout *layout);

void pyprof_code_header_decode(const struct pyprof_layout *layout,
			       const char *copy,
			       struct pyprof_code_header *ret);

/**
 * Read everything a header leads to.
 *
 * @param code Unloaded, with its address; holds nothing on failure.
 */
struct pyprof_error *pyprof_code_load(const struct pyprof_python *python,
				      struct pyprof_strtab *strings,
				      const struct pyprof_code_header *header,
				      struct pyprof_code *code)
	PYPROF_MUST_CHECK;
/** Release what was loaded; keeps the address. */
void pyprof_code_unload(struct pyprof_code *code);

/**
 * The range that holds the size and the first bytes of a line table. They are
 * compared too, because code made again and again from changing source can
 * get the same addresses each time.
 */
struct pyprof_range
pyprof_code_line_head_range(const struct pyprof_layout *layout,
			    const struct pyprof_code_header *header,
			    const struct pyprof_code *code,
			    struct pyprof_code_copy *copy);

/** Whether those ranges hold what the loaded line table begins with, and the
 * same name. */
bool pyprof_code_copy_matches(const struct pyprof_layout *layout,
			      const struct pyprof_code *code,
			      const struct pyprof_code_copy *copy);

#endif /* PYPROF_CPYTHON_CODE_LOAD_H */
