// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a target is to everything above: memory that can be read, files that
 * are mapped into it, and OS threads.
 *
 * A target never runs anything and never writes. Starting, stopping and
 * signalling belong to the sampler and the debugger, so that every decoder
 * also works on core dumps and on the fake targets of the tests.
 *
 * To add a kind of target: one file with a `const struct pyprof_target_ops`
 * and a create function. linux_process.c (live), core_file.c (core dump) and
 * tests/support/fake_target.c (tests) are the ones there are.
 */
#ifndef PYPROF_TARGET_TARGET_H
#define PYPROF_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct pyprof_target;

/** One piece of a vectored read: `size` bytes at `address` to `buffer`. */
struct pyprof_range {
	uint64_t address;
	void *buffer;
	size_t size;
};

/** One mapping of the target's address space. */
struct pyprof_mapping {
	/** First byte, and one past the last. */
	uint64_t start, end;
	/** Offset of `start` in the mapped file. */
	uint64_t offset;
	bool readable, writable, executable;
	/** Others see what is written there; not known of cores. */
	bool shared;
	/** The stack of the main thread. */
	bool is_stack;
	/**
	 * The mapped file as the target names it, "" when there is none: no
	 * "[heap]", and no " (deleted)" behind it. Owned by the target, valid
	 * until its maps are read again.
	 */
	const char *path;
};

/** What the OS says of one thread. */
struct pyprof_os_thread {
	/** As we see it; `inner_tid` is what the target itself sees. */
	int32_t tid;
	int32_t inner_tid;
	/** Thread pointer (fs_base), 0 when unknown. */
	uint64_t thread_pointer;
	/** The kernel's name of the thread, NUL-terminated. */
	char name[16];
};

/** What resident() tells of a page; 0: it has never been touched. */
enum pyprof_page_flag {
	/** It is in the physical memory. */
	PYPROF_PAGE_PRESENT = 1 << 0,
	/** It is in the swap. */
	PYPROF_PAGE_SWAPPED = 1 << 1,
	/** It is the process's own: anonymous, or a changed page of a file. */
	PYPROF_PAGE_PRIVATE = 1 << 2,
};

/** How much memory a process has, in bytes; all 0 when nobody knows. */
struct pyprof_usage {
	/** In physical memory; how much of that is its own: anonymous, and
	 * changed pages of files. The rest is files and shared memory. */
	uint64_t resident, own;
	/** Of its own, in the swap. */
	uint64_t swapped;
};

struct pyprof_target_ops {
	/** "process", "core": for messages and `info`. */
	const char *kind;

	/** Read exactly `size` bytes, or fail with FAULT or GONE. */
	struct pyprof_error *(*read)(struct pyprof_target *target,
				     uint64_t address, void *buffer,
				     size_t size);

	/**
	 * Read pieces in order and return how many were read whole, from the
	 * first on. May be NULL: then pieces are read one by one.
	 */
	size_t (*readv)(struct pyprof_target *target,
			const struct pyprof_range *ranges, size_t count);

	/**
	 * The mappings in order of address. The array belongs to the target
	 * and is valid until the next call.
	 */
	struct pyprof_error *(*mappings)(struct pyprof_target *target,
					 const struct pyprof_mapping **ret,
					 size_t *count_ret);

	/**
	 * Tell which of `count` pages of PYPROF_PAGE_SIZE bytes from `start`
	 * on are in use: enum pyprof_page_flag, one byte each. May be NULL, or
	 * fail: then nobody knows.
	 */
	struct pyprof_error *(*resident)(struct pyprof_target *target,
					 uint64_t start, size_t count,
					 uint8_t *flags);

	/**
	 * The first page in [start, end) that is in use, or an address before
	 * it; `end` when there is none. For mappings of terabytes of which
	 * little is in use. May be NULL: then all have to be asked about.
	 */
	uint64_t (*next_resident)(struct pyprof_target *target, uint64_t start,
				  uint64_t end);

