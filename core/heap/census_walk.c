// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/heap/census.h"

const uint32_t pyprof_presizes[PYPROF_PRESIZE_COUNT] = {16, 0, 32};

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
static struct pyprof_census_type *
learn_type(struct pyprof_census_worker *worker,
	   const struct pyprof_object *object)
{
	const struct pyprof_type *type = object->type;
	while (worker->known.count <= type->index)
		if (!pyprof_vec_push(&worker->known,
				     (struct pyprof_census_type){})) {
			worker->out_of_memory = true;
			return NULL;
		}
	struct pyprof_census_type *known = &worker->known.items[type->index];
	*known = (struct pyprof_census_type){
		.sums.type = type,
		.is_known = true,
		.has_edges = has_edges(type),
		.has_buffers = has_buffers(type),
	};
	uint64_t size;
	if (!(type->kind && type->kind->size) &&
	    type->extent == PYPROF_EXTENT_FIXED && !type->is_type &&
	    pyprof_object_size(worker->types, object, &size))
		known->fixed_size = size;
	return known;
}

static inline struct pyprof_census_type *
type_of(struct pyprof_census_worker *worker, const struct pyprof_object *object)
{
	uint32_t index = object->type->index;
	if (index < worker->known.count && worker->known.items[index].is_known)
		return &worker->known.items[index];
	return learn_type(worker, object);
}

/* --- Objects --- */

void pyprof_census_object(struct pyprof_census_worker *worker,
			  const struct pyprof_object *object, uint64_t block)
{
	struct pyprof_census_type *known = type_of(worker, object);
	if (!known)
		return;
	bool is_good = true;
	uint64_t shallow = known->fixed_size;
	if (!shallow)
		is_good = pyprof_object_size(worker->types, object, &shallow);
	known->sums.count++;
	known->sums.shallow += shallow;
	known->sums.block += block;
	known->sums.exclusive += block;
	bool follows = known->has_edges;
	worker->type = object->type->index;
	if (known->has_buffers) {
		worker->buffer_bytes = 0;
		is_good &= pyprof_object_buffers(worker->types, object,
						 &worker->buffers);
		known->sums.exclusive += worker->buffer_bytes;
	}
	if (follows)
		is_good &= pyprof_object_edges(worker->types, object,
					       &worker->edges);
	worker->counts.damaged_objects += !is_good;
}

/* Take back what was counted of an object that is none. */
static void uncount(struct pyprof_census_worker *worker, uint64_t address,
		    uint32_t block)
{
	struct pyprof_object object;
	uint64_t shallow = 0;
	worker->counts.disowned_objects++;
	worker->counts.object_blocks--;
	worker->counts.object_bytes -= block;
	if (!pyprof_object_known(worker->types, address, &object) ||
	    !pyprof_object_size(worker->types, &object, &shallow))
		return;
	struct pyprof_census_type *known = type_of(worker, &object);
	if (!known)
		return;
	known->sums.count--;
	known->sums.shallow -= shallow;
	known->sums.block -= block;
	known->sums.exclusive -= block;
}

/* Take the object of a block out of the index; false when it has none. */
static bool unmark(struct pyprof_census_worker *worker, uint64_t start,
		   uint32_t size, uint64_t *address_ret)
{
	struct pyprof_index *index = &worker->heap->index;
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		uint64_t address =
			start + worker->block_header + pyprof_presizes[i];
		if (address >= start + size ||
		    !pyprof_index_has(index, address))
			continue;
		uint32_t page = pyprof_memory_page(index->memory, address);
		uint32_t granule = (address & (PYPROF_PAGE_SIZE - 1)) >> 4;
		index->pages[page].starts[granule >> 6] &=
			~(UINT64_C(1) << (granule & 63));
		*address_ret = address;
		return true;
	}
	return false;
}

/* --- What objects hold --- */

/* Count a block as a buffer's. */
static void count_buffer(struct pyprof_census_worker *worker, uint32_t size)
{
	worker->counts.buffer_blocks++;
	worker->counts.buffer_bytes += size;
	worker->buffer_bytes += size;
}

