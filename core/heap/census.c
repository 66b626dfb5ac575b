// SPDX-License-Identifier: Apache-2.0
#include "core/heap/census.h"

#include "core/base/parallel.h"

struct census {
	struct pyprof_heap *heap;
	const struct pyprof_progress *progress;
	/** All arenas of all states, and the next one to be walked. */
	PYPROF_VEC(const struct pyprof_arena *) arenas;
	size_t next;
	/** The first one learns types and is the calling thread's. */
	struct pyprof_census_worker *workers[PYPROF_PARALLEL_MAX];
	size_t worker_count;
	struct pyprof_error *err;
	bool is_over;
};

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
	ret->lost_arrays = heap->allocators.lost_arrays;
	ret->arena_bytes = counts.arena_bytes;
	ret->pools_used = counts.pools_used;
	ret->pools_free = counts.pools_free;
	ret->pools_damaged = counts.pools_damaged;
	ret->pools_missing = counts.pools_missing;
	ret->blocks = counts.blocks;
	ret->blocks_free = counts.blocks_free;
	ret->free_bytes = counts.free_bytes;
	ret->header_bytes = counts.header_bytes;
	/* All that nobody finds out about. */
	ret->other_blocks = counts.blocks;
	ret->other_bytes = counts.block_bytes;
	const struct pyprof_allocators *allocators = &heap->allocators;
	for (size_t i = 0; i < allocators->states.count; i++) {
		const struct pyprof_obmalloc *state =
			&allocators->states.items[i];
		for (size_t j = 0; j < state->arenas.count; j++)
			if (!pyprof_vec_push(&census->arenas,
					     &state->arenas.items[j]))
				return pyprof_error_oom();
	}
	return NULL;
}

/* --- The walk over all blocks --- */

/* Arenas for which a second thread is worth it. */
#define ARENAS_A_WORKER 4

static struct pyprof_error *create_workers(struct census *census)
{
	size_t wanted = 1 + census->arenas.count / ARENAS_A_WORKER;
	if (wanted > PYPROF_PARALLEL_MAX)
		wanted = PYPROF_PARALLEL_MAX;
	struct pyprof_error *err = pyprof_census_worker_create(
		census->heap, true, &census->workers[0]);
	if (err)
		return err;
	census->worker_count = 1;
	if (wanted == 1)
		return NULL;
	for (size_t i = 0; i < census->arenas.count; i++)
		pyprof_census_learn(census->workers[0],
				    census->arenas.items[i]);
	for (size_t i = 1; !err && i < wanted; i++) {
		err = pyprof_census_worker_create(census->heap, false,
						  &census->workers[i]);
		census->worker_count += !err;
	}
	return err;
}

static void walk_arenas(void *context, size_t thread)
{
	struct census *census = context;
	struct pyprof_census_worker *worker = census->workers[thread];
	while (!__atomic_load_n(&census->is_over, __ATOMIC_RELAXED)) {
		size_t i =
			__atomic_fetch_add(&census->next, 1, __ATOMIC_RELAXED);
		if (i >= census->arenas.count)
			return;
		pyprof_census_walk(worker, census->arenas.items[i]);
		if (thread)
			continue;
		census->err = pyprof_progress(census->progress, "arenas", i,
					      census->arenas.count);
		if (census->err)
			__atomic_store_n(&census->is_over, true,
					 __ATOMIC_RELAXED);
	}
}

/* Add what another worker counted to the first one's. */
static struct pyprof_error *merge(struct pyprof_census_worker *first,
				  const struct pyprof_census_worker *other)
{
	struct pyprof_census *to = &first->counts;
	const struct pyprof_census *from = &other->counts;
	to->object_blocks += from->object_blocks;
	to->object_bytes += from->object_bytes;
	to->buffer_blocks += from->buffer_blocks;
	to->buffer_bytes += from->buffer_bytes;
	to->disowned_objects += from->disowned_objects;
	to->damaged_objects += from->damaged_objects;
	to->damaged_edges += from->damaged_edges;
	for (size_t i = 0; i < other->known.count; i++) {
		const struct pyprof_census_type *known = &other->known.items[i];
		if (i == first->known.count &&
		    !pyprof_vec_push(&first->known,
				     (struct pyprof_census_type){}))
			return pyprof_error_oom();
		struct pyprof_census_type *mine = &first->known.items[i];
		if (!known->is_known)
			continue;
		if (!mine->is_known) {
			*mine = *known;
			continue;
		}
		mine->sums.count += known->sums.count;
		mine->sums.shallow += known->sums.shallow;
		mine->sums.block += known->sums.block;
		mine->sums.exclusive += known->sums.exclusive;
	}
	for (size_t i = 0; i < other->candidates.count; i++)
		if (!pyprof_vec_push(&first->candidates,
				     other->candidates.items[i]))
			return pyprof_error_oom();
	return NULL;
}

