// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A local, unchanging view of a target's memory: what the process could write
 * when the view was made, copied in bulk, or a core file as it is mapped.
 *
 * Reading from it is a look-up and no call: heap analysis touches every word
 * of gigabytes. It is also a target (pyprof_memory_target()), so that every
 * decoder works on it.
 *
 * To add a way of making one: a function that fills in segments and calls
 * pyprof_memory_index(). memory_copy.c (live), memory_core.c (core file) and
 * memory_file.c (saved snapshot) are the ones there are, and memory_lazy.c, for
 * a few objects of a live process.
 */
#ifndef PYPROF_TARGET_MEMORY_H
#define PYPROF_TARGET_MEMORY_H

#include "core/base/vec.h"
#include "core/target/target.h"

#define PYPROF_PAGE_SHIFT 12
#define PYPROF_PAGE_SIZE (UINT64_C(1) << PYPROF_PAGE_SHIFT)

/** Pages under one entry of the directory: 1 GiB of addresses. */
#define PYPROF_LEAF_SHIFT 18
#define PYPROF_LEAF_PAGES (UINT64_C(1) << PYPROF_LEAF_SHIFT)
/** Entries of the directory: 47 bits of addresses. */
#define PYPROF_DIRECTORY_SIZE \
	(1 << (47 - PYPROF_PAGE_SHIFT - PYPROF_LEAF_SHIFT))

/** A run of addresses whose bytes are at hand; page-aligned at both ends. */
struct pyprof_memory_segment {
	uint64_t start, end;
	const uint8_t *bytes;
	/** Pages of it that were in use; the others read as zeros. */
	uint64_t resident_pages;
	/** The number of its first page in `pages`. */
	uint32_t first_page;
	bool writable, executable;
	/** As in struct pyprof_mapping; owned by the memory. */
	const char *path;
};

struct pyprof_memory_page {
	const uint8_t *bytes;
	/** Bytes that follow from here on, with those of segments that go on
	 * where this one ends. Not aligned in every core: read by memcpy. */
	uint64_t left;
};

struct pyprof_memory {
	/** In order of address, none overlapping. */
	PYPROF_VEC(struct pyprof_memory_segment) segments;

	/** Pages are numbered from 1, in order of address; 0 is no page. */
	struct pyprof_memory_page *pages;
	uint32_t page_count;
	/** [address >> 30][address >> 12 & 0x3ffff]: the page's number. */
	uint32_t **directory;
	/** All that the directory has: it is large and nearly empty. */
	PYPROF_VEC(uint32_t *) leaves;

	/**
	 * A bit for each page, by its number: the process had it to itself, in
	 * memory or in the swap. NULL: all of it.
	 */
	uint64_t *own;
	/** Of the whole process, when this was made. */
	struct pyprof_usage usage;

	/** Bytes that should have been there and could not be read. */
	uint64_t missing_bytes;
	/** What making it took: how long the target was being read. */
	int64_t copy_ns;

	/** Private to the file that made it. */
	void *owner;
	void (*release)(struct pyprof_memory *memory);
	/**
	 * What pyprof_memory_at() does where bytes are not there; NULL: that is
	 * all. Where bytes are does not change: more of them may come behind.
	 */
	const uint8_t *(*fetch)(struct pyprof_memory *memory, uint64_t address,
				uint64_t size);
};

/** Number of the page of an address, 0 when there is none. */
static inline uint32_t pyprof_memory_page(const struct pyprof_memory *memory,
					  uint64_t address)
{
	uint64_t page = address >> PYPROF_PAGE_SHIFT;
	uint64_t top = page >> PYPROF_LEAF_SHIFT;
	if (top >= PYPROF_DIRECTORY_SIZE || !memory->directory[top])
		return 0;
	return memory->directory[top][page & (PYPROF_LEAF_PAGES - 1)];
}

/** Whether the process had a page to itself. */
static inline bool pyprof_memory_is_own(const struct pyprof_memory *memory,
					uint32_t number)
{
	return !memory->own || (memory->own[number >> 6] >> (number & 63) & 1);
}

static inline const uint8_t *
pyprof_memory_fetch(const struct pyprof_memory *memory, uint64_t address,
		    uint64_t size)
{
	/* Who looks at a memory does not change it, whenever it is read. */
	return memory->fetch ? memory->fetch((struct pyprof_memory *)memory,
					     address, size)
			     : NULL;
}

/** The bytes [address, address + size), or NULL when not all are there. */
static inline const uint8_t *
pyprof_memory_at(const struct pyprof_memory *memory, uint64_t address,
		 uint64_t size)
{
	uint32_t number = pyprof_memory_page(memory, address);
	if (!number)
		return pyprof_memory_fetch(memory, address, size);
	const struct pyprof_memory_page *page = &memory->pages[number];
	uint64_t offset = address & (PYPROF_PAGE_SIZE - 1);
	if (size > page->left - offset)
		return pyprof_memory_fetch(memory, address, size);
	return page->bytes + offset;
}

