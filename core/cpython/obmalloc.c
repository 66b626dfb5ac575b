// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/obmalloc.h"

#include "core/cpython/object.h"
#include "core/cpython/obmalloc_read.h"
#include "core/cpython/thread.h"
#include "core/image/elf.h"

void pyprof_allocators_deinit(struct pyprof_allocators *allocators)
{
	for (size_t i = 0; i < allocators->states.count; i++)
		pyprof_vec_deinit(&allocators->states.items[i].arenas);
	pyprof_vec_deinit(&allocators->states);
}

/* Everything that the functions below hand on. */
struct finder {
	const struct pyprof_memory *memory;
	struct pyprof_python *python;
	const struct pyprof_layout *layout;
	struct pyprof_allocators *allocators;
	/* Why the first array that was lost cannot be read. */
	struct pyprof_error *reason;
};

/* Go on without an array, unless it is not the array's fault. */
static struct pyprof_error *lose(struct finder *finder,
				 struct pyprof_error *err)
{
	if (!err || err->code == PYPROF_ERROR_OOM ||
	    err->code == PYPROF_ERROR_GONE)
		return err;
	finder->allocators->lost_arrays++;
	if (finder->reason)
		pyprof_error_destroy(err);
	else
		finder->reason = err;
	return NULL;
}

/* Take in one array of arenas, unless it is of no use yet. */
static struct pyprof_error *add_state(struct finder *finder, uint64_t array,
				      uint32_t slots, int64_t raw_blocks,
				      bool raw_is_total)
{
	struct pyprof_obmalloc state;
	struct pyprof_error *err = pyprof_arenas_read(
		finder->memory, finder->layout, finder->allocators->pool_size,
		array, slots, &state);
	if (err)
		return err;
	state.raw_blocks = raw_blocks;
	state.raw_is_total = raw_is_total;
	if (pyprof_vec_push(&finder->allocators->states, state))
		return NULL;
	pyprof_vec_deinit(&state.arenas);
	return pyprof_error_oom();
}

/* The state at an address, 3.12 and newer. */
static struct pyprof_error *read_state(struct finder *finder, uint64_t address)
{
	const struct pyprof_layout *layout = finder->layout;
	struct pyprof_target *target = finder->python->target;
	uint64_t array, raw;
	uint32_t slots;
	struct pyprof_error *err = pyprof_target_read_u64(
		target, address + layout->at.obmalloc.arenas, &array);
	if (!err)
		err = pyprof_target_read_u32(
			target, address + layout->at.obmalloc.maxarenas,
			&slots);
	if (!err)
		err = pyprof_target_read_u64(
			target, address + layout->at.obmalloc.raw_blocks, &raw);
	if (err)
		return err;
	if (!array) {
		/* Blocks of the C library are counted all the same. */
		struct pyprof_obmalloc state = {.raw_blocks = (int64_t)raw};
		if (!pyprof_vec_push(&finder->allocators->states, state))
			return pyprof_error_oom();
		return NULL;
	}
	return add_state(finder, array, slots, (int64_t)raw, false);
}

/* Whether a state was read for an interpreter that shares it. */
static bool is_known(const uint64_t *seen, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (seen[i] == address)
			return true;
	return false;
}

static struct pyprof_error *state_address(struct finder *finder,
					  uint64_t interp, uint64_t *ret)
{
	const struct pyprof_layout *layout = finder->layout;
	if (pyprof_has(layout, interp.obmalloc_state)) {
		*ret = interp + layout->at.interp.obmalloc_state;
		return NULL;
	}
	return pyprof_target_read_u64(finder->python->target,
				      interp + layout->at.interp.obmalloc, ret);
}

static struct pyprof_error *read_interps(struct finder *finder,
					 const struct pyprof_interps *interps)
{
	PYPROF_VEC(uint64_t) seen = {};
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < interps->list.count; i++) {
		uint64_t address;
		err = state_address(finder, interps->list.items[i].address,
				    &address);
		if (err || !address ||
		    is_known(seen.items, seen.count, address))
			continue;
		err = pyprof_vec_push(&seen, address)
			      ? lose(finder, read_state(finder, address))
			      : pyprof_error_oom();
	}
	pyprof_vec_deinit(&seen);
	return err;
}

static struct pyprof_error *read_by_layout(struct finder *finder)
{
	struct pyprof_interps interps = {};
	struct pyprof_error *err =
		pyprof_interps_read(finder->python, &interps);
	if (err)
		return err;
	finder->allocators->found_by = "layout";
	err = read_interps(finder, &interps);
	pyprof_interps_deinit(&interps);
	return err;
}

/*
 * A static variable of the interpreter; optimisers put numbers behind their
 * names. 0 when there is no such symbol.
 */