/* The owner of a buffer is right about it; the object there was none. */
static void settle(struct pyprof_census_worker *worker,
		   const struct pyprof_block *block)
{
	uint64_t address;
	pyprof_block_disown(&worker->heap->blocks, block->number);
	if (unmark(worker, block->start, block->size, &address))
		uncount(worker, address, block->size);
	count_buffer(worker, block->size);
}

static void take_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
			uint64_t size)
{
	struct pyprof_census_worker *worker =
		(struct pyprof_census_worker
			 *)((char *)sink -
			    offsetof(struct pyprof_census_worker, buffers));
	struct pyprof_blocks *blocks = &worker->heap->blocks;
	struct pyprof_block block;
	if (!pyprof_blocks_find(blocks, address, &block)) {
		uint64_t chunk = pyprof_heap_block(worker->heap, address);
		worker->buffer_bytes += chunk ? chunk : size;
		return;
	}
	if (address != block.start + worker->block_header)
		return;
	enum pyprof_block_use use = pyprof_block_use(blocks, block.number);
	if (use == PYPROF_BLOCK_OTHER &&
	    pyprof_block_be_buffer(blocks, block.number)) {
		count_buffer(worker, block.size);
		return;
	}
	/* Free: damaged. A buffer: shared, and counted with another object. */
	if (use == PYPROF_BLOCK_FREE || use == PYPROF_BLOCK_BUFFER)
		return;
	if (worker->is_alone)
		settle(worker, &block);
	else if (!pyprof_vec_push(&worker->disputes,
				  (struct pyprof_census_dispute){
					  .buffer = address,
					  .type = worker->type,
				  }))
		worker->out_of_memory = true;
}

void pyprof_census_buffer(struct pyprof_census_worker *worker, uint32_t type,
			  uint64_t address, uint64_t size)
{
	worker->type = type;
	worker->buffer_bytes = 0;
	take_buffer(&worker->buffers, address, size);
	if (type < worker->known.count)
		worker->known.items[type].sums.exclusive +=
			worker->buffer_bytes;
}

static inline void add_candidate(struct pyprof_census_worker *worker,
				 uint64_t address, uint64_t flags)
{
	uint64_t *recent =
		&worker->recent[address * UINT64_C(0x9e3779b97f4a7c15) >> 52];
	address |= flags;
	if (*recent == address)
		return;
	*recent = address;
	if (!pyprof_vec_push(&worker->candidates, address))
		worker->out_of_memory = true;
}

static void take_edge(struct pyprof_edge_sink *sink, uint64_t target,
		      unsigned kind, uint64_t label)
{
	struct pyprof_census_worker *worker =
		(struct pyprof_census_worker
			 *)((char *)sink -
			    offsetof(struct pyprof_census_worker, edges));
	(void)label;
	if (pyprof_blocks_has(&worker->heap->blocks, target))
		return;
	kind &= PYPROF_EDGE_KIND_MASK;
	if (target & PYPROF_CANDIDATE_FLAGS)
		worker->counts.damaged_edges++;
	else if (kind != PYPROF_EDGE_TYPE)
		add_candidate(worker, target,
			      kind == PYPROF_EDGE_SCANNED
				      ? PYPROF_CANDIDATE_SCANNED
				      : 0);
}

/* --- Blocks --- */

/* The object of a block, at one of the places where it can begin. */
static inline bool find_object(struct pyprof_census_worker *worker,
			       const uint8_t *bytes, uint64_t address,
			       uint64_t size, struct pyprof_object *ret)
{
	if (worker->block_header) {
		uint64_t asked;
		if (!pyprof_debug_block(bytes, size, &asked))
			return false;
		address += worker->block_header;
		bytes += worker->block_header;
		size = asked;
	}
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		uint32_t presize = pyprof_presizes[i];
		if (presize < size &&
		    pyprof_object_in_block(worker->types, address + presize,
					   bytes + presize, presize,
					   size - presize, ret))
			return true;
	}
	return false;
}

