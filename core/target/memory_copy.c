// SPDX-License-Identifier: Apache-2.0
//
// The copy of a live target. Its time is that of the first touch of the
// mirror's pages and of the reads, which is why the mirror asks for huge pages
// and two threads share the work.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/strtab.h"
#include "core/target/core_file.h"
#include "core/target/memory_plan.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

/* Pieces a call: enough to make the call cheap, few enough for progress. */
#define BATCH 8

/* More threads do not read faster than memory can be written. */
#define HELPERS_MAX 3
/* A thread costs more than it saves below that. */
#define BYTES_PER_THREAD (UINT64_C(16) << 20)

/* Held as the memory's `owner`. */
struct mirror {
	void *reserved;
	size_t reserved_size;
	uint8_t *bytes;
	struct pyprof_strtab *paths;
};

static void release_mirror(struct pyprof_memory *memory)
{
	struct mirror *mirror = memory->owner;
	if (!mirror)
		return;
	if (mirror->reserved)
		munmap(mirror->reserved, mirror->reserved_size);
	pyprof_strtab_destroy(mirror->paths);
	free(mirror);
}

static struct pyprof_error *reserve(struct mirror *mirror, uint64_t size)
{
	mirror->reserved_size = size + HUGE_PAGE;
	void *reserved =
		mmap(NULL, mirror->reserved_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return pyprof_error_os(errno, "cannot reserve %llu MiB",
				       (unsigned long long)size >> 20);
	mirror->reserved = reserved;
	uintptr_t bytes = (uintptr_t)reserved + HUGE_PAGE - 1;
	mirror->bytes = (uint8_t *)(bytes & ~(HUGE_PAGE - 1));
	/* Where it cannot be had, it only takes longer. */
	madvise(mirror->bytes, size, MADV_HUGEPAGE);
	return NULL;
}

/* What the threads that copy have in common. */
struct copying {
	struct pyprof_target *target;
	const struct pyprof_plan *plan;
	uint8_t *bytes;
	/* The next piece that nobody has taken. */
	atomic_size_t next;
	atomic_uint_least64_t done, missing;
	atomic_bool stop;
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

/* A thread of ours. */
struct helper {
	pthread_t thread;
	struct copying *copying;
	struct pyprof_error *err;
};

static void *helper_main(void *arg)
{
	struct helper *helper = arg;
	while (copy_some(helper->copying, &helper->err))
		;
	if (helper->err)
		atomic_store(&helper->copying->stop, true);
	return NULL;
}

/* Start helpers as far as that helps. Threads of ours take no signals. */
static size_t start_helpers(struct copying *copying, struct helper *helpers)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t all, before;
	size_t count = 0;
	if (!copying->target->ops->reads_at_once)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (count < HELPERS_MAX && (long)count + 1 < processors &&
	       copying->plan->wanted > (count + 1) * BYTES_PER_THREAD) {
		helpers[count] = (struct helper){.copying = copying};
		if (pthread_create(&helpers[count].thread, NULL, helper_main,
				   &helpers[count]))
			break;
		count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return count;
}

/* Read all pieces of the plan into the mirror. */
static struct pyprof_error *copy_all(struct copying *copying,
				     const struct pyprof_progress *progress)
{
	struct helper helpers[HELPERS_MAX];
	size_t helper_count = start_helpers(copying, helpers);
	struct pyprof_error *err = NULL;
	do {
		err = pyprof_progress(progress, "copying the memory",
				      atomic_load(&copying->done),
				      copying->plan->wanted);
	} while (!err && copy_some(copying, &err));
	if (err)
		atomic_store(&copying->stop, true);
	for (size_t i = 0; i < helper_count; i++) {
		pthread_join(helpers[i].thread, NULL);
		if (err)
			pyprof_error_destroy(helpers[i].err);
		else
			err = helpers[i].err;
	}
	return err;
}

/* Give the memory the segments of the plan, at their places in the mirror. */
static struct pyprof_error *take_segments(struct pyprof_memory *memory,
					  struct pyprof_plan *plan,
					  const struct pyprof_mapping *mappings)
{
	const struct mirror *mirror = memory->owner;
	const uint8_t *bytes = mirror->bytes;
	if (!pyprof_vec_reserve(&memory->segments, plan->segments.count))
		return pyprof_error_oom();
	for (size_t i = 0; i < plan->segments.count; i++) {
		struct pyprof_memory_segment segment = plan->segments.items[i];
		const char *path = mappings[plan->origins.items[i]].path;
		uint32_t id;
		struct pyprof_error *err = pyprof_strtab_intern(
			mirror->paths, path, strlen(path), &id);
		if (err)
			return err;
		segment.path = pyprof_strtab_get(mirror->paths, id);
		segment.bytes = bytes;
		bytes += segment.end - segment.start;
		memory->segments.items[memory->segments.count++] = segment;
	}
	return pyprof_memory_index(memory);
}

/* Plan, read and index; `memory` is to be destroyed on failure. */
static struct pyprof_error *fill(struct pyprof_memory *memory,
				 struct pyprof_plan *plan,
				 struct pyprof_target *target,
				 const struct pyprof_progress *progress)
{
	struct mirror *mirror = memory->owner;
	const struct pyprof_mapping *mappings;
	size_t count;
	int64_t began = pyprof_clock_ns();
	struct pyprof_error *err =
		target->ops->mappings(target, &mappings, &count);
	if (!err)
		err = pyprof_plan_init(plan, target, mappings, count);
	if (!err)
		err = reserve(mirror, plan->size);
	if (!err)
		err = pyprof_strtab_create(&mirror->paths);
	if (err)
		return err;
	struct copying copying = {
		.target = target,
		.plan = plan,
		.bytes = mirror->bytes,
	};
	err = copy_all(&copying, progress);
	if (err)
		return err;
	memory->missing_bytes = copying.missing;
	memory->copy_ns = pyprof_clock_ns() - began;
	return take_segments(memory, plan, mappings);
}

struct pyprof_error *pyprof_memory_copy(struct pyprof_target *target,
					const struct pyprof_progress *progress,
					struct pyprof_memory **ret)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory =
		calloc(1, sizeof(*memory));
	if (!memory)
		return pyprof_error_oom();
	memory->owner = calloc(1, sizeof(struct mirror));
	memory->release = release_mirror;
	if (!memory->owner)
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
