// SPDX-License-Identifier: Apache-2.0
/*
 * objects PID|CORE [EXECUTABLE]: what pyprof finds in the heap of a process
 * that stands still, or of a core file:
 *
 *	census	NAME	NUMBER
 *	object	ADDRESS	TYPE	SIZE	BLOCK	TOLD...	UNTOLD...
 *
 * The census ends with how many objects pyprof_heap_find() does not find.
 * SIZE is sys.getsizeof()'s, `?` when the object is damaged; BLOCK the size of
 * the allocator's block. TOLD are the references that gc.get_referents() tells
 * of, UNTOLD the others, as addresses with a blank between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/heap/heap.h"
#include "core/target/core_file.h"
#include "core/target/linux_process.h"

struct edges {
	struct pyprof_edge_sink sink;
	struct pyprof_buf told, untold;
};

static void note_edge(struct pyprof_edge_sink *sink, uint64_t target,
		      unsigned kind, uint64_t label)
{
	struct edges *edges = (struct edges *)sink;
	(void)label;
	if ((kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_WEAK &&
	    !(kind & PYPROF_EDGE_BORROWED))
		return;
	struct pyprof_buf *buf =
		kind & PYPROF_EDGE_UNTOLD ? &edges->untold : &edges->told;
	pyprof_buf_printf(buf, "%s%llx", buf->length ? " " : "",
			  (unsigned long long)target);
}

static void print_object(const struct pyprof_heap *heap,
			 const struct pyprof_object *object)
{
	struct edges edges = {.sink.edge = note_edge,
			      .told = PYPROF_BUF_INIT,
			      .untold = PYPROF_BUF_INIT};
	uint64_t size;
	char text[32] = "?";
	if (pyprof_object_size(heap->types, object, &size))
		snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	bool is_whole = pyprof_object_edges(heap->types, object, &edges.sink);
	struct pyprof_object_sizes sizes;
	pyprof_heap_sizes(heap, object, &sizes);
	printf("object\t%llx\t%s\t%s\t%llu\t%s\t%s%s\n",
	       (unsigned long long)object->address, object->type->name, text,
	       (unsigned long long)sizes.block, edges.told.data,
	       edges.untold.data, is_whole ? "" : " damaged");
	pyprof_buf_deinit(&edges.told);
	pyprof_buf_deinit(&edges.untold);
}

#define CENSUS(name) \
	printf("census\t" #name "\t%lld\n", (long long)heap->census.name)

static void print_census(const struct pyprof_heap *heap)
{
	CENSUS(arenas);
	CENSUS(pools_used);
	CENSUS(pools_damaged);
	CENSUS(pools_missing);
	CENSUS(blocks);
	CENSUS(object_blocks);
	CENSUS(buffer_blocks);
	CENSUS(freelist_blocks);
	CENSUS(other_blocks);
	CENSUS(raw_blocks);
	CENSUS(large_objects);
	CENSUS(static_objects);
	CENSUS(damaged_objects);
	CENSUS(damaged_edges);
	CENSUS(cut_gc_lists);
	printf("census\tallocator\t%d\n", heap->allocators.kind);
	printf("census\tdebug_hooks\t%d\n", heap->allocators.has_debug_hooks);
}

/* Objects that are not found by their own address. */
static void print_lost(const struct pyprof_heap *heap)
{
	struct pyprof_index_walk walk = {0};
	uint32_t id;
	uint64_t address;
	unsigned lost = 0;
	while (pyprof_index_next(&heap->index, &walk, &id, &address))
		lost += pyprof_heap_find(heap, address) != id;
	printf("census\tlost_objects\t%u\n", lost);
}

static struct pyprof_error *print_heap(struct pyprof_target *target)
{
	struct pyprof_memory *memory;
	_cleanup_(pyprof_heap_cleanup) struct pyprof_heap *heap = NULL;
	struct pyprof_error *err = pyprof_memory_create(target, NULL, &memory);
	if (!err)
		err = pyprof_heap_create(memory, target, NULL, &heap);
	if (err)
		return err;
	print_census(heap);
	print_lost(heap);
	struct pyprof_index_walk walk = {0};
	uint32_t id;
	uint64_t address;
	while (pyprof_index_next(&heap->index, &walk, &id, &address)) {
		struct pyprof_object object;
		if (pyprof_heap_object(heap, id, &object))
			print_object(heap, &object);
		else
			printf("damaged\t%llx\n", (unsigned long long)address);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *target = NULL;
	int pid = atoi(argv[1]);
	struct pyprof_error *err =
		pid ? pyprof_linux_process_create(pid, &target)
		    : pyprof_core_file_create(argv[1], NULL,
					      argc > 2 ? argv[2] : NULL,
					      &target);
	if (!err)
		err = print_heap(target);
	if (!err)
		return 0;
	fprintf(stderr, "objects: %s\n", err->message);
	pyprof_error_destroy(err);
	return 1;
}
