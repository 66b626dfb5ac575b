// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/cpython/object.h"
#include "core/cpython/obmalloc_read.h"

static uint32_t half_word(const uint8_t *bytes, int32_t offset)
{
	uint32_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

bool pyprof_arena_decode(const struct pyprof_layout *layout, uint32_t pool_size,
			 const uint8_t *record, uint32_t index,
			 struct pyprof_arena *ret)
{
	uint64_t address = pyprof_word(record, layout->at.arena.address);
	uint64_t used = pyprof_word(record, layout->at.arena.pool_address);
	uint32_t total = half_word(record, layout->at.arena.total_pools);
	uint32_t free = half_word(record, layout->at.arena.free_pools);
	uint64_t mask = pool_size - 1;
	uint64_t start = (address + mask) & ~mask;
	/* Where it does not begin at a pool, it loses one. */
	uint32_t whole = total + (start != address);
	if (!pyprof_plausible_pointer(address) ||
	    (address & (PYPROF_PAGE_SIZE - 1)) ||
	    (whole != PYPROF_ARENA_POOLS && whole != 2 * PYPROF_ARENA_POOLS) ||
	    free > total)
		return false;
	uint64_t end = start + (uint64_t)total * pool_size;
	if (used < start || used > end || (used & mask))
		return false;
	*ret = (struct pyprof_arena){
		.start = start,
		.used_end = used,
		.end = end,
		.total_pools = total,
		.free_pools = free,
		.index = index,
	};
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct pyprof_arena *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool overlaps(const struct pyprof_arena *arena,
		     const struct pyprof_allocators *others)
{
	for (size_t i = 0; others && i < others->states.count; i++) {
		const struct pyprof_obmalloc *state = &others->states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++) {
			const struct pyprof_arena *other =
				&state->arenas.items[j];
			if (arena->start < other->end &&
			    other->start < arena->end)
				return true;
		}
	}
	return false;
}

void pyprof_arenas_sort(struct pyprof_obmalloc *state,
			const struct pyprof_allocators *others)
{
	size_t kept = 0;
	uint64_t end = 0;
	if (state->arenas.count)
		qsort(state->arenas.items, state->arenas.count,
		      sizeof(*state->arenas.items), by_address);
	for (size_t i = 0; i < state->arenas.count; i++) {
		struct pyprof_arena *arena = &state->arenas.items[i];
		if (arena->start < end || overlaps(arena, others)) {
			state->damaged_arenas++;
			continue;
		}
		end = arena->end;
		state->arenas.items[kept++] = *arena;
	}
	state->arenas.count = kept;
}

/* Whether any pool of the arenas is what a pool is. */
static bool has_pools(const struct pyprof_memory *memory,
		      const struct pyprof_layout *layout, uint32_t pool_size,
		      const struct pyprof_obmalloc *state)
{
	struct pyprof_allocators allocators = {.pool_size = pool_size};
	struct pyprof_pool pool;
	for (size_t i = 0; i < state->arenas.count; i++) {
		const struct pyprof_arena *arena = &state->arenas.items[i];
		for (uint64_t at = arena->start; at < arena->used_end;
		     at += pool_size)
			if (pyprof_pool_read_header(memory, layout, &allocators,
						    arena, at,
						    &pool) == PYPROF_POOL_USED)
				return true;
	}
	return false;
}

static struct pyprof_error *decode_all(const struct pyprof_layout *layout,
				       uint32_t pool_size, const uint8_t *bytes,
				       uint32_t slots,
				       struct pyprof_obmalloc *state)
{
	for (uint32_t i = 0; i < slots; i++) {
		const uint8_t *record =
			bytes + (size_t)i * (uint32_t)layout->at.arena.size;
		struct pyprof_arena arena;
		if (!pyprof_word(record, layout->at.arena.address))
			continue;
		if (!pyprof_arena_decode(layout, pool_size, record, i, &arena))
			state->damaged_arenas++;
		else if (!pyprof_vec_push(&state->arenas, arena))
			return pyprof_error_oom();
	}
	pyprof_arenas_sort(state, NULL);
	return NULL;
}

struct pyprof_error *pyprof_arenas_read(const struct pyprof_memory *memory,
					const struct pyprof_layout *layout,
					uint32_t pool_size, uint64_t array,
					uint32_t slots,
					struct pyprof_obmalloc *ret)
{
	uint64_t size = (uint64_t)slots * (uint32_t)layout->at.arena.size;
	const uint8_t *bytes = pyprof_memory_at(memory, array, size);
	if (!bytes || slots > PYPROF_MAX_ARENAS)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, array,
				       "no array of %u arenas", slots);
	struct pyprof_obmalloc state = {.raw_blocks = -1};
	struct pyprof_error *err =
		decode_all(layout, pool_size, bytes, slots, &state);
	/* An array without arenas is one, of a state that nobody used yet. */
	bool is_wrong = state.arenas.count
				? !has_pools(memory, layout, pool_size, &state)
				: state.damaged_arenas > 0;
	if (!err && is_wrong)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, array,
				      "no pools in the %zu arenas told of",
				      state.arenas.count);
	if (err) {
		pyprof_vec_deinit(&state.arenas);
		return err;
	}
	*ret = state;
	return NULL;
}
