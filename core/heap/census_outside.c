// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/roots.h"
#include "core/heap/census.h"
#include "core/heap/malloc.h"

/* Objects between two looks at the user. */
#define WATCH_EVERY 65536

/* Of a chunk of the C library, before its memory. */
#define CHUNK_HEAD 16

struct outside {
	struct pyprof_census_worker *worker;
	struct pyprof_heap *heap;
	const struct pyprof_progress *progress;
	struct pyprof_gc_heads heads;
	/** Found and not looked at yet. */
	PYPROF_VEC(uint64_t) found;
	uint64_t done;
};

static struct pyprof_error *watch(struct outside *outside, const char *what)
{
	if (outside->worker->out_of_memory)
		return pyprof_error_oom();
	if (++outside->done % WATCH_EVERY)
		return NULL;
	return pyprof_progress(outside->progress, what, outside->done, 0);
}

static uint64_t block_of(const struct outside *outside,
			 const struct pyprof_object *object)
{
	return pyprof_heap_block(
		outside->heap,
		object->address -
			pyprof_object_presize(outside->heap->types, object));
}

static bool is_head(const struct outside *outside, uint64_t address)
{
	for (size_t i = 0; i < outside->heads.list.count; i++)
		if (outside->heads.list.items[i] == address)
			return true;
	return false;
}

/* Take in an object that something refers to, unless it is there. */
static void discover(struct outside *outside, uint64_t candidate)
{
	struct pyprof_heap *heap = outside->heap;
	uint64_t address = candidate & ~PYPROF_CANDIDATE_FLAGS;
	struct pyprof_object object;
	if (pyprof_index_has(&heap->index, address) ||
	    pyprof_blocks_has(&heap->blocks, address))
		return;
	if ((candidate & PYPROF_CANDIDATE_LINK) &&
	    is_head(outside, address - PYPROF_GC_HEAD))
		return;
	if (!pyprof_object_at(heap->types, address, 0, &object)) {
		/* Scanned words may be anything. */
		if (!(candidate & PYPROF_CANDIDATE_SCANNED))
			outside->worker->counts.damaged_edges++;
		return;
	}
	/* What a scanned word leads to has to be allocated, or static. */
	if ((candidate & PYPROF_CANDIDATE_SCANNED) &&
	    !pyprof_is_static(&heap->statics, address) &&
	    !block_of(outside, &object))
		return;
	if (pyprof_index_add(&heap->index, address) &&
	    !pyprof_vec_push(&outside->found, address))
		outside->worker->out_of_memory = true;
}

/* Take in what follows an object in the collector's list. */
static void discover_next(struct outside *outside,
			  const struct pyprof_object *object)
{
	if (!object->type->is_gc ||
	    pyprof_object_presize(outside->heap->types, object) <
		    PYPROF_GC_HEAD)
		return;
	const uint8_t *head = pyprof_memory_at(
		outside->heap->memory, object->address - PYPROF_GC_HEAD, 8);
	uint64_t next = head ? pyprof_word(head, 0) & PYPROF_GC_LINK_MASK : 0;
	if (next && !(next & PYPROF_CANDIDATE_FLAGS))
		discover(outside,
			 (next + PYPROF_GC_HEAD) | PYPROF_CANDIDATE_LINK);
}

/* Look at what was discovered, and what that leads to. */
static struct pyprof_error *drain(struct outside *outside)
{
	struct pyprof_census_worker *worker = outside->worker;
	struct pyprof_error *err = NULL;
	while (!err && (outside->found.count || worker->candidates.count)) {
		while (worker->candidates.count)
			discover(outside,
				 worker->candidates
					 .items[--worker->candidates.count]);
		if (!outside->found.count)
			break;
		struct pyprof_object object;
		uint64_t address = outside->found.items[--outside->found.count];
		err = watch(outside, "large objects");
		if (err ||
		    !pyprof_object_known(worker->types, address, &object))
			continue;
		if (pyprof_is_static(&outside->heap->statics, address))
			worker->counts.static_objects++;
		else
			worker->counts.large_objects++;
		pyprof_census_object(worker, &object,
				     block_of(outside, &object));
		discover_next(outside, &object);
	}
	return err;
}

static struct pyprof_error *take_listed(void *context, uint64_t address)
{
	struct outside *outside = context;
	if (!(address & PYPROF_CANDIDATE_FLAGS))
		discover(outside, address | PYPROF_CANDIDATE_LINK);
	return watch(outside, "the collector's lists");
}