/* What workers left to the one that learns types and is alone now. */
static void finish_work(struct pyprof_census_worker *first,
			const struct pyprof_census_worker *worker)
{
	/* What is added to the first one's own is handled at once. */
	size_t deferred = worker->deferred.count;
	size_t disputes = worker->disputes.count;
	for (size_t i = 0; i < deferred; i++)
		pyprof_census_block(first, worker->deferred.items[i]);
	for (size_t i = 0; i < disputes; i++)
		pyprof_census_buffer(first, worker->disputes.items[i].type,
				     worker->disputes.items[i].buffer, 0);
}

static struct pyprof_error *walk_all(struct census *census)
{
	struct pyprof_census_worker *first = census->workers[0];
	first->is_alone = census->worker_count == 1;
	pyprof_parallel(census->worker_count, walk_arenas, census);
	struct pyprof_error *err = census->err;
	for (size_t i = 1; !err && i < census->worker_count; i++)
		err = census->workers[i]->out_of_memory
			      ? pyprof_error_oom()
			      : merge(first, census->workers[i]);
	if (err)
		return err;
	first->is_alone = true;
	for (size_t i = 0; i < census->worker_count; i++)
		finish_work(first, census->workers[i]);
	return first->out_of_memory ? pyprof_error_oom() : NULL;
}

/* --- The whole --- */

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

static void take_counts(struct census *census)
{
	const struct pyprof_census *counts = &census->workers[0]->counts;
	struct pyprof_census *ret = &census->heap->census;
	ret->object_blocks = counts->object_blocks;
	ret->object_bytes = counts->object_bytes;
	ret->buffer_blocks = counts->buffer_blocks;
	ret->buffer_bytes = counts->buffer_bytes;
	ret->freelist_blocks = counts->freelist_blocks;
	ret->freelist_bytes = counts->freelist_bytes;
	ret->other_blocks -= counts->object_blocks + counts->buffer_blocks +
			     counts->freelist_blocks;
	ret->other_bytes -= counts->object_bytes + counts->buffer_bytes +
			    counts->freelist_bytes;
	ret->large_objects = counts->large_objects;
	ret->static_objects = counts->static_objects;
	ret->disowned_objects = counts->disowned_objects;
	ret->damaged_objects = counts->damaged_objects;
	ret->damaged_edges = counts->damaged_edges;
	ret->missing_bytes = census->heap->memory->missing_bytes;
	count_raw(census->heap);
}

static struct pyprof_error *finish(struct census *census)
{
	struct pyprof_heap *heap = census->heap;
	const struct pyprof_census_worker *first = census->workers[0];
	take_counts(census);
	for (size_t i = 0; i < first->known.count; i++) {
		struct pyprof_heap_type sums = first->known.items[i].sums;
		if (!sums.count)
			sums.type = NULL;
		else if (sums.type->is_nameless)
			heap->census.nameless_objects += sums.count;
		heap->shallow += sums.shallow;
		heap->block += sums.block;
		heap->exclusive += sums.exclusive;
		if (!pyprof_vec_push(&heap->by_type, sums))
			return pyprof_error_oom();
	}
	return pyprof_index_seal(&heap->index);
}

static struct pyprof_error *take(struct census *census)
{
	struct pyprof_error *err = read_blocks(census);
	if (!err)
		err = create_workers(census);
	if (!err)
		err = walk_all(census);
	if (err)
		return err;
	struct pyprof_census_worker *first = census->workers[0];
	err = pyprof_census_outside(first, census->progress);
	for (size_t i = 0; !err && i < census->arenas.count; i++)
		pyprof_census_rest(first, census->arenas.items[i]);
	return err ? err : finish(census);
}

struct pyprof_error *pyprof_census_take(struct pyprof_heap *heap,
					const struct pyprof_progress *progress)
{
	struct census census = {.heap = heap, .progress = progress};
	struct pyprof_error *err = take(&census);
	for (size_t i = 0; i < census.worker_count; i++)
		pyprof_census_worker_destroy(census.workers[i]);
	pyprof_vec_deinit(&census.arenas);
	return err;
}
