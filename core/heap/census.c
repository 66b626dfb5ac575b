// SPDX-License-Identifier: Apache-2.0
#include "core/heap/census.h"

const uint32_t pyprof_presizes[PYPROF_PRESIZE_COUNT] = {16, 0, 32};

/* Objects, or references out of the pools, between two looks at the user. */
#define WATCH_EVERY 65536

/* What is asked of every object of a type, found out once. */
struct known_type {
	struct pyprof_heap_type sums;
	bool is_known, has_edges, has_buffers;
};

struct census {
	struct pyprof_heap *heap;
	const struct pyprof_progress *progress;
	struct pyprof_edge_sink edges;
	struct pyprof_buffer_sink buffers;
	uint32_t block_header;
	/** By index of type. */
	PYPROF_VEC(struct known_type) types;
	/** Objects outside of pools, found and not looked at yet. */
	PYPROF_VEC(uint64_t) outside;
	/** Sum of the buffers of the object being looked at. */
	uint64_t buffer_bytes;
	uint64_t done;
	bool out_of_memory;
};

static struct pyprof_error *watch(struct census *census, const char *what,
				  uint64_t all)
{
	if (census->out_of_memory)
		return pyprof_error_oom();
	if (++census->done % WATCH_EVERY)
		return NULL;
	return pyprof_progress(census->progress, what, census->done, all);
}

/* --- Types --- */

static bool has_edges(const struct pyprof_type *type)
{
	if (!type->kind || type->kind->edges || type->kind->words)
		return true;
	return type->has_managed_dict || type->dictoffset || type->slot_count ||
	       type->scan_to;
}

static bool has_buffers(const struct pyprof_type *type)
{
	return (type->kind && type->kind->buffers) ||
	       (type->has_managed_dict && !type->has_inline_values);
}

/* NULL when out of memory. */
static struct known_type *learn_type(struct census *census,
				     const struct pyprof_type *type)
{
	while (census->types.count <= type->index)
		if (!pyprof_vec_push(&census->types, (struct known_type){})) {
			census->out_of_memory = true;
			return NULL;
		}
	struct known_type *known = &census->types.items[type->index];
	*known = (struct known_type){
		.sums.type = type,
		.is_known = true,
		.has_edges = has_edges(type),
		.has_buffers = has_buffers(type),
	};
	return known;
}

static inline struct known_type *type_of(struct census *census,
					 const struct pyprof_type *type)
{
	if (type->index < census->types.count &&
	    census->types.items[type->index].is_known)
		return &census->types.items[type->index];
	return learn_type(census, type);
}

/* --- Objects --- */

/* Count one object, which is in the index, and follow what it holds. */
static void count_object(struct census *census,
			 const struct pyprof_object *object, uint64_t block)
{
	struct pyprof_heap *heap = census->heap;
	struct known_type *known = type_of(census, object->type);
	if (!known)
		return;
	uint64_t shallow = 0;
	bool is_good = pyprof_object_size(heap->types, object, &shallow);
	uint64_t exclusive = block;
	if (known->has_buffers) {
		census->buffer_bytes = 0;
		is_good &= pyprof_object_buffers(heap->types, object,
						 &census->buffers);
		exclusive += census->buffer_bytes;
	}
	bool follows = known->has_edges;
	known->sums.count++;
	known->sums.shallow += shallow;
	known->sums.block += block;
	known->sums.exclusive += exclusive;
	if (follows)
		is_good &= pyprof_object_edges(heap->types, object,
					       &census->edges);
	if (!is_good)
		heap->census.damaged_objects++;
}

/* --- Blocks --- */

/* Take a block for an object's back: its owner says it is a buffer. */
static void disown(struct census *census, const struct pyprof_block *block)
{
	struct pyprof_heap *heap = census->heap;
	uint64_t start = block->start + census->block_header;
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		struct pyprof_object object;
		uint64_t address = start + pyprof_presizes[i];
		if (!pyprof_index_remove(&heap->index, address))
			continue;
		heap->census.disowned_objects++;
		heap->census.object_blocks--;
		heap->census.object_bytes -= block->size;
		if (!pyprof_object_known(heap->types, address, &object))
			continue;
		uint64_t shallow = 0;
		(void)pyprof_object_size(heap->types, &object, &shallow);
		struct known_type *known = type_of(census, object.type);
		if (!known)
			continue;
		known->sums.count--;
		known->sums.shallow -= shallow;
		known->sums.block -= block->size;
		known->sums.exclusive -= block->size;
	}
}

