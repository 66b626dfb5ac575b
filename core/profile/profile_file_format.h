// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a saved profile looks like: for profile_file_*.c alone.
 *
 * A magic, a version, and sections, each with its length and checksum, so that
 * what comes before the place where a file was cut off can be read. Sections
 * refer only to those before. Large kinds are several sections of one tag; an
 * unknown tag is skipped.
 *
 *	magic	16 bytes
 *	version	u32
 *	sections; of each:
 *		tag	4 bytes
 *		encoding u32: 0 plain, 1 a zstd frame
 *		stored	u32, bytes in the file
 *		bytes	u32, bytes when decoded
 *		checksum u64, FNV-1a of the 16 bytes before and those stored
 *		the bytes
 *
 * These numbers are little-endian. Inside of sections numbers are LEB128,
 * signed ones zigzag; text is its length, then its bytes.
 *
 *	META	words of the states, of the exactnesses, of the errors: of each
 *		kind how many, then the words; then the facts: see put_meta()
 *	STRS	text; the first is string 1
 *	FUNC	name, qualname, file, first line (signed)
 *	LOCS	function, line (signed)
 *	STAK	own id - parent, location; the first is stack 1
 *	THRD	tid (signed), ident, name, interpreter (signed), 1 for main
 *	TALY	stack, thread, state, exactness: the latter as META has them
 *	MOMS	time since the one before, ns, tally, samples
 *	SPAN	location, thread, state, column, end line - line, end column,
 *		samples, ns
 *	END	nothing: the file is whole
 *
 * Tallies have no times: they are the sums of their moments, so that they are
 * right when moments are missing.
 */
#ifndef PYPROF_PROFILE_PROFILE_FILE_FORMAT_H
#define PYPROF_PROFILE_PROFILE_FILE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define PYPROF_PROFILE_MAGIC "pyprof profile\n\x1a"
#define PYPROF_PROFILE_MAGIC_SIZE 16
#define PYPROF_PROFILE_VERSION 1

#define PYPROF_SECTION_HEAD 24
/** Offset of the checksum: what is before is covered by it. */
#define PYPROF_SECTION_CHECKED 16
/** A section is ended when it has grown larger than this. */
#define PYPROF_SECTION_BYTES ((size_t)1 << 18)
/** A larger one is refused: one string can be as long as it likes, but not as
 * long as this. */
#define PYPROF_SECTION_MAX (UINT32_C(1) << 26)
/** All sections together, decoded. */
#define PYPROF_SECTIONS_MAX (UINT64_C(1) << 30)

enum pyprof_section_encoding {
	PYPROF_SECTION_PLAIN,
	PYPROF_SECTION_ZSTD,
};

/** Begin with `sum` 0. */
static inline uint64_t
pyprof_section_checksum(uint64_t sum, const uint8_t *bytes, size_t size)
{
	if (!sum)
		sum = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#endif /* PYPROF_PROFILE_PROFILE_FILE_FORMAT_H */
