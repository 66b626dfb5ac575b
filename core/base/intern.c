// SPDX-License-Identifier: Apache-2.0
#include "core/base/intern.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"

static const unsigned char *item_at(const struct pyprof_intern *table,
				    size_t id)
{
	return (const unsigned char *)table->items + id * table->item_size;
}

/* Keys are a few 32-bit words: ids, lines, addresses. */
static uint32_t word_at(const void *key, size_t i)
{
	uint32_t word;
	memcpy(&word, (const unsigned char *)key + i, sizeof(word));
	return word;
}

static size_t hash_key(const void *key, size_t size)
{
	uint64_t hash = size;
	for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
		hash = (hash ^ word_at(key, i)) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return (size_t)hash;
}

/* A call of memcmp() would cost more than the comparison. */
static bool is_equal(const void *a, const void *b, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uint32_t))
		if (word_at(a, i) != word_at(b, i))
			return false;
	return true;
}

static void put_slot(struct pyprof_intern *table, uint32_t id)
{
	size_t mask = table->slot_count - 1;
	size_t slot = hash_key(item_at(table, id), table->key_size) & mask;
	while (table->slots[slot])
		slot = (slot + 1) & mask;
	table->slots[slot] = id + 1;
}

/* At most half of the slots are in use, so that probing stays short. */
static bool reserve_slot(struct pyprof_intern *table)
{
	if ((table->count + 1) * 2 <= table->slot_count)
		return true;
	size_t grown = table->slot_count ? table->slot_count * 2 : 32;
	uint32_t *slots = calloc(grown, sizeof(*slots));
	if (!slots)
		return false;
	free(table->slots);
	table->slots = slots;
	table->slot_count = grown;
	for (size_t id = 0; id < table->count; id++)
		put_slot(table, (uint32_t)id);
	return true;
}

void pyprof_intern_deinit(struct pyprof_intern *table)
{
	free(table->items);
	free(table->slots);
	*table = (struct pyprof_intern){
		.item_size = table->item_size,
		.key_size = table->key_size,
	};
}

void pyprof_intern_clear(struct pyprof_intern *table)
{
	table->count = 0;
	if (table->slots)
		memset(table->slots, 0,
		       table->slot_count * sizeof(*table->slots));
}

/* The slot of the item with a key, or the free one where it belongs. */
static size_t find_slot(const struct pyprof_intern *table, const void *item)
{
	size_t mask = table->slot_count - 1;
	size_t slot = hash_key(item, table->key_size) & mask;
	for (uint32_t id; (id = table->slots[slot]); slot = (slot + 1) & mask)
		if (is_equal(item_at(table, id - 1), item, table->key_size))
			break;
	return slot;
}

bool pyprof_intern_find(const struct pyprof_intern *table, const void *item,
			uint32_t *ret)
{
	uint32_t id =
		table->slot_count ? table->slots[find_slot(table, item)] : 0;
	if (id)
		*ret = id - 1;
	return id != 0;
}

struct pyprof_error *pyprof_intern(struct pyprof_intern *table,
				   const void *item, uint32_t *ret)
{
	if (!reserve_slot(table))
		return pyprof_error_oom();
	size_t slot = find_slot(table, item);
	if (table->slots[slot]) {
		*ret = table->slots[slot] - 1;
		return NULL;
	}
	if (table->count >= UINT32_MAX - 1 ||
	    !pyprof_vec_grow(&table->items, &table->capacity, table->count + 1,
			     table->item_size))
		return pyprof_error_oom();
	memcpy((unsigned char *)table->items + table->count * table->item_size,
	       item, table->item_size);
	table->slots[slot] = (uint32_t)++table->count;
	*ret = (uint32_t)table->count - 1;
	return NULL;
}
