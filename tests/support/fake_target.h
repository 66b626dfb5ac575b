// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A target made of bytes that a test puts where it likes.
 *
 * Reads outside the segments fail with FAULT, also when they begin inside one.
 * Adjacent segments read as one. Misuse and running out of memory fail the
 * test that does it. Release it by pyprof_target_destroy().
 *
 *	struct pyprof_target *target = fake_target_create();
 *	fake_target_add(target, 0x1000, NULL, 0x2000);
 *	fake_target_write_u64(target, 0x1008, 0x2000);
 */
#ifndef PYPROF_TESTS_SUPPORT_FAKE_TARGET_H
#define PYPROF_TESTS_SUPPORT_FAKE_TARGET_H

#include "core/target/target.h"

struct pyprof_target *fake_target_create(void);

/** Add a segment that holds a copy of `bytes`, or zeros when NULL. */
void fake_target_add(struct pyprof_target *target, uint64_t address,
		     const void *bytes, size_t size);
/** Remove the segment that begins at `address`. */
void fake_target_remove(struct pyprof_target *target, uint64_t address);

/** Change bytes inside the segments. */
void fake_target_write(struct pyprof_target *target, uint64_t address,
		       const void *bytes, size_t size);
void fake_target_write_u8(struct pyprof_target *target, uint64_t address,
			  uint8_t value);
void fake_target_write_u32(struct pyprof_target *target, uint64_t address,
			   uint32_t value);
void fake_target_write_u64(struct pyprof_target *target, uint64_t address,
			   uint64_t value);

/** Add a mapping; `perms` is like "r-x" or "rw-s", `path` "" when anonymous. */
void fake_target_add_mapping(struct pyprof_target *target, uint64_t start,
			     uint64_t end, uint64_t offset, const char *perms,
			     const char *path);
/** Let open_file() open `real_path` when asked for `path`. */
void fake_target_add_file(struct pyprof_target *target, const char *path,
			  const char *real_path);
void fake_target_add_thread(struct pyprof_target *target,
			    const struct pyprof_os_thread *thread);

/** Let the `nth` read from now on, 0 being the next, and all later fail. */
void fake_target_fail_from(struct pyprof_target *target, size_t nth);
/** Let reads succeed again. */
void fake_target_fail_never(struct pyprof_target *target);

/**
 * Call `callback` before each read and before each piece of a vectored read;
 * it may write to the target. NULL for none.
 */
void fake_target_before_read(struct pyprof_target *target,
			     void (*callback)(struct pyprof_target *target,
					      uint64_t address, size_t size,
					      void *arg),
			     void *arg);

/** Make the target one without a readv slot. */
void fake_target_without_readv(struct pyprof_target *target);

/** Reads so far: single ones and pieces of vectored ones. */
size_t fake_target_reads(const struct pyprof_target *target);
/** Vectored reads so far, each one a system call on a real target. */
size_t fake_target_readvs(const struct pyprof_target *target);
/** All calls so far that would be a system call: single and vectored. */
size_t fake_target_calls(const struct pyprof_target *target);

#endif /* PYPROF_TESTS_SUPPORT_FAKE_TARGET_H */