/* A pool that is being walked. */
struct walk {
	struct pyprof_census_worker *worker;
	uint64_t address;
	const uint8_t *bytes;
	/** Number of its first page. */
	uint32_t page;
	uint32_t block_size;
};

/* Look at one block; whether it has an object, which is counted then. */
static inline bool look(struct walk *walk, uint32_t offset)
{
	struct pyprof_census_worker *worker = walk->worker;
	struct pyprof_object object;
	worker->types->has_missed = false;
	if (!find_object(worker, walk->bytes + offset, walk->address + offset,
			 walk->block_size, &object)) {
		if (worker->types->has_missed &&
		    !pyprof_vec_push(&worker->deferred, walk->address + offset))
			worker->out_of_memory = true;
		return false;
	}
	pyprof_index_mark(&worker->heap->index, walk->page,
			  (uint32_t)(object.address - walk->address));
	worker->counts.object_blocks++;
	worker->counts.object_bytes += walk->block_size;
	pyprof_census_object(worker, &object, walk->block_size);
	if (!object.type->is_gc)
		return true;
	/* The next one in the collector's list may be outside of pools. */
	uint64_t next = pyprof_word(object.bytes - PYPROF_GC_HEAD, 0) &
			PYPROF_GC_LINK_MASK;
	if (next && !(next & PYPROF_CANDIDATE_FLAGS) &&
	    !pyprof_blocks_has(&worker->heap->blocks, next))
		add_candidate(worker, next + PYPROF_GC_HEAD,
			      PYPROF_CANDIDATE_LINK);
	return true;
}

/* Take back objects of a word that their owners claimed meanwhile. */
static void take_back(struct walk *walk, uint64_t conflicts, uint32_t first)
{
	for (; conflicts; conflicts &= conflicts - 1) {
		uint32_t block = (uint32_t)__builtin_ctzll(conflicts) + first;
		uint64_t address;
		if (unmark(walk->worker,
			   walk->address +
				   walk->worker->heap->blocks.header_size +
				   block * walk->block_size,
			   walk->block_size, &address))
			uncount(walk->worker, address, walk->block_size);
	}
}

static void walk_word(struct walk *walk, size_t word, uint32_t first)
{
	struct pyprof_blocks *blocks = &walk->worker->heap->blocks;
	uint64_t *high = &blocks->planes[1][word];
	uint64_t objects = 0;
	uint64_t left =
		__atomic_load_n(&blocks->planes[0][word], __ATOMIC_RELAXED) &
		~__atomic_load_n(high, __ATOMIC_RELAXED);
	for (; left; left &= left - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzll(left);
		uint32_t offset =
			blocks->header_size + (first + bit) * walk->block_size;
		/* An object before it may have claimed it. */
		if (!(__atomic_load_n(high, __ATOMIC_RELAXED) >> bit & 1) &&
		    look(walk, offset))
			objects |= UINT64_C(1) << bit;
	}
	uint64_t conflicts = pyprof_blocks_be_objects(blocks, word, objects);
	if (conflicts)
		take_back(walk, conflicts, first);
}

/* The pool at an address; false when it has no blocks. */
static bool begin_pool(struct pyprof_census_worker *worker, uint64_t address,
		       struct walk *ret, struct pyprof_block_pool *pool_ret)
{
	const struct pyprof_heap *heap = worker->heap;
	const struct pyprof_block_pool *pool =
		pyprof_blocks_pool(&heap->blocks, address);
	if (!pool || !pool->size)
		return false;
	*ret = (struct walk){
		.worker = worker,
		.address = address,
		.bytes = pyprof_memory_at(heap->memory, address,
					  heap->allocators.pool_size),
		.page = pyprof_memory_page(heap->memory, address),
		.block_size = pool->size * 16u,
	};
	*pool_ret = *pool;
	return ret->bytes != NULL;
}

