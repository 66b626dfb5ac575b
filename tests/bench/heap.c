// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Look at the heap of a process or a core without a debugger, for the benches
 * and for finding out where time goes.
 *
 *   heap PID|CORE [STAGE [EXECUTABLE]]
 *
 * STAGE is how far to go: `census` (the default), `link`, `dominate`, or
 * `diff`, which looks once more and compares; or `typing`: what telling objects
 * takes, without counting them. Prints facts as `# name value` and then one
 * line a type: count, shallow, block, exclusive and retained bytes, name,
 * separated by tabs. The process stands still while it is copied.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/heap/diff.h"
#include "core/heap/heap.h"
#include "core/target/core_file.h"
#include "core/target/linux_process.h"

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* Of all our threads: less subject to what else the machine does. */
static int64_t cpu_now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fact(const char *name, int64_t value)
{
	printf("# %s %lld\n", name, (long long)value);
}

/* A figure of /proc/self/status, in bytes. */
static int64_t memory_fact(const char *name)
{
	char line[256];
	long long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %lld", &kib);
	if (file)
		fclose(file);
	return kib * 1024;
}

static int fail(struct pyprof_error *err)
{
	fprintf(stderr, "heap: %s\n", err->message);
	pyprof_error_destroy(err);
	return 1;
}

static struct pyprof_error *copy(struct pyprof_target *target,
				 struct pyprof_memory **ret)
{
	int64_t start = now();
	if (target->pid)
		kill(target->pid, SIGSTOP);
	struct pyprof_error *err = pyprof_memory_create(target, NULL, ret);
	if (target->pid)
		kill(target->pid, SIGCONT);
	if (!err) {
		fact("pause_ns", now() - start);
		fact("copy_ns", (*ret)->copy_ns);
		fact("missing_bytes", (int64_t)(*ret)->missing_bytes);
	}
	return err;
}

static uint64_t count_objects(const struct pyprof_heap *heap,
			      const struct pyprof_pool *pool, uint32_t header)
{
	static const uint32_t presizes[] = {16, 0, 32};
	uint32_t offset = (uint32_t)heap->python->layout.at.pool.size + header;
	uint64_t found = 0;
	for (uint32_t i = 0; i < pool->block_count;
	     i++, offset += pool->block_size) {
		struct pyprof_object object;
		if (pool->is_free[i >> 6] >> (i & 63) & 1)
			continue;
		for (int j = 0; j < 3; j++)
			if (header + presizes[j] < pool->block_size &&
			    pyprof_object_in_block(
				    heap->types,
				    pool->address + offset + presizes[j],
				    pool->bytes + offset + presizes[j],
				    presizes[j],
				    pool->block_size - header - presizes[j],
				    &object)) {
				found++;
				break;
			}
	}
	return found;
}

/* What the walk over all blocks, and telling objects, takes on one core. */
static void time_typing(const struct pyprof_heap *heap)
{
	const struct pyprof_allocators *allocators = &heap->allocators;
	const struct pyprof_layout *layout = &heap->python->layout;
	uint32_t header = allocators->has_debug_hooks ? PYPROF_DEBUG_HEADER : 0;
	uint64_t found = 0;
	int64_t cpu = cpu_now();
	struct pyprof_pool pool;
	for (size_t i = 0; i < allocators->states.count; i++)
		for (size_t j = 0; j < allocators->states.items[i].arenas.count;
		     j++) {
			const struct pyprof_arena *arena =
				&allocators->states.items[i].arenas.items[j];
			for (uint64_t at = arena->start; at < arena->used_end;
			     at += allocators->pool_size)
				if (pyprof_pool_read(heap->memory, layout,
						     allocators, arena, at,
						     &pool) == PYPROF_POOL_USED)
					found += count_objects(heap, &pool,
							       header);
		}
	fact("typed_objects", (int64_t)found);
	fact("typed_cpu_ns", cpu_now() - cpu);
}

static void print_census(const struct pyprof_heap *heap)
{
	const struct pyprof_census *census = &heap->census;
	fact("objects", heap->index.count);
	fact("types", (int64_t)heap->types->list.count);
	printf("# found_by %s\n", heap->allocators.found_by);
	fact("allocator", heap->allocators.kind);
	fact("debug_hooks", heap->allocators.has_debug_hooks);
#define FACT(name) fact(#name, (int64_t)census->name)
	FACT(arenas);
	FACT(damaged_arenas);
	FACT(arena_bytes);
	FACT(pools_used);
	FACT(pools_free);
	FACT(pools_damaged);
	FACT(pools_missing);
	FACT(blocks);
	FACT(blocks_free);
	FACT(object_blocks);
	FACT(buffer_blocks);
	FACT(freelist_blocks);
	FACT(other_blocks);
	FACT(object_bytes);
	FACT(buffer_bytes);
	FACT(freelist_bytes);
	FACT(other_bytes);
	FACT(free_bytes);
	FACT(header_bytes);
	FACT(raw_blocks);
	fact("allocated_blocks",
	     (int64_t)census->blocks +
		     (census->raw_blocks > 0 ? census->raw_blocks : 0));
	FACT(large_objects);
	FACT(static_objects);
	FACT(disowned_objects);
	FACT(damaged_objects);
	FACT(damaged_edges);
	FACT(cut_gc_lists);
	FACT(is_collecting);
#undef FACT
	fact("shallow", (int64_t)heap->shallow);
	fact("block", (int64_t)heap->block);
	fact("exclusive", (int64_t)heap->exclusive);
}