static void take_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
			uint64_t size)
{
	struct census *census =
		(struct census *)((char *)sink -
				  offsetof(struct census, buffers));
	struct pyprof_heap *heap = census->heap;
	struct pyprof_block block;
	if (!pyprof_blocks_find(&heap->blocks, address, &block)) {
		uint64_t chunk = pyprof_heap_block(heap, address);
		census->buffer_bytes += chunk ? chunk : size;
		return;
	}
	if (address != block.start + census->block_header)
		return;
	switch (pyprof_block_use(&heap->blocks, block.number)) {
	case PYPROF_BLOCK_FREE:
	case PYPROF_BLOCK_BUFFER:
		/* Damaged; owned by another one, which is counted with it. */
		return;
	case PYPROF_BLOCK_OBJECT:
		disown(census, &block);
		break;
	case PYPROF_BLOCK_OTHER:
		break;
	}
	pyprof_block_set(&heap->blocks, block.number, PYPROF_BLOCK_BUFFER);
	heap->census.buffer_blocks++;
	heap->census.buffer_bytes += block.size;
	census->buffer_bytes += block.size;
}

/* The object of a block, at one of the places where it can begin. */
static bool find_object(struct census *census, const uint8_t *bytes,
			uint64_t address, uint64_t size,
			struct pyprof_object *ret)
{
	struct pyprof_heap *heap = census->heap;
	if (census->block_header) {
		uint64_t asked;
		if (!pyprof_debug_block(bytes, size, &asked))
			return false;
		address += census->block_header;
		size = asked;
	}
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		uint32_t presize = pyprof_presizes[i];
		if (presize < size &&
		    pyprof_object_at(heap->types, address + presize,
				     size - presize, ret) &&
		    pyprof_object_presize(heap->types, ret) == presize)
			return true;
	}
	return false;
}

static void look_at_block(struct census *census,
			  const struct pyprof_block *block,
			  const uint8_t *bytes)
{
	struct pyprof_heap *heap = census->heap;
	struct pyprof_object object;
	if (!find_object(census, bytes, block->start, block->size, &object) ||
	    !pyprof_index_add(&heap->index, object.address))
		return;
	pyprof_block_set(&heap->blocks, block->number, PYPROF_BLOCK_OBJECT);
	heap->census.object_blocks++;
	heap->census.object_bytes += block->size;
	count_object(census, &object, block->size);
}

/* --- What is left over --- */

/*
 * Whether a block is one that a type keeps for its next object: a type that
 * goes with it, and no count, or a link to the next such block instead.
 */
static bool is_spare(struct census *census, const uint8_t *bytes, uint64_t size)
{
	struct pyprof_heap *heap = census->heap;
	const struct pyprof_offsets *at = &heap->python->layout.at;
	bytes += census->block_header;
	size -= census->block_header;
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		uint32_t presize = pyprof_presizes[i];
		if (presize + (uint64_t)at->object.size > size)
			continue;
		const uint8_t *object = bytes + presize;
		uint64_t first = pyprof_word(object, at->object.refcount);
		if (first && !pyprof_blocks_has(&heap->blocks, first))
			continue;
		const struct pyprof_type *type = pyprof_type_find(
			heap->types, pyprof_word(object, at->object.type));
		if (type && !type->is_type && type->presize == presize &&
		    presize + (uint64_t)type->basicsize <= size)
			return true;
	}
	return false;
}

static void look_at_rest(struct census *census,
			 const struct pyprof_block *block, const uint8_t *bytes)
{
	struct pyprof_census *counts = &census->heap->census;
	if (is_spare(census, bytes, block->size)) {
		counts->freelist_blocks++;
		counts->freelist_bytes += block->size;
	} else {
		counts->other_blocks++;
		counts->other_bytes += block->size;
	}
}

/* --- The walk over all blocks --- */

typedef void look_function(struct census *census,
			   const struct pyprof_block *block,
			   const uint8_t *bytes);

