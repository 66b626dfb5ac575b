// SPDX-License-Identifier: Apache-2.0
//
// The copy of a live target. Its time is that of the first touch of the
// mirror's pages and of the reads, which is why the mirror asks for huge pages
// and two threads share the work.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/target/core_file.h"
#include "core/target/memory_mirror.h"
#include "core/target/memory_plan.h"

/* Pieces a call: enough to make the call cheap, few enough for progress. */
#define BATCH 8

/* A thread costs more than it saves below that. */
#define BYTES_PER_THREAD (UINT64_C(16) << 20)

/* What the threads that copy have in common. */
struct copying {
	struct pyprof_target *target;
	const struct pyprof_plan *plan;
	uint8_t *bytes;
	/* The next piece that nobody has taken. */
	atomic_size_t next;
	atomic_uint_least64_t done, missing;
	atomic_bool stop;
	const struct pyprof_progress *progress;
	struct pyprof_error *errors[PYPROF_PARALLEL_MAX];
};

/* Read a piece that cannot be read at once, page by page. */
static struct pyprof_error *read_pages(struct copying *copying,
				       const struct pyprof_range *range)
{
	for (size_t at = 0; at < range->size; at += PYPROF_PAGE_SIZE) {
		uint8_t *to = (uint8_t *)range->buffer + at;
		struct pyprof_error *err =
			pyprof_target_read(copying->target, range->address + at,
					   to, PYPROF_PAGE_SIZE);
		if (err && err->code != PYPROF_ERROR_FAULT)
			return err;
		if (err) {
			/* It may have been read in part. */
			memset(to, 0, PYPROF_PAGE_SIZE);
			atomic_fetch_add(&copying->missing, PYPROF_PAGE_SIZE);
		}
		pyprof_error_destroy(err);
		if (atomic_load(&copying->stop))
			return NULL;
	}
	return NULL;
}

/* Copy some pieces nobody has taken yet; false at the end. */
static bool copy_some(struct copying *copying, struct pyprof_error **err_ret)
{
	const struct pyprof_plan *plan = copying->plan;
	size_t first = atomic_fetch_add(&copying->next, BATCH);
	if (first >= plan->pieces.count || atomic_load(&copying->stop))
		return false;
	size_t count = plan->pieces.count - first;
	if (count > BATCH)
		count = BATCH;
	struct pyprof_range ranges[BATCH];
	uint64_t size = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_plan_piece *piece =
			&plan->pieces.items[first + i];
		ranges[i] = (struct pyprof_range){
			.address = piece->address,
			.buffer = copying->bytes + piece->offset,
			.size = piece->size,
		};
		size += piece->size;
	}
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		i += pyprof_target_readv(copying->target, ranges + i,
					 count - i);
		if (i < count)
			err = read_pages(copying, &ranges[i]);
	}
	atomic_fetch_add(&copying->done, size);
	*err_ret = err;
	return !err;
}

static void copy_thread(void *context, size_t thread)
{
	struct copying *copying = context;
	struct pyprof_error **err = &copying->errors[thread];
	do {
		if (!thread)
			*err = pyprof_progress(copying->progress,
					       "copying the memory",
					       atomic_load(&copying->done),
					       copying->plan->wanted);
	} while (!*err && copy_some(copying, err));
	if (*err)
		atomic_store(&copying->stop, true);
}

/* Read all pieces of the plan into the mirror. */
static struct pyprof_error *copy_all(struct copying *copying)
{
	size_t threads = copying->target->ops->reads_at_once
				 ? copying->plan->wanted / BYTES_PER_THREAD + 1
				 : 1;
	pyprof_parallel(threads, copy_thread, copying);
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < PYPROF_PARALLEL_MAX; i++) {
		if (err)
			pyprof_error_destroy(copying->errors[i]);
		else
			err = copying->errors[i];
	}
	return err;
}

/* Give the memory the segments of the plan, at their places in the mirror. */
static struct pyprof_error *take_segments(struct pyprof_memory *memory,
					  const struct pyprof_plan *plan,
					  const struct pyprof_mapping *mappings,
					  const uint8_t *bytes)
{
	if (!pyprof_vec_reserve(&memory->segments, plan->segments.count))
		return pyprof_error_oom();
	for (size_t i = 0; i < plan->segments.count; i++) {
		struct pyprof_memory_segment segment = plan->segments.items[i];
		segment.path = mappings[plan->origins.items[i]].path;
		segment.bytes = bytes;
		bytes += segment.end - segment.start;
		memory->segments.items[memory->segments.count++] = segment;
	}
	struct pyprof_error *err = pyprof_memory_own_paths(memory);
	if (!err)
		err = pyprof_memory_index(memory);
	for (size_t i = 0; !err && i < plan->own.count; i++)
		if (!pyprof_memory_set_own(memory, plan->own.items[i].first + 1,
					   plan->own.items[i].count))
			err = pyprof_error_oom();
	return err;
}

/* Plan, read and index; `memory` is to be destroyed on failure. */
static struct pyprof_error *fill(struct pyprof_memory *memory,
				 struct pyprof_plan *plan,
				 struct pyprof_target *target,
				 const struct pyprof_progress *progress)
{
	const struct pyprof_mapping *mappings;
	size_t count;
	int64_t began = pyprof_clock_ns();
	struct pyprof_error *err =
		target->ops->mappings(target, &mappings, &count);
	if (!err)
		err = pyprof_plan_init(plan, target, mappings, count);
	struct copying copying = {
		.target = target,
		.plan = plan,
		.progress = progress,
	};
	if (!err)
		err = pyprof_memory_reserve(memory, plan->size, &copying.bytes);
	if (!err)
		err = copy_all(&copying);
	if (err)
		return err;
	if (target->ops->usage)
		pyprof_error_destroy(
			target->ops->usage(target, &memory->usage));
	memory->missing_bytes = copying.missing;
	memory->copy_ns = pyprof_clock_ns() - began;
	return take_segments(memory, plan, mappings, copying.bytes);
}

struct pyprof_error *pyprof_memory_copy(struct pyprof_target *target,
					const struct pyprof_progress *progress,
					struct pyprof_memory **ret)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory =
		calloc(1, sizeof(*memory));
	if (!memory)
		return pyprof_error_oom();
	_cleanup_(pyprof_plan_deinit) struct pyprof_plan plan = {};
	struct pyprof_error *err = fill(memory, &plan, target, progress);
	if (err)
		return err;
	*ret = no_cleanup_ptr(memory);
	return NULL;
}

struct pyprof_error *
pyprof_memory_create(struct pyprof_target *target,
		     const struct pyprof_progress *progress,
		     struct pyprof_memory **ret)
{
	return pyprof_core_file_image(target)
		       ? pyprof_memory_of_core(target, ret)
		       : pyprof_memory_copy(target, progress, ret);
}