static void print_types(const struct pyprof_heap *heap)
{
	for (size_t i = 0; i < heap->by_type.count; i++) {
		const struct pyprof_heap_type *type = &heap->by_type.items[i];
		if (type->type)
			printf("%llu\t%llu\t%llu\t%llu\t%llu\t%s\n",
			       (unsigned long long)type->count,
			       (unsigned long long)type->shallow,
			       (unsigned long long)type->block,
			       (unsigned long long)type->exclusive,
			       (unsigned long long)type->retained,
			       type->type->name);
	}
}

static struct pyprof_error *analyse(struct pyprof_heap *heap, const char *stage)
{
	int64_t start = now(), cpu = cpu_now();
	if (!strcmp(stage, "census") || !strcmp(stage, "typing"))
		return NULL;
	struct pyprof_error *err = pyprof_heap_link(heap, NULL);
	if (err)
		return err;
	fact("link_ns", now() - start);
	fact("link_cpu_ns", cpu_now() - cpu);
	fact("edges", heap->graph.first[heap->graph.node_count]);
	fact("roots", (int64_t)heap->roots.count);
	if (!strcmp(stage, "link"))
		return NULL;
	start = now();
	cpu = cpu_now();
	err = pyprof_heap_dominate(heap, NULL);
	if (err)
		return err;
	fact("dominate_ns", now() - start);
	fact("dominate_cpu_ns", cpu_now() - cpu);
	fact("reached", heap->dominators.reached_count);
	fact("reached_bytes", (int64_t)heap->dominators.reached_bytes);
	return NULL;
}

/* What another look at the target has that the first one did not. */
static struct pyprof_error *compare(struct pyprof_target *target,
				    const struct pyprof_heap *old)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory = NULL;
	_cleanup_(pyprof_heap_cleanup) struct pyprof_heap *new = NULL;
	struct pyprof_error *err = pyprof_memory_create(target, NULL, &memory);
	if (!err)
		err = pyprof_heap_create(memory, target, NULL, &new);
	if (err)
		return err;
	memory = NULL;
	err = pyprof_heap_dominate(new, NULL);
	struct pyprof_diff diff;
	int64_t start = now();
	if (!err)
		err = pyprof_diff_find(old, new, 20, NULL, &diff);
	if (err)
		return err;
	fact("diff_ns", now() - start);
	fact("diff_came", (int64_t)diff.came);
	fact("diff_went", (int64_t)diff.went);
	pyprof_diff_deinit(&diff);
	return NULL;
}

static struct pyprof_error *run(struct pyprof_target *target, const char *stage)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory = NULL;
	_cleanup_(pyprof_heap_cleanup) struct pyprof_heap *heap = NULL;
	struct pyprof_error *err = copy(target, &memory);
	if (err)
		return err;
	int64_t before = memory_fact("VmRSS"), ours = memory_fact("RssAnon");
	fact("memory_copy", before);
	int64_t start = now(), cpu = cpu_now();
	err = pyprof_heap_create(memory, target, NULL, &heap);
	if (err)
		return err;
	memory = NULL;
	fact("enumerate_ns", now() - start);
	fact("enumerate_cpu_ns", cpu_now() - cpu);
	/* Of a core, pages of the file do not count. */
	fact("census_bytes", memory_fact("RssAnon") - ours);
	print_census(heap);
	if (!strcmp(stage, "typing"))
		time_typing(heap);
	err = analyse(heap, stage);
	fact("memory_peak_beyond_copy", memory_fact("VmHWM") - before);
	if (!err && !strcmp(stage, "diff"))
		err = compare(target, heap);
	if (!err)
		print_types(heap);
	return err;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: heap PID|CORE "
				"[census|typing|link|dominate|diff "
				"[EXECUTABLE]]\n");
		return 2;
	}
	char *end;
	long pid = strtol(argv[1], &end, 10);
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *target = NULL;
	struct pyprof_error *err =
		*end ? pyprof_core_file_create(argv[1], NULL,
					       argc > 3 ? argv[3] : NULL,
					       &target)
		     : pyprof_linux_process_create((int32_t)pid, &target);
	if (!err)
		err = run(target, argc > 2 ? argv[2] : "census");
	return err ? fail(err) : 0;
}
