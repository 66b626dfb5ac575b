// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Code objects, decoded once and cached by address *and* fingerprint.
 *
 * Names and files are interned in a string table that outlives the cache, so
 * that a profile can keep the ids.
 */
#ifndef PYPROF_CPYTHON_CODE_H
#define PYPROF_CPYTHON_CODE_H

#include "core/base/strtab.h"
#include "core/cpython/code_known.h"
#include "core/cpython/frame.h"
#include "core/cpython/linetable.h"
#include "core/cpython/python.h"

struct pyprof_code {
	uint64_t address;
	/** Of the immutable words of the object. */
	uint64_t fingerprint;
	/** What pyprof_code_identify() says of it. */
	uint64_t identity;
	/** The hash that its name keeps. */
	uint64_t name_hash;
	/** When it was read, by pyprof_clock_ns(). */
	int64_t read_ns;
	/** co_name, co_qualname (co_name before 3.11), co_filename. */
	uint32_t name, qualname, file;
	int32_t first_line;
	uint32_t flags;
	/** Where its bytecode is, and its size in bytes. */
	uint64_t bytecode;
	int64_t bytecode_size;
	/** Byte offset before which a frame has not begun; 0 before 3.11. */
	int64_t first_traceable;
	uint8_t *linetable;
	size_t linetable_size;
};

struct pyprof_code_cache;

/** `python` and `strings` are borrowed and must outlive the cache. */
struct pyprof_error *
pyprof_code_cache_create(const struct pyprof_python *python,
			 struct pyprof_strtab *strings,
			 struct pyprof_code_cache **ret) PYPROF_MUST_CHECK;
void pyprof_code_cache_destroy(struct pyprof_code_cache *cache);
PYPROF_DEFINE_CLEANUP(pyprof_code_cache, struct pyprof_code_cache *,
		      pyprof_code_cache_destroy)

/** From here on tell `known` (borrowed) of code that stays. */
void pyprof_code_cache_publish(struct pyprof_code_cache *cache,
			       struct pyprof_known_codes *known);

/**
 * What tells the code object that is at an address now from others that may be
 * there at other times; 0 when it cannot be read.
 */
uint64_t pyprof_code_identify(const struct pyprof_python *python,
			      struct pyprof_look *look, uint64_t address);

/**
 * From here on the next use of each code object checks its fingerprint against
 * the target again. Call once a batch of samples.
 */
void pyprof_code_cache_next_epoch(struct pyprof_code_cache *cache);

/**
 * Check the fingerprints of many code objects in a few vectored reads, as
 * pyprof_code_get() would one by one.
 */
void pyprof_code_cache_prefetch(struct pyprof_code_cache *cache,
				const struct pyprof_raw_frame *frames,
				size_t count);

/**
 * The code object at an address. CORRUPT when there is none. The result
 * belongs to the cache and is valid until the next epoch.
 */
struct pyprof_error *pyprof_code_get(struct pyprof_code_cache *cache,
				     uint64_t address,
				     const struct pyprof_code **ret)
	PYPROF_MUST_CHECK;

/** One frame made readable. */
struct pyprof_frame {
	const struct pyprof_code *code;
	struct pyprof_position position;
	/** Byte offset of the instruction in the bytecode. */
	int64_t offset;
	/** From the instruction's opcode. */
	enum pyprof_opcode_class opcode_class;
	/** Python does not show it: it has not reached its first line. */
	bool hidden;
};

/**
 * Decode a raw frame. CORRUPT when the instruction is not inside the code:
 * the code object has been replaced since, or the frame is not one.
 *
 * @param want_opcode Also find the class of the instruction (may read the
 * target); else it is PLAIN.
 */
struct pyprof_error *pyprof_frame_decode(struct pyprof_code_cache *cache,
					 const struct pyprof_raw_frame *raw,
					 bool want_opcode,
					 struct pyprof_frame *ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_CODE_H */
