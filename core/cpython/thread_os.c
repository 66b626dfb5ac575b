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

static struct pyprof_error *list_os_threads(struct pyprof_target *target,
					    struct os_threads *ret)
{
	const struct pyprof_os_thread *threads;
	size_t count;
	struct pyprof_error *err =
		target->ops->threads(target, &threads, &count);
	if (err || !count)
		return err;
	ret->by_tid.keys = calloc(count, sizeof(struct key));
	ret->by_pointer.keys = calloc(count, sizeof(struct key));
	if (!ret->by_tid.keys || !ret->by_pointer.keys)
		return pyprof_error_oom();
	ret->by_tid.count = ret->by_pointer.count = count;
	for (size_t i = 0; i < count; i++) {
		ret->by_tid.keys[i] = (struct key){
			.value = (uint32_t)threads[i].inner_tid,
			.tid = threads[i].tid,
		};
		ret->by_pointer.keys[i] = (struct key){
			.value = threads[i].thread_pointer,
			.tid = threads[i].tid,
		};
	}
	qsort(ret->by_tid.keys, count, sizeof(struct key), compare);
	qsort(ret->by_pointer.keys, count, sizeof(struct key), compare);
	return NULL;
}

/*
 * The tids that the C library keeps in its descriptors of the threads; 0 for
 * those that cannot be read.
 */
static void read_descriptors(const struct pyprof_python *python,
			     const struct pyprof_thread *threads, size_t count,
			     struct pyprof_range *ranges, uint32_t *tids)
{
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
	_cleanup_(os_threads_deinit) struct os_threads os = {};
	if (!count)
		return NULL;
	uint64_t main_ident;
	struct pyprof_error *err = read_main(python, &main_ident);
	if (err)
		return err;
	err = list_os_threads(python->target, &os);
	if (err)
		return err;
	_cleanup_free_ struct pyprof_range *ranges =
		calloc(count, sizeof(*ranges));
	_cleanup_free_ uint32_t *tids = calloc(count, sizeof(*tids));
	if (!ranges || !tids)
		return pyprof_error_oom();
	bool read = false;
	for (size_t i = 0; i < count; i++) {
		struct pyprof_thread *thread = &threads[i];
		thread->is_main = main_ident && thread->ident == main_ident;
		int32_t tid = lookup(&os.by_tid, (uint32_t)thread->tid);
		if (!tid)
			tid = lookup(&os.by_pointer, thread->ident);
		if (!tid && !read && python->tid_offset >= 0) {
			read_descriptors(python, threads, count, ranges, tids);
			read = true;
		}
		if (!tid)
			tid = lookup(&os.by_tid, tids[i]);
		thread->tid = tid;
	}
	return NULL;
}
