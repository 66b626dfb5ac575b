// SPDX-License-Identifier: Apache-2.0
/*
 * retained PID: who holds whom, and how much, in a process that stands still:
 *
 *	object	ADDRESS	TYPE	EXCLUSIVE	RETAINED DOMINATOR
 *TARGETS... root	ADDRESS	NAME type	NAME	RETAINED
 *
 * DOMINATOR is 0 where there is none, `-` of what is not reached; TARGETS are
 * the references that keep something alive.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/heap/heap.h"
#include "core/target/linux_process.h"

static unsigned long long address_of(const struct pyprof_heap *heap,
				     uint32_t id)
{
	return pyprof_index_address(&heap->index, id);
}

static void print_object(const struct pyprof_heap *heap, uint32_t id)
{
	struct pyprof_object object;
	struct pyprof_object_sizes sizes = {};
	uint32_t idom = heap->dominators.idom[id];
	bool is_object = pyprof_heap_object(heap, id, &object);
	if (is_object)
		pyprof_heap_sizes(heap, &object, &sizes);
	printf("object\t%llx\t%s\t%llu\t%llu\t", address_of(heap, id),
	       is_object ? object.type->name : "?",
	       (unsigned long long)sizes.exclusive,
	       (unsigned long long)heap->dominators.retained[id]);
	if (!pyprof_is_reached(&heap->dominators, id))
		putchar('-');
	else
		printf("%llx",
		       idom == PYPROF_NO_NODE ? 0 : address_of(heap, idom));
	putchar('\t');
	for (uint32_t at = heap->graph.first[id];
	     at < heap->graph.first[id + 1]; at++)
		printf("%llx ", address_of(heap, heap->graph.targets[at]));
	putchar('\n');
}

static struct pyprof_error *run(struct pyprof_target *target)
{
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory = NULL;
	_cleanup_(pyprof_heap_cleanup) struct pyprof_heap *heap = NULL;
	struct pyprof_error *err = pyprof_memory_create(target, NULL, &memory);
	if (!err)
		err = pyprof_heap_create(memory, target, NULL, &heap);
	if (err)
		return err;
	memory = NULL;
	err = pyprof_heap_dominate(heap, NULL);
	if (err)
		return err;
	for (uint32_t id = 0; id < heap->index.count; id++)
		print_object(heap, id);
	for (size_t i = 0; i < heap->roots.count; i++)
		printf("root\t%llx\t%s\n",
		       address_of(heap, heap->roots.items[i].object),
		       pyprof_strtab_get(heap->strings,
					 heap->roots.items[i].name));
	for (size_t i = 0; i < heap->by_type.count; i++)
		if (heap->by_type.items[i].type)
			printf("type\t%s\t%llu\n",
			       heap->by_type.items[i].type->name,
			       (unsigned long long)heap->by_type.items[i]
				       .retained);
	return NULL;
}

int main(int argc, char **argv)
{
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *target = NULL;
	if (argc != 2) {
		fprintf(stderr, "usage: retained PID\n");
		return 2;
	}
	struct pyprof_error *err =
		pyprof_linux_process_create(atoi(argv[1]), &target);
	if (!err)
		err = run(target);
	if (!err)
		return 0;
	fprintf(stderr, "retained: %s\n", err->message);
	pyprof_error_destroy(err);
	return 1;
}