void pyprof_census_walk(struct pyprof_census_worker *worker,
			const struct pyprof_arena *arena)
{
	struct walk walk;
	struct pyprof_block_pool pool;
	for (uint64_t at = arena->start; at < arena->used_end;
	     at += worker->heap->allocators.pool_size)
		if (begin_pool(worker, at, &walk, &pool))
			for (uint32_t i = 0; i * 64 < pool.count; i++)
				walk_word(&walk, pool.first + i, i * 64);
}

/* Of how many pools one is looked into, and how many blocks of that. */
#define LEARN_POOLS 32
#define LEARN_BLOCKS 16

void pyprof_census_learn(struct pyprof_census_worker *worker,
			 const struct pyprof_arena *arena)
{
	struct walk walk;
	struct pyprof_block_pool pool;
	const struct pyprof_blocks *blocks = &worker->heap->blocks;
	uint64_t step =
		(uint64_t)worker->heap->allocators.pool_size * LEARN_POOLS;
	for (uint64_t at = arena->start; at < arena->used_end; at += step) {
		if (!begin_pool(worker, at, &walk, &pool))
			continue;
		for (uint32_t i = 0; i < LEARN_BLOCKS && i < pool.count; i++) {
			struct pyprof_object object;
			uint32_t offset =
				blocks->header_size + i * walk.block_size;
			if (pyprof_block_use(blocks, pool.first * 64ul + i))
				find_object(worker, walk.bytes + offset,
					    walk.address + offset,
					    walk.block_size, &object);
		}
	}
}

void pyprof_census_block(struct pyprof_census_worker *worker, uint64_t address)
{
	struct pyprof_heap *heap = worker->heap;
	struct pyprof_block block;
	struct pyprof_block_pool pool;
	struct walk walk;
	uint64_t start = address & ~(uint64_t)(heap->allocators.pool_size - 1);
	if (!pyprof_blocks_find(&heap->blocks, address, &block) ||
	    pyprof_block_use(&heap->blocks, block.number) !=
		    PYPROF_BLOCK_OTHER ||
	    !begin_pool(worker, start, &walk, &pool) ||
	    !look(&walk, (uint32_t)(address - start)))
		return;
	uint64_t bit = UINT64_C(1) << (block.number & 63);
	if (pyprof_blocks_be_objects(&heap->blocks, block.number >> 6, bit))
		take_back(&walk, 1,
			  (uint32_t)(block.number - pool.first * 64ul));
}

/* --- Workers --- */

void pyprof_census_worker_destroy(struct pyprof_census_worker *worker)
{
	if (!worker)
		return;
	free(worker->copy.slots);
	pyprof_vec_deinit(&worker->known);
	pyprof_vec_deinit(&worker->candidates);
	pyprof_vec_deinit(&worker->disputes);
	pyprof_vec_deinit(&worker->deferred);
	free(worker);
}

/* A copy of the table of types whose look-ups nobody disturbs. */
static bool copy_types(struct pyprof_census_worker *worker)
{
	const struct pyprof_types *types = worker->heap->types;
	size_t size = (types->slot_mask + 1) * sizeof(*types->slots);
	worker->copy = *types;
	worker->copy.is_closed = true;
	worker->copy.slots = malloc(size);
	if (!worker->copy.slots)
		return false;
	memcpy(worker->copy.slots, types->slots, size);
	worker->types = &worker->copy;
	return true;
}

struct pyprof_error *
pyprof_census_worker_create(struct pyprof_heap *heap, bool learns,
			    struct pyprof_census_worker **ret)
{
	struct pyprof_census_worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return pyprof_error_oom();
	worker->heap = heap;
	worker->types = heap->types;
	worker->edges.edge = take_edge;
	worker->buffers.buffer = take_buffer;
	worker->block_header = pyprof_block_header(heap);
	if (!learns && !copy_types(worker)) {
		pyprof_census_worker_destroy(worker);
		return pyprof_error_oom();
	}
	*ret = worker;
	return NULL;
}
