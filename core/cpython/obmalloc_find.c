// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/cpython/object.h"
#include "core/cpython/obmalloc_read.h"

/* A page that looks like a pool, and the arena that it says it is of. */
struct candidate {
	uint64_t address;
	uint32_t arena;
};

/* All candidates of one arena. */
struct group {
	uint64_t first, last;
	size_t count;
	uint32_t arena;
};

struct search {
	const struct pyprof_memory *memory;
	const struct pyprof_layout *layout;
	uint32_t pool_size;
	PYPROF_VEC(struct candidate) candidates;
	/** Those whose candidates can be in one arena; in order of it. */
	PYPROF_VEC(struct group) groups;
};

static bool is_heap(const struct pyprof_memory_segment *segment)
{
	return segment->writable && !segment->path[0];
}

/* Collect what looks like a pool in one piece of memory. */
static bool collect_in(struct search *search,
		       const struct pyprof_memory_segment *segment)
{
	const struct pyprof_allocators allocators = {
		.pool_size = search->pool_size,
	};
	uint64_t mask = search->pool_size - 1;
	for (uint64_t at = (segment->start + mask) & ~mask;
	     at < segment->end && search->pool_size <= segment->end - at;
	     at += search->pool_size) {
		uint32_t index;
		const uint8_t *bytes = segment->bytes + (at - segment->start);
		memcpy(&index, bytes + search->layout->at.pool.arena,
		       sizeof(index));
		const struct pyprof_arena arena = {.index = index};
		struct pyprof_pool pool;
		if (index < PYPROF_MAX_ARENAS &&
		    pyprof_pool_read_header(search->memory, search->layout,
					    &allocators, &arena, at,
					    &pool) == PYPROF_POOL_USED &&
		    !pyprof_vec_push(&search->candidates,
				     (struct candidate){at, index}))
			return false;
	}
	return true;
}

static bool collect(struct search *search)
{
	const struct pyprof_memory *memory = search->memory;
	bool ok = true;
	for (size_t i = 0; ok && i < memory->segments.count; i++)
		if (is_heap(&memory->segments.items[i]))
			ok = collect_in(search, &memory->segments.items[i]);
	return ok;
}

static int by_arena(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->arena != y->arena)
		return x->arena < y->arena ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

/* Make groups of the candidates; those too far apart are left out. */
static bool make_groups(struct search *search)
{
	uint64_t span = (uint64_t)PYPROF_ARENA_POOLS * search->pool_size;
	if (!search->candidates.count)
		return true;
	qsort(search->candidates.items, search->candidates.count,
	      sizeof(*search->candidates.items), by_arena);
	for (size_t i = 0; i < search->candidates.count;) {
		const struct candidate *first = &search->candidates.items[i];
		size_t end = i + 1;
		while (end < search->candidates.count &&
		       search->candidates.items[end].arena == first->arena)
			end++;
		struct group group = {
			.first = first->address,
			.last = search->candidates.items[end - 1].address,
			.count = end - i,
			.arena = first->arena,
		};
		if (group.last - group.first < span &&
		    !pyprof_vec_push(&search->groups, group))
			return false;
		i = end;
	}
	return true;
}

/*
 * How many groups lie in the arena that the array at an address has at their
 * place; one behind the last of them to `slots_ret`.
 */
static size_t count_matches(const struct search *search, uint64_t array,
			    uint32_t *slots_ret)
{
	size_t matches = 0;
	uint64_t size = (uint64_t)search->layout->at.arena.size;
	for (size_t i = 0; i < search->groups.count; i++) {
		const struct group *group = &search->groups.items[i];
		const uint8_t *record = pyprof_memory_at(
			search->memory, array + group->arena * size, size);
		struct pyprof_arena arena;
		if (!record ||
		    !pyprof_arena_decode(search->layout, search->pool_size,
					 record, group->arena, &arena) ||
		    group->first < arena.start || group->last >= arena.used_end)
			continue;
		matches++;
		*slots_ret = group->arena + 1;
	}
	return matches;
}

/* Most groups, as single ones can be what is left of an arena long gone. */
static bool is_enough(const struct search *search, size_t matches)
{
	return matches && matches * 10 >= search->groups.count * 9;
}