/* Look at all blocks of a pool that are not known to be something. */
static struct pyprof_error *walk_pool(struct census *census, uint64_t address,
				      const struct pyprof_block_pool *pool,
				      look_function *look, const char *what)
{
	struct pyprof_heap *heap = census->heap;
	const uint8_t *bytes = pyprof_memory_at(heap->memory, address,
						heap->allocators.pool_size);
	if (!bytes)
		return NULL;
	struct pyprof_block block = {.size = pool->size * 16u};
	for (uint32_t word = 0; word * 64 < pool->count; word++) {
		size_t at = pool->first + word;
		uint64_t left = heap->blocks.planes[0][at] &
				~heap->blocks.planes[1][at];
		for (; left; left &= left - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(left);
			uint32_t offset = heap->blocks.header_size +
					  (word * 64 + bit) * block.size;
			/* An object before it may have claimed it. */
			if (heap->blocks.planes[1][at] >> bit & 1)
				continue;
			block.start = address + offset;
			block.number = at * 64ul + bit;
			look(census, &block, bytes + offset);
			struct pyprof_error *err =
				watch(census, what, heap->census.blocks);
			if (err)
				return err;
		}
	}
	return NULL;
}

static struct pyprof_error *walk_arena(struct census *census,
				       const struct pyprof_arena *arena,
				       look_function *look, const char *what)
{
	struct pyprof_heap *heap = census->heap;
	for (uint64_t at = arena->start; at < arena->used_end;
	     at += heap->allocators.pool_size) {
		const struct pyprof_block_pool *pool =
			pyprof_blocks_pool(&heap->blocks, at);
		if (!pool || !pool->size)
			continue;
		struct pyprof_error *err =
			walk_pool(census, at, pool, look, what);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *walk_blocks(struct census *census,
					look_function *look, const char *what)
{
	const struct pyprof_allocators *allocators = &census->heap->allocators;
	census->done = 0;
	for (size_t i = 0; i < allocators->states.count; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++) {
			struct pyprof_error *err = walk_arena(
				census, &state->arenas.items[j], look, what);
			if (err)
				return err;
		}
	}
	return NULL;
}

/* --- Outside of pools --- */

/*
 * Take in an object that something refers to and that is in no pool. `is_sure`
 * unless the reference is a word that was found by scanning: that one has to
 * lead to memory that was allocated, or is static.
 */
static void discover(struct census *census, uint64_t address, bool is_sure)
{
	struct pyprof_heap *heap = census->heap;
	struct pyprof_object object;
	if (pyprof_index_has(&heap->index, address))
		return;
	if (!pyprof_object_at(heap->types, address, 0, &object)) {
		heap->census.damaged_edges += is_sure;
		return;
	}
	if (!is_sure && !pyprof_is_static(&heap->statics, address) &&
	    !pyprof_heap_block(heap, address - pyprof_object_presize(
						       heap->types, &object)))
		return;
	if (pyprof_index_add(&heap->index, address) &&
	    !pyprof_vec_push(&census->outside, address))
		census->out_of_memory = true;
}

static void take_edge(struct pyprof_edge_sink *sink, uint64_t target,
		      unsigned kind, uint64_t label)
{
	struct census *census =
		(struct census *)((char *)sink -
				  offsetof(struct census, edges));
	(void)label;
	if (pyprof_blocks_has(&census->heap->blocks, target))
		return;
	unsigned plain = kind & PYPROF_EDGE_KIND_MASK;
	if (plain != PYPROF_EDGE_TYPE)
		discover(census, target, plain != PYPROF_EDGE_SCANNED);
}

/* Count what was discovered, and what that leads to. */
static struct pyprof_error *drain(struct census *census)
{
	struct pyprof_heap *heap = census->heap;
	while (census->outside.count) {
		uint64_t address =
			census->outside.items[--census->outside.count];
		struct pyprof_object object;
		struct pyprof_error *err = watch(census, "large objects", 0);
		if (err)
			return err;
		if (!pyprof_object_known(heap->types, address, &object))
			continue;
		if (pyprof_is_static(&heap->statics, address))
			heap->census.static_objects++;
		else
			heap->census.large_objects++;
		count_object(
			census, &object,
			pyprof_heap_block(
				heap, address - pyprof_object_presize(
							heap->types, &object)));
	}
	return census->out_of_memory ? pyprof_error_oom() : NULL;
}

static struct pyprof_error *take_listed(void *context, uint64_t address)
{
	struct census *census = context;
	if (!pyprof_blocks_has(&census->heap->blocks, address))
		discover(census, address, true);
	return watch(census, "collector's lists", 0);
}

static struct pyprof_error *walk_lists(struct census *census)
{
	struct pyprof_heap *heap = census->heap;
	size_t cut = 0;
	census->done = 0;
	struct pyprof_error *err =
		pyprof_gc_lists_read(heap->memory, heap->python, take_listed,
				     census, &cut, &heap->census.is_collecting);
	if (err && err->code != PYPROF_ERROR_NOT_FOUND)
		return err;
	pyprof_error_destroy(err);
	heap->census.cut_gc_lists = cut;
	return drain(census);
}

/* Types are objects, too; looking at them can find others. */
static struct pyprof_error *take_types(struct census *census)
{
	const struct pyprof_types *types = census->heap->types;
	for (size_t i = 0; i < types->list.count; i++) {
		uint64_t address = types->list.items[i]->address;
		if (!pyprof_blocks_has(&census->heap->blocks, address))
			discover(census, address, true);
		struct pyprof_error *err = drain(census);
		if (err)
			return err;
	}
	return NULL;
}

/* --- The whole --- */

static struct pyprof_error *read_blocks(struct census *census)
{
	struct pyprof_heap *heap = census->heap;
	struct pyprof_blocks_counts counts = {};
	if (heap->allocators.kind != PYPROF_ALLOCATOR_PYMALLOC)
		return NULL;
	struct pyprof_error *err = pyprof_blocks_read(
		heap->memory, &heap->python->layout, &heap->allocators,
		census->progress, &heap->blocks, &counts);
	if (err)
		return err;
	struct pyprof_census *ret = &heap->census;
	ret->arenas = counts.arenas;
	ret->damaged_arenas = counts.damaged_arenas;
	ret->arena_bytes = counts.arena_bytes;
	ret->pools_used = counts.pools_used;
	ret->pools_free = counts.pools_free;
	ret->pools_damaged = counts.pools_damaged;
	ret->pools_missing = counts.pools_missing;
	ret->blocks = counts.blocks;
	ret->blocks_free = counts.blocks_free;
	ret->free_bytes = counts.free_bytes;
	ret->header_bytes = counts.header_bytes;
	return NULL;
}

static void count_raw(struct pyprof_heap *heap)
{
	const struct pyprof_allocators *allocators = &heap->allocators;
	int64_t raw = allocators->states.count ? 0 : -1;
	for (size_t i = 0; i < allocators->states.count && raw >= 0; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		raw = state->raw_blocks < 0 ? -1 : raw + state->raw_blocks;
		if (raw >= 0 && state->raw_is_total)
			raw -= (int64_t)heap->census.blocks;
	}
	heap->census.raw_blocks = raw;
}

static struct pyprof_error *finish(struct census *census)
{
	struct pyprof_heap *heap = census->heap;
	for (size_t i = 0; i < census->types.count; i++) {
		struct pyprof_heap_type *sums = &census->types.items[i].sums;
		if (!sums->count)
			sums->type = NULL;
		heap->shallow += sums->shallow;
		heap->block += sums->block;
		heap->exclusive += sums->exclusive;
		if (!pyprof_vec_push(&heap->by_type, *sums))
			return pyprof_error_oom();
	}
	heap->census.missing_bytes = heap->memory->missing_bytes;
	count_raw(heap);
	return pyprof_index_seal(&heap->index);
}

struct pyprof_error *pyprof_census_take(struct pyprof_heap *heap,
					const struct pyprof_progress *progress)
{
	struct census census = {
		.heap = heap,
		.progress = progress,
		.edges.edge = take_edge,
		.buffers.buffer = take_buffer,
		.block_header = pyprof_block_header(heap),
	};
	struct pyprof_error *err = read_blocks(&census);
	if (!err)
		err = walk_blocks(&census, look_at_block, "objects");
	if (!err)
		err = drain(&census);
	if (!err)
		err = walk_lists(&census);
	if (!err)
		err = take_types(&census);
	if (!err)
		err = walk_blocks(&census, look_at_rest, "other blocks");
	if (!err)
		err = finish(&census);
	pyprof_vec_deinit(&census.types);
	pyprof_vec_deinit(&census.outside);
	return err;
}