static uint64_t find_static(struct pyprof_elf *elf, const char *name)
{
	static const char *const suffixes[] = {"", ".lto_priv.0",
					       ".lto_priv.1"};
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char full[64];
		snprintf(full, sizeof(full), "%s%s", name, suffixes[i]);
		uint64_t address, size;
		struct pyprof_error *err =
			pyprof_elf_symbol(elf, full, &address, &size);
		if (!err)
			return address;
		pyprof_error_destroy(err);
	}
	return 0;
}

/* What the interpreter counts of blocks that are not in pools. */
static void read_raw_count(struct finder *finder, struct pyprof_elf *elf,
			   int64_t *ret, bool *is_total_ret)
{
	static const struct {
		const char *name;
		bool is_total;
	} counters[] = {
		{"raw_allocated_blocks", false},
		{"_Py_AllocatedBlocks", true},
	};
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t value, at = find_static(elf, counters[i].name);
		if (!at)
			continue;
		_cleanup_error_ struct pyprof_error *err =
			pyprof_target_read_u64(finder->python->target, at,
					       &value);
		if (err)
			continue;
		*ret = (int64_t)value;
		*is_total_ret = counters[i].is_total;
		return;
	}
}

/* The array of arenas by symbols; `array_ret` is 0 when they lack. */
static void find_by_symbol(struct finder *finder, uint64_t *array_ret,
			   uint32_t *slots_ret, int64_t *raw_ret,
			   bool *is_total_ret, bool *known_ret)
{
	_cleanup_(pyprof_elf_cleanup) struct pyprof_elf *elf = NULL;
	_cleanup_error_ struct pyprof_error *err = pyprof_elf_open(
		finder->python->target, finder->python->path, &elf);
	if (err)
		return;
	uint64_t arenas = find_static(elf, "arenas");
	uint64_t maxarenas = find_static(elf, "maxarenas");
	if (!arenas || !maxarenas)
		return;
	struct pyprof_target *target = finder->python->target;
	err = pyprof_target_read_u64(target, arenas, array_ret);
	if (!err)
		err = pyprof_target_read_u32(target, maxarenas, slots_ret);
	if (err)
		return;
	*known_ret = true;
	read_raw_count(finder, elf, raw_ret, is_total_ret);
}

static struct pyprof_error *no_pools(void)
{
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"no pools of the small-object allocator in the part of the "
		"memory that is there");
}

/* 3.8 to 3.11 keep all in static variables of theirs. */
static struct pyprof_error *read_by_search(struct finder *finder)
{
	uint64_t array = 0;
	uint32_t slots = 0;
	int64_t raw = -1;
	bool is_total = false, known = false;
	find_by_symbol(finder, &array, &slots, &raw, &is_total, &known);
	if (known) {
		finder->allocators->found_by = "symbol";
		if (!array)
			return NULL;
		_cleanup_error_ struct pyprof_error *err =
			add_state(finder, array, slots, raw, is_total);
		if (!err || err->code == PYPROF_ERROR_OOM)
			return no_cleanup_ptr(err);
		/* Another variable of this name. */
	}
	finder->allocators->found_by = "pool headers";
	struct pyprof_error *err = pyprof_arenas_find(
		finder->memory, finder->layout, finder->allocators->pool_size,
		&array, &slots);
	if (pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND)) {
		if (!finder->memory->missing_bytes)
			return NULL;
		return no_pools();
	}
	if (err)
		return err;
	if (!array)
		err = pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"the small-object allocator's array of arenas was not "
			"found");
	else
		err = add_state(finder, array, slots, -1, false);
	return lose(finder, err);
}

/* In place of arrays that were lost: pools as they tell of themselves. */
static struct pyprof_error *add_lost_pools(struct finder *finder)
{
	struct pyprof_obmalloc state;
	struct pyprof_error *err =
		pyprof_arenas_of_pools(finder->memory, finder->layout,
				       finder->allocators->pool_size, &state);
	if (err)
		return err;
	pyprof_arenas_sort(&state, finder->allocators);
	/* Those that overlap were read. */
	state.damaged_arenas = 0;
	if (!state.arenas.count) {
		pyprof_vec_deinit(&state.arenas);
		return finder->memory->missing_bytes
			       ? no_pools()
			       : no_cleanup_ptr(finder->reason);
	}
	finder->allocators->found_by = "pool headers";
	if (pyprof_vec_push(&finder->allocators->states, state))
		return NULL;
	pyprof_vec_deinit(&state.arenas);
	return pyprof_error_oom();
}

/* Which allocator it is when there are no arenas: by who serves objects. */
static enum pyprof_allocator kind_without_arenas(struct finder *finder)
{
	const struct pyprof_layout *layout = finder->layout;
	if (layout->is_free_threaded)
		return PYPROF_ALLOCATOR_MIMALLOC;
	if (!pyprof_has(layout, runtime.obj_malloc))
		return PYPROF_ALLOCATOR_MALLOC;
	uint64_t mem = 0, obj = 0, runtime = finder->python->runtime;
	struct pyprof_target *target = finder->python->target;
	_cleanup_error_ struct pyprof_error *err = pyprof_target_read_u64(
		target, runtime + layout->at.runtime.obj_malloc, &obj);
	if (!err)
		err = pyprof_target_read_u64(
			target, runtime + layout->at.runtime.mem_malloc, &mem);
	/* Of mimalloc each domain has a function; else they share one. */
	return !err && mem != obj ? PYPROF_ALLOCATOR_MIMALLOC
				  : PYPROF_ALLOCATOR_MALLOC;
}