/* Look in one piece of memory for the array that has `group`'s arena. */
static bool find_in(const struct search *search, const struct group *group,
		    const struct pyprof_memory_segment *segment,
		    uint64_t *array_ret, uint32_t *slots_ret)
{
	uint64_t span = (uint64_t)PYPROF_ARENA_POOLS * search->pool_size;
	/* Addresses of an arena that has the group's pools in it. */
	uint64_t low = group->last + search->pool_size - span;
	uint64_t range = group->first - low;
	uint64_t place = (uint64_t)search->layout->at.arena.address +
			 (uint64_t)group->arena *
				 (uint64_t)search->layout->at.arena.size;
	for (uint64_t i = 0; i + 8 <= segment->end - segment->start; i += 8) {
		if (pyprof_word(segment->bytes + i, 0) - low > range)
			continue;
		uint64_t array = segment->start + i - place;
		if (array > segment->start + i)
			continue;
		uint32_t slots = 0;
		if (is_enough(search, count_matches(search, array, &slots))) {
			*array_ret = array;
			*slots_ret = slots;
			return true;
		}
	}
	return false;
}

/* Groups to try, the largest first, before giving up. */
#define TRIES 4

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	return x->count > y->count ? -1 : x->count < y->count;
}

static void find_array(struct search *search, uint64_t *array_ret,
		       uint32_t *slots_ret)
{
	/* count_matches() does not mind the order but for the last place. */
	struct group largest[TRIES] = {};
	size_t tries = 0;
	for (size_t i = 0; i < search->groups.count; i++) {
		const struct group *group = &search->groups.items[i];
		if (tries < TRIES)
			largest[tries++] = *group;
		else if (group->count > largest[TRIES - 1].count)
			largest[TRIES - 1] = *group;
		qsort(largest, tries, sizeof(*largest), by_count);
	}
	for (size_t i = 0; i < tries; i++)
		for (size_t j = 0; j < search->memory->segments.count; j++) {
			const struct pyprof_memory_segment *segment =
				&search->memory->segments.items[j];
			if (is_heap(segment) &&
			    find_in(search, &largest[i], segment, array_ret,
				    slots_ret))
				return;
		}
}

struct pyprof_error *pyprof_arenas_find(const struct pyprof_memory *memory,
					const struct pyprof_layout *layout,
					uint32_t pool_size, uint64_t *array_ret,
					uint32_t *slots_ret)
{
	struct search search = {
		.memory = memory,
		.layout = layout,
		.pool_size = pool_size,
	};
	bool ok = collect(&search);
	ok = ok && make_groups(&search);
	uint64_t array = 0;
	uint32_t slots = 0;
	bool has_pools = search.candidates.count > 0;
	if (ok && has_pools)
		find_array(&search, &array, &slots);
	pyprof_vec_deinit(&search.candidates);
	pyprof_vec_deinit(&search.groups);
	if (!ok)
		return pyprof_error_oom();
	if (!has_pools)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "no pools of small objects");
	*array_ret = array;
	*slots_ret = slots;
	return NULL;
}

/* One arena's pools, as far as they are within the length of one. */
static size_t end_of_group(const struct search *search, size_t at)
{
	uint64_t span = (uint64_t)PYPROF_ARENA_POOLS * search->pool_size;
	const struct candidate *first = &search->candidates.items[at];
	while (++at < search->candidates.count) {
		const struct candidate *next = &search->candidates.items[at];
		if (next->arena != first->arena ||
		    next->address - first->address >= span)
			break;
	}
	return at;
}

static bool add_arenas(const struct search *search, struct pyprof_obmalloc *ret)
{
	for (size_t i = 0, end; i < search->candidates.count; i = end) {
		const struct candidate *first = &search->candidates.items[i];
		end = end_of_group(search, i);
		uint64_t last = search->candidates.items[end - 1].address;
		struct pyprof_arena arena = {
			.start = first->address,
			.used_end = last + search->pool_size,
			.end = last + search->pool_size,
			.total_pools = (uint32_t)((last - first->address) /
						  search->pool_size) +
				       1,
			.index = first->arena,
		};
		if (!pyprof_vec_push(&ret->arenas, arena))
			return false;
	}
	return true;
}

struct pyprof_error *pyprof_arenas_of_pools(const struct pyprof_memory *memory,
					    const struct pyprof_layout *layout,
					    uint32_t pool_size,
					    struct pyprof_obmalloc *ret)
{
	struct pyprof_obmalloc state = {.raw_blocks = -1};
	struct search search = {
		.memory = memory,
		.layout = layout,
		.pool_size = pool_size,
	};
	bool ok = collect(&search);
	if (ok && search.candidates.count) {
		qsort(search.candidates.items, search.candidates.count,
		      sizeof(*search.candidates.items), by_arena);
		ok = add_arenas(&search, &state);
	}
	pyprof_vec_deinit(&search.candidates);
	if (!ok) {
		pyprof_vec_deinit(&state.arenas);
		return pyprof_error_oom();
	}
	*ret = state;
	return NULL;
}
