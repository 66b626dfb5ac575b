// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A heap built by hand, in any layout that pyprof knows: types, objects and
 * their tables in one piece of memory, for tests of what reads objects.
 *
 *	struct fake_objects *fake = fake_objects_create_nth(0);
 *	uint64_t list = fake_object(fake, fake->list, 0);
 *	fake_word(fake, list, fake->python.layout.at.list.items, items);
 *	struct pyprof_types *types = fake_objects_types(fake);
 *
 * Offsets that a layout lacks are skipped. Nothing here fails but the test
 * that misuses it.
 */
#ifndef PYPROF_TESTS_SUPPORT_FAKE_OBJECTS_H
#define PYPROF_TESTS_SUPPORT_FAKE_OBJECTS_H

#include "core/cpython/object.h"

#define FAKE_OBJECTS_START UINT64_C(0x7f1200000000)
#define FAKE_OBJECTS_SIZE ((size_t)256 << 10)

struct fake_objects {
	struct pyprof_python python;
	struct pyprof_memory *memory;
	struct pyprof_target *target;
	/** Made when first asked for. */
	struct pyprof_types *types;
	uint8_t *bytes;
	uint64_t next;
	/** Types that there are from the start. */
	uint64_t type, object, str, integer, tuple, list, dict;
};

struct fake_objects *fake_objects_create(const struct pyprof_layout *layout);
struct fake_objects *fake_objects_create_nth(int index);
void fake_objects_destroy(struct fake_objects *fake);
PYPROF_DEFINE_CLEANUP(fake_objects, struct fake_objects *, fake_objects_destroy)

/** Do what follows once a layout, with a new `fake`. */
#define FOR_EACH_HEAP(fake)                                              \
	for (int layout_ = 0; layout_ < fake_layout_count(); layout_++)  \
		for (_cleanup_(fake_objects_cleanup) struct fake_objects \
			     *fake = fake_objects_create_nth(layout_),   \
			     *once_ = fake;                              \
		     once_; once_ = NULL)

/** Zeros, aligned to 16 bytes. */
uint64_t fake_alloc(struct fake_objects *fake, size_t size);
/** Set a word at `at` + `offset` unless the layout lacks it. */
void fake_word(struct fake_objects *fake, uint64_t at, int32_t offset,
	       uint64_t value);
void fake_byte(struct fake_objects *fake, uint64_t at, int32_t offset,
	       uint8_t value);
uint64_t fake_text(struct fake_objects *fake, const char *text);

struct fake_type {
	const char *name;
	/** 0: `object`. */
	uint64_t base;
	/** 0: `type`. */
	uint64_t meta;
	/** Beside READY; those of subclasses are the caller's to add. */
	uint64_t flags;
	int64_t basicsize, itemsize, dictoffset;
	/** Of heap types. */
	const char *qualname;
	uint64_t cached_keys;
};

uint64_t fake_type(struct fake_objects *fake, const struct fake_type *type);

/** An object with a count of 1, room before it, and `extra` bytes behind. */
uint64_t fake_object(struct fake_objects *fake, uint64_t type, size_t extra);
/** A compact ASCII str. */
uint64_t fake_str(struct fake_objects *fake, const char *text);
/** An int of one digit. */
uint64_t fake_int(struct fake_objects *fake, uint32_t digit);

/** A table of keys of 8 slots; values 0 when it is shared. */
uint64_t fake_keys(struct fake_objects *fake, const uint64_t *keys,
		   const uint64_t *values, size_t count);
uint64_t fake_dict(struct fake_objects *fake, const uint64_t *keys,
		   const uint64_t *values, size_t count);

/** The types of what was built so far. */
struct pyprof_types *fake_objects_types(struct fake_objects *fake);

#endif /* PYPROF_TESTS_SUPPORT_FAKE_OBJECTS_H */