/* Blocks to look at before saying whether debug hooks made them. */
#define DEBUG_SAMPLE 1000

struct debug_votes {
	unsigned with, without;
};

static void vote_pool(const struct finder *finder,
		      const struct pyprof_arena *arena, uint64_t address,
		      struct debug_votes *votes)
{
	struct pyprof_pool pool;
	if (pyprof_pool_read(finder->memory, finder->layout, finder->allocators,
			     arena, address, &pool) != PYPROF_POOL_USED)
		return;
	const uint8_t *block = pool.bytes + finder->layout->at.pool.size;
	for (uint32_t i = 0; i < pool.block_count;
	     i++, block += pool.block_size) {
		uint64_t asked;
		if (pool.is_free[i >> 6] >> (i & 63) & 1)
			continue;
		if (pyprof_debug_block(block, pool.block_size, &asked))
			votes->with++;
		else
			votes->without++;
	}
}

/* Objects to look at of each list. */
#define LIST_SAMPLE 200

/*
 * Where there are no pools: a block's header stands before a collected object's
 * head, or before the two words in front of that.
 */
static void vote_list(const struct finder *finder, uint64_t head,
		      struct debug_votes *votes)
{
	uint64_t at = head;
	for (int i = 0; i < LIST_SAMPLE; i++) {
		const uint8_t *link = pyprof_memory_at(finder->memory, at, 8);
		if (!link)
			return;
		at = pyprof_word(link, 0) & PYPROF_GC_LINK_MASK;
		if (at == head)
			return;
		uint64_t asked;
		const uint8_t *bytes =
			pyprof_memory_at(finder->memory, at - 32, 32);
		if (bytes && (pyprof_debug_header(bytes, &asked) ||
			      pyprof_debug_header(bytes + 16, &asked)))
			votes->with++;
		else
			votes->without++;
	}
}

static bool find_debug_hooks_by_lists(const struct finder *finder)
{
	struct debug_votes votes = {};
	struct pyprof_gc_heads heads = {};
	_cleanup_error_ struct pyprof_error *err =
		pyprof_gc_heads_read(finder->python, &heads);
	for (size_t i = 0; i < heads.list.count; i++)
		vote_list(finder, heads.list.items[i], &votes);
	pyprof_gc_heads_deinit(&heads);
	return votes.with > votes.without;
}

/* Debug hooks make all blocks or none, but for one being made just now. */
static bool find_debug_hooks(const struct finder *finder)
{
	struct debug_votes votes = {};
	const struct pyprof_allocators *allocators = finder->allocators;
	for (size_t i = 0; i < allocators->states.count; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++) {
			const struct pyprof_arena *arena =
				&state->arenas.items[j];
			for (uint64_t at = arena->start; at < arena->used_end;
			     at += allocators->pool_size) {
				vote_pool(finder, arena, at, &votes);
				if (votes.with + votes.without > DEBUG_SAMPLE)
					return votes.with > votes.without;
			}
		}
	}
	return votes.with > votes.without;
}

struct pyprof_error *pyprof_allocators_read(const struct pyprof_memory *memory,
					    struct pyprof_python *python,
					    struct pyprof_allocators *ret)
{
	struct pyprof_allocators allocators = {
		.pool_size = python->layout.pool_size,
		.found_by = "",
	};
	struct finder finder = {
		.memory = memory,
		.python = python,
		.layout = &python->layout,
		.allocators = &allocators,
	};
	const struct pyprof_layout *layout = &python->layout;
	struct pyprof_error *err = NULL;
	if (layout->is_free_threaded)
		; /* Its arenas are never used. */
	else if (pyprof_has(layout, obmalloc.arenas))
		err = read_by_layout(&finder);
	else
		err = read_by_search(&finder);
	if (!err && allocators.lost_arrays)
		err = add_lost_pools(&finder);
	pyprof_error_destroy(finder.reason);
	if (err) {
		pyprof_allocators_deinit(&allocators);
		return err;
	}
	bool has_arenas = false;
	for (size_t i = 0; i < allocators.states.count; i++)
		if (allocators.states.items[i].arenas.count)
			has_arenas = true;
	allocators.kind = has_arenas ? PYPROF_ALLOCATOR_PYMALLOC
				     : kind_without_arenas(&finder);
	allocators.has_debug_hooks =
		has_arenas ? find_debug_hooks(&finder)
			   : find_debug_hooks_by_lists(&finder);
	*ret = allocators;
	return NULL;
}