/** The address of a page, by its number. */
uint64_t pyprof_memory_page_address(const struct pyprof_memory *memory,
				    uint32_t number);

/** The segment of an address, or NULL. */
const struct pyprof_memory_segment *
pyprof_memory_segment(const struct pyprof_memory *memory, uint64_t address);

/** Number the pages of `segments`, which are sorted and do not overlap.
 * UNSUPPORTED when they are more than can be. */
struct pyprof_error *pyprof_memory_index(struct pyprof_memory *memory)
	PYPROF_MUST_CHECK;

/** Where the number of a page goes, by its address without the offset; NULL
 * when out of memory. For what makes a memory. */
uint32_t *pyprof_memory_slot(struct pyprof_memory *memory, uint64_t page);

/** Say that the process had `count` pages from `first` on to itself, and none
 * but those that this was said of. Once indexed; false when out of memory. */
bool pyprof_memory_set_own(struct pyprof_memory *memory, uint64_t first,
			   uint64_t count);

/**
 * Watches over long work: called every few milliseconds with how much is done.
 * Anything but NULL ends the work with that error (INTERRUPTED when the user
 * wants it to end). `run` may be NULL: nobody watches. Work of which `what`
 * begins with "copying" is counted in bytes.
 */
struct pyprof_progress {
	struct pyprof_error *(*run)(void *context, const char *what,
				    uint64_t done, uint64_t all);
	void *context;
};

static inline struct pyprof_error *
pyprof_progress(const struct pyprof_progress *progress, const char *what,
		uint64_t done, uint64_t all)
{
	if (!progress || !progress->run)
		return NULL;
	return progress->run(progress->context, what, done, all);
}

/** The same for loops whose rounds are short: tells of each 65,536th. */
static inline struct pyprof_error *
pyprof_progress_of_many(const struct pyprof_progress *progress,
			const char *what, uint64_t done, uint64_t all)
{
	return done & 0xffff ? NULL
			     : pyprof_progress(progress, what, done, all);
}

/**
 * Copy what a process that stands still can write: its private writable
 * mappings and what its loader relocated, as far as that is in use. Pages never
 * touched, which would grow the process if read, read as zeros; where they are
 * many (megabytes on end) they are no part of the memory. Of mapped files
 * larger than 64 MiB only the changed pages are. What cannot be read is in
 * `missing_bytes`. The caller sees to it that it stands still; it may run on as
 * soon as this returns.
 */
struct pyprof_error *pyprof_memory_copy(struct pyprof_target *target,
					const struct pyprof_progress *progress,
					struct pyprof_memory **ret)
	PYPROF_MUST_CHECK;

/**
 * View a core file's segments where they are mapped; nothing is copied. Parts
 * of pages at a segment's ends, and what was cut off or filtered out, are in
 * `missing_bytes`. The target has to outlive it.
 */
struct pyprof_error *pyprof_memory_of_core(struct pyprof_target *target,
					   struct pyprof_memory **ret)
	PYPROF_MUST_CHECK;

/** pyprof_memory_of_core() for a core, else pyprof_memory_copy(). */
struct pyprof_error *
pyprof_memory_create(struct pyprof_target *target,
		     const struct pyprof_progress *progress,
		     struct pyprof_memory **ret) PYPROF_MUST_CHECK;

/**
 * A memory for looking at some objects: of a core pyprof_memory_of_core(), of
 * a process one that reads pages when they are first asked for, which has to
 * stand still meanwhile, or be looked at by who expects that it does not. It
 * has whatever can be read, up to 512 MiB, and no list of its pages. It is for
 * one thread. The target has to outlive it.
 */
struct pyprof_error *pyprof_memory_lazy(struct pyprof_target *target,
					struct pyprof_memory **ret)
	PYPROF_MUST_CHECK;

void pyprof_memory_destroy(struct pyprof_memory *memory);
PYPROF_DEFINE_CLEANUP(pyprof_memory, struct pyprof_memory *,
		      pyprof_memory_destroy)

/**
 * A target that reads from a memory, and what is not in it (read-only parts of
 * files: names of types, lines of code) from `base`, whose mappings and
 * threads it had when this was made. `base` may be NULL or be gone: then those
 * reads fail. Both are borrowed.
 */
struct pyprof_error *pyprof_memory_target(const struct pyprof_memory *memory,
					  struct pyprof_target *base,
					  struct pyprof_target **ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_TARGET_MEMORY_H */