	/** How much memory it has. May be NULL, or fail. */
	struct pyprof_error *(*usage)(struct pyprof_target *target,
				      struct pyprof_usage *ret);

	/** read() and readv() may be called by several threads at a time. */
	bool reads_at_once;

	/**
	 * Open the file behind a mapping's path for reading, in the target's
	 * own view of the file system.
	 */
	struct pyprof_error *(*open_file)(struct pyprof_target *target,
					  const char *path, int *fd_ret);

	/**
	 * The threads. The array belongs to the target and is valid until the
	 * next call.
	 */
	struct pyprof_error *(*threads)(struct pyprof_target *target,
					const struct pyprof_os_thread **ret,
					size_t *count_ret);

	/**
	 * The tid, as we see it, of the thread whose own tid is `inner_tid`; 0
	 * when there is none, -1 when only the list of all can tell. May be
	 * NULL.
	 */
	int32_t (*find_thread)(struct pyprof_target *target, int32_t inner_tid);

	void (*destroy)(struct pyprof_target *target);
};

/** The common head of every kind of target. */
struct pyprof_target {
	const struct pyprof_target_ops *ops;
	/** Process id, as we see it; 0 when there is none (a core). */
	int32_t pid;
	/** A core or another image that does not change while being read. */
	bool is_static;
};

/** Release a target; NULL is accepted. */
void pyprof_target_destroy(struct pyprof_target *target);
PYPROF_DEFINE_CLEANUP(pyprof_target, struct pyprof_target *,
		      pyprof_target_destroy)

/** Whether reading again can help: the target changes, and what was read makes
 * no sense. */
static inline bool pyprof_is_transient(const struct pyprof_target *target,
				       const struct pyprof_error *err)
{
	return !target->is_static && (err->code == PYPROF_ERROR_CORRUPT ||
				      err->code == PYPROF_ERROR_FAULT);
}

/** Of mappings in the order of their addresses, the one that an address is in;
 * or NULL. */
const struct pyprof_mapping *
pyprof_mapping_find(const struct pyprof_mapping *mappings, size_t count,
		    uint64_t address);

/** The longest single read; a longer one is refused as CORRUPT. */
#define PYPROF_READ_MAX (UINT64_C(1) << 30)

/** Read exactly `size` bytes. */
struct pyprof_error *pyprof_target_read(struct pyprof_target *target,
					uint64_t address, void *buffer,
					size_t size) PYPROF_MUST_CHECK;

/** Read pieces in order; returns how many, from the first on, were read. */
size_t pyprof_target_readv(struct pyprof_target *target,
			   const struct pyprof_range *ranges, size_t count);

struct pyprof_error *pyprof_target_read_u8(struct pyprof_target *target,
					   uint64_t address, uint8_t *ret)
	PYPROF_MUST_CHECK;
struct pyprof_error *pyprof_target_read_u32(struct pyprof_target *target,
					    uint64_t address, uint32_t *ret)
	PYPROF_MUST_CHECK;
struct pyprof_error *pyprof_target_read_u64(struct pyprof_target *target,
					    uint64_t address, uint64_t *ret)
	PYPROF_MUST_CHECK;

/**
 * Read a NUL-terminated string of less than `size` bytes into `buffer`, not
 * crossing into unreadable pages before its NUL. CORRUPT when it is longer.
 */
struct pyprof_error *pyprof_target_read_cstr(struct pyprof_target *target,
					     uint64_t address, char *buffer,
					     size_t size) PYPROF_MUST_CHECK;

/** Whether an address can be a pointer to an object: canonical and aligned. */
static inline bool pyprof_plausible_pointer(uint64_t address)
{
	return address >= 4096 && address < (UINT64_C(1) << 47) &&
	       !(address & 7);
}

#endif /* PYPROF_TARGET_TARGET_H */