/* The first ones of the lists: no other object links to them. */
static void take_firsts(struct outside *outside)
{
	for (size_t i = 0; i < outside->heads.list.count; i++) {
		const uint8_t *head =
			pyprof_memory_at(outside->heap->memory,
					 outside->heads.list.items[i], 16);
		uint64_t next =
			head ? pyprof_word(head, 0) & PYPROF_GC_LINK_MASK : 0;
		if (next && !(next & PYPROF_CANDIDATE_FLAGS))
			discover(outside, (next + PYPROF_GC_HEAD) |
						  PYPROF_CANDIDATE_LINK);
	}
}

/*
 * All objects of pools told of who follows them in the lists. Where there are
 * no pools, or not all, the lists themselves are followed.
 */
static struct pyprof_error *take_lists(struct outside *outside)
{
	struct pyprof_heap *heap = outside->heap;
	const struct pyprof_census *counts = &heap->census;
	size_t cut = 0;
	heap->census.is_collecting = outside->heads.is_collecting;
	if (heap->allocators.kind == PYPROF_ALLOCATOR_PYMALLOC &&
	    !counts->pools_damaged && !counts->pools_missing &&
	    !counts->damaged_arenas && !counts->lost_arrays) {
		take_firsts(outside);
		return drain(outside);
	}
	struct pyprof_error *err = pyprof_gc_lists_read(
		heap->memory, &outside->heads, take_listed, outside, &cut);
	if (err)
		return err;
	heap->census.cut_gc_lists = cut;
	return drain(outside);
}

static struct pyprof_error *take_root(void *context,
				      const struct pyprof_root *root)
{
	struct outside *outside = context;
	if (!(root->target & PYPROF_CANDIDATE_FLAGS) &&
	    !pyprof_blocks_has(&outside->heap->blocks, root->target))
		discover(outside, root->target);
	return watch(outside, "roots");
}

/* Variables of frames and the like: nothing else may refer to what they do. */
static struct pyprof_error *take_roots(struct outside *outside)
{
	size_t damaged;
	struct pyprof_error *err = pyprof_roots_read(
		outside->heap->types, take_root, outside, &damaged);
	return err ? err : drain(outside);
}

/* The object of a chunk in use, at one of the places where it can begin. */
static void take_chunk(void *context, const struct pyprof_malloc_chunk *chunk)
{
	struct outside *outside = context;
	struct pyprof_census_worker *worker = outside->worker;
	uint32_t before = CHUNK_HEAD + worker->block_header;
	const uint8_t *bytes =
		chunk->use != PYPROF_CHUNK_USED || chunk->size <= before
			? NULL
			: pyprof_memory_at(outside->heap->memory,
					   chunk->address, chunk->size);
	for (size_t i = 0; bytes && i < PYPROF_PRESIZE_COUNT; i++) {
		uint32_t presize = pyprof_presizes[i];
		struct pyprof_object object;
		/* Its memory goes on into the head of the next one. */
		if (before + presize >= chunk->size ||
		    !pyprof_object_in_block(
			    worker->types, chunk->address + before + presize,
			    bytes + before + presize, presize,
			    chunk->size - before - presize + 8, &object))
			continue;
		discover(outside, object.address);
		return;
	}
}

/*
 * What nothing refers to but C code: chunks of the C library that begin like
 * objects. Where it is another library there is no telling.
 */
static struct pyprof_error *take_chunks(struct outside *outside)
{
	struct pyprof_heap *heap = outside->heap;
	struct pyprof_malloc chunks;
	struct pyprof_error *err =
		pyprof_malloc_read(heap->memory, heap->target, &chunks);
	if (pyprof_error_catch(&err, PYPROF_ERROR_UNSUPPORTED) ||
	    pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND))
		return NULL;
	if (err)
		return err;
	pyprof_malloc_walk(heap->memory, &chunks, take_chunk, outside);
	pyprof_malloc_deinit(&chunks);
	return drain(outside);
}

/* Types are objects, too; looking at them can find others. */
static struct pyprof_error *take_types(struct outside *outside)
{
	const struct pyprof_types *types = outside->heap->types;
	for (size_t i = 0; i < types->list.count; i++) {
		discover(outside, types->list.items[i]->address);
		struct pyprof_error *err = drain(outside);
		if (err)
			return err;
	}
	return NULL;
}

struct pyprof_error *
pyprof_census_outside(struct pyprof_census_worker *worker,
		      const struct pyprof_progress *progress)
{
	struct outside outside = {
		.worker = worker,
		.heap = worker->heap,
		.progress = progress,
	};
	struct pyprof_error *err =
		pyprof_gc_heads_read(worker->heap->python, &outside.heads);
	if (!err || pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND))
		err = drain(&outside);
	if (!err)
		err = take_lists(&outside);
	if (!err)
		err = take_roots(&outside);
	if (!err)
		err = take_chunks(&outside);
	if (!err)
		err = take_types(&outside);
	pyprof_gc_heads_deinit(&outside.heads);
	pyprof_vec_deinit(&outside.found);
	return err;
}
