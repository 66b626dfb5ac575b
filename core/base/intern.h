// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Interned records: fixed-size items in one dense array, found again by their
 * first bytes. Equal keys get equal small numbers.
 *
 * The key is compared as bytes, so it must hold no padding; its size is a
 * multiple of 4. Ids stay valid; items move when the array grows. A zeroed
 * struct with the two sizes set is empty and owns nothing.
 */
#ifndef PYPROF_BASE_INTERN_H
#define PYPROF_BASE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct pyprof_intern {
	void *items;
	size_t count, capacity;
	/** Ids plus one by hash, 0 where free; a power of two of them. */
	uint32_t *slots;
	size_t slot_count;
	/** Of the whole item, and of the key that it starts with. */
	size_t item_size, key_size;
};

/** An empty table of `type`, whose key are the bytes before `member`. */
#define PYPROF_INTERN_INIT(type, member)                                       \
	{                                                                      \
		.item_size = sizeof(type), .key_size = offsetof(type, member), \
	}
/** An empty table of `type`, all of which is the key. */
#define PYPROF_INTERN_INIT_WHOLE(type)                               \
	{                                                            \
		.item_size = sizeof(type), .key_size = sizeof(type), \
	}

void pyprof_intern_deinit(struct pyprof_intern *table);

/** Forget all items; keep the memory. */
void pyprof_intern_clear(struct pyprof_intern *table);

/**
 * The id of the item with the key of `item`, which is added when there is
 * none. The only failure is running out of memory (or of 32-bit ids).
 */
struct pyprof_error *pyprof_intern(struct pyprof_intern *table,
				   const void *item, uint32_t *ret)
	PYPROF_MUST_CHECK;

/** The id of the item with the key of `item`; false when there is none. */
bool pyprof_intern_find(const struct pyprof_intern *table, const void *item,
			uint32_t *ret);

#endif /* PYPROF_BASE_INTERN_H */
