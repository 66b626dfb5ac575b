// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"
#include "core/cpython/obmalloc.h"

#include <string.h>

/* Blocks of more than 512 bytes are the C library's. */
#define SIZE_CLASSES 32
#define ALIGNMENT 16

static uint32_t half_word(const uint8_t *bytes, int32_t offset)
{
	uint32_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

enum pyprof_pool_state
pyprof_pool_read_header(const struct pyprof_memory *memory,
			const struct pyprof_layout *layout,
			const struct pyprof_allocators *allocators,
			const struct pyprof_arena *arena, uint64_t address,
			struct pyprof_pool *ret)
{
	uint32_t pool_size = allocators->pool_size;
	uint32_t header = (uint32_t)layout->at.pool.size;
	const uint8_t *bytes = pyprof_memory_at(memory, address, pool_size);
	*ret = (struct pyprof_pool){.address = address, .bytes = bytes};
	if (!bytes)
		return PYPROF_POOL_MISSING;
	uint32_t used = half_word(bytes, layout->at.pool.used);
	if (!used)
		return PYPROF_POOL_EMPTY;
	uint32_t class = half_word(bytes, layout->at.pool.size_class);
	uint32_t next = half_word(bytes, layout->at.pool.next_offset);
	if (class >= SIZE_CLASSES ||
	    half_word(bytes, layout->at.pool.arena) != arena->index)
		return PYPROF_POOL_DAMAGED;
	uint32_t size = (class + 1) * ALIGNMENT;
	/* `next` is one block beyond the pool once all were handed out. */
	if (half_word(bytes, layout->at.pool.max_offset) != pool_size - size ||
	    next < header + size || next > pool_size || (next - header) % size)
		return PYPROF_POOL_DAMAGED;
	uint32_t count = (next - header) / size;
	if (used > count)
		return PYPROF_POOL_DAMAGED;
	ret->block_size = size;
	ret->block_count = count;
	ret->used_count = used;
	ret->size_class = class;
	return PYPROF_POOL_USED;
}

enum pyprof_pool_state
pyprof_pool_read(const struct pyprof_memory *memory,
		 const struct pyprof_layout *layout,
		 const struct pyprof_allocators *allocators,
		 const struct pyprof_arena *arena, uint64_t address,
		 struct pyprof_pool *ret)
{
	enum pyprof_pool_state state = pyprof_pool_read_header(
		memory, layout, allocators, arena, address, ret);
	if (state != PYPROF_POOL_USED)
		return state;
	uint32_t header = (uint32_t)layout->at.pool.size;
	uint32_t free_count = 0;
	uint64_t next = pyprof_word(ret->bytes, layout->at.pool.freeblock);
	while (next) {
		uint64_t offset = next - address;
		uint32_t block =
			(uint32_t)((offset - header) / ret->block_size);
		bool is_block = offset >= header &&
				offset < allocators->pool_size &&
				(offset - header) % ret->block_size == 0 &&
				block < ret->block_count;
		uint64_t bit = UINT64_C(1) << (block & 63);
		if (!is_block || ret->is_free[block >> 6] & bit) {
			ret->used_count = 0;
			return PYPROF_POOL_DAMAGED;
		}
		ret->is_free[block >> 6] |= bit;
		free_count++;
		next = pyprof_word(ret->bytes + offset, 0);
	}
	/* Inside an allocation the two are off by one; the list is right. */
	uint32_t used = ret->block_count - free_count;
	if (used > ret->used_count + 1 || used + 1 < ret->used_count) {
		ret->used_count = 0;
		return PYPROF_POOL_DAMAGED;
	}
	ret->used_count = used;
	return PYPROF_POOL_USED;
}

/* Of the trailer, and of the header behind the letter. */
#define FORBIDDEN_BYTE 0xfd

bool pyprof_debug_header(const uint8_t *block, uint64_t *ret)
{
	uint8_t letter = block[8];
	if (letter != 'o' && letter != 'm' && letter != 'r')
		return false;
	for (int i = 9; i < PYPROF_DEBUG_HEADER; i++)
		if (block[i] != FORBIDDEN_BYTE)
			return false;
	*ret = __builtin_bswap64(pyprof_word(block, 0));
	return true;
}

bool pyprof_debug_block(const uint8_t *block, uint64_t size, uint64_t *ret)
{
	uint64_t asked;
	if (size < PYPROF_DEBUG_HEADER + 8 ||
	    !pyprof_debug_header(block, &asked) ||
	    asked > size - PYPROF_DEBUG_HEADER - 8)
		return false;
	const uint8_t *trailer = block + PYPROF_DEBUG_HEADER + asked;
	for (int i = 0; i < 8; i++)
		if (trailer[i] != FORBIDDEN_BYTE)
			return false;
	*ret = asked;
	return true;
}
