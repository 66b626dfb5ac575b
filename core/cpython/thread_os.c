// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/thread_os.h"

#include <stdlib.h>

/* Something that identifies an OS thread, and its tid as we see it. */
struct key {
	uint64_t value;
	int32_t tid;
};

struct index {
	struct key *keys;
	size_t count;
};

/* The OS threads by their own tid and by their thread pointer. */
struct os_threads {
	struct pyprof_target *target;
	/* Filled when the target cannot tell without. */
	bool listed;
	struct index by_tid, by_pointer;
};

static void os_threads_deinit(struct os_threads *os)
{
	free(os->by_tid.keys);
	free(os->by_pointer.keys);
}

static int compare(const void *a, const void *b)
{
	const struct key *left = a, *right = b;
	return (left->value > right->value) - (left->value < right->value);
}

/* The tid that belongs to a value; 0 when there is none. */
static int32_t lookup(const struct index *index, uint64_t value)
{
	struct key key = {.value = value};
	if (!value || !index->count)
		return 0;
	const struct key *found =
		bsearch(&key, index->keys, index->count, sizeof(key), compare);
	return found ? found->tid : 0;
}

static struct pyprof_error *list(struct os_threads *os)
{
	const struct pyprof_os_thread *threads;
	size_t count;
	if (os->listed)
		return NULL;
	struct pyprof_error *err =
		os->target->ops->threads(os->target, &threads, &count);
	if (err)
		return err;
	os->listed = true;
	os->by_tid.keys = calloc(count + 1, sizeof(struct key));
	os->by_pointer.keys = calloc(count + 1, sizeof(struct key));
	if (!os->by_tid.keys || !os->by_pointer.keys)
		return pyprof_error_oom();
	os->by_tid.count = os->by_pointer.count = count;
	for (size_t i = 0; i < count; i++) {
		os->by_tid.keys[i] = (struct key){
			.value = (uint32_t)threads[i].inner_tid,
			.tid = threads[i].tid,
		};
		os->by_pointer.keys[i] = (struct key){
			.value = threads[i].thread_pointer,
			.tid = threads[i].tid,
		};
	}
	qsort(os->by_tid.keys, count, sizeof(struct key), compare);
	qsort(os->by_pointer.keys, count, sizeof(struct key), compare);
	return NULL;
}

/* The tid as we see it of a thread's own; 0 when there is none. */
static struct pyprof_error *find_tid(struct os_threads *os, uint32_t inner_tid,
				     int32_t *ret)
{
	int32_t tid = inner_tid ? -1 : 0;
	if (inner_tid && os->target->ops->find_thread)
		tid = os->target->ops->find_thread(os->target,
						   (int32_t)inner_tid);
	if (tid < 0) {
		struct pyprof_error *err = list(os);
		if (err)
			return err;
		tid = lookup(&os->by_tid, inner_tid);
	}
	*ret = tid;
	return NULL;
}

/* Core dumps tell each thread's pointer. */
static struct pyprof_error *find_by_pointer(struct os_threads *os,
					    uint64_t ident, int32_t *ret)
{
	if (os->target->ops->find_thread)
		return NULL;
	struct pyprof_error *err = list(os);
	if (!err)
		*ret = lookup(&os->by_pointer, ident);
	return err;
}

/*
 * The tids that the C library keeps in its descriptors of the threads; 0 for
 * those that cannot be read.
 */
static struct pyprof_error *
read_descriptors(const struct pyprof_python *python,
		 const struct pyprof_thread *threads, size_t count,
		 uint32_t *tids)
{
	_cleanup_free_ struct pyprof_range *ranges =
		calloc(count, sizeof(*ranges));
	if (!ranges)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++)
		ranges[i] = (struct pyprof_range){
			.address =
				threads[i].ident + (uint64_t)python->tid_offset,
			.buffer = &tids[i],
			.size = sizeof(tids[i]),
		};
	for (size_t done = 0; done < count; done++) {
		done += pyprof_target_readv(python->target, ranges + done,
					    count - done);
		if (done < count)
			tids[done] = 0;
	}
	return NULL;
}

/* For threads whose state does not say it. */
static struct pyprof_error *
find_by_descriptor(const struct pyprof_python *python, struct os_threads *os,
		   struct pyprof_thread *threads, size_t count)
{
	if (python->tid_offset < 0)
		return NULL;
	_cleanup_free_ uint32_t *tids = calloc(count, sizeof(*tids));
	if (!tids)
		return pyprof_error_oom();
	struct pyprof_error *err =
		read_descriptors(python, threads, count, tids);
	for (size_t i = 0; !err && i < count; i++)
		if (!threads[i].tid)
			err = find_tid(os, tids[i], &threads[i].tid);
	return err;
}

static struct pyprof_error *read_main(const struct pyprof_python *python,
				      uint64_t *ret)
{
	if (!pyprof_has(&python->layout, runtime.main_thread)) {
		*ret = 0;
		return NULL;
	}
	return pyprof_target_read_u64(
		python->target,
		python->runtime + python->layout.at.runtime.main_thread, ret);
}

struct pyprof_error *pyprof_threads_find_os(const struct pyprof_python *python,
					    struct pyprof_thread *threads,
					    size_t count)
{
	_cleanup_(os_threads_deinit) struct os_threads os = {
		.target = python->target};
	uint64_t main_ident;
	struct pyprof_error *err = read_main(python, &main_ident);
	bool all = true;
	for (size_t i = 0; !err && i < count; i++) {
		struct pyprof_thread *thread = &threads[i];
		thread->is_main = main_ident && thread->ident == main_ident;
		err = find_tid(&os, (uint32_t)thread->tid, &thread->tid);
		if (!err && !thread->tid)
			err = find_by_pointer(&os, thread->ident, &thread->tid);
		all = all && thread->tid;
	}
	if (err || all)
		return err;
	return find_by_descriptor(python, &os, threads, count);
}
