// SPDX-License-Identifier: Apache-2.0
#include "core/heap/heap.h"

#include "core/heap/census.h"

void pyprof_heap_destroy(struct pyprof_heap *heap)
{
	if (!heap)
		return;
	if (heap->is_dominated)
		pyprof_dominators_deinit(&heap->dominators);
	free(heap->type_of);
	pyprof_vec_deinit(&heap->roots);
	pyprof_graph_deinit(&heap->graph);
	pyprof_vec_deinit(&heap->by_type);
	pyprof_index_deinit(&heap->index);
	pyprof_static_ranges_deinit(&heap->statics);
	pyprof_blocks_deinit(&heap->blocks);
	pyprof_allocators_deinit(&heap->allocators);
	pyprof_strtab_destroy(heap->strings);
	pyprof_types_destroy(heap->types);
	pyprof_python_destroy(heap->python);
	pyprof_target_destroy(heap->target);
	pyprof_memory_destroy(heap->memory);
	free(heap);
}

static struct pyprof_error *prepare(struct pyprof_heap *heap,
				    struct pyprof_target *base)
{
	struct pyprof_error *err =
		pyprof_memory_target(heap->memory, base, &heap->target);
	if (!err)
		err = pyprof_python_find(heap->target, &heap->python);
	if (!err)
		err = pyprof_types_create(heap->memory, heap->python,
					  &heap->types);
	if (!err)
		err = pyprof_strtab_create(&heap->strings);
	if (!err)
		err = pyprof_static_ranges_read(heap->memory, heap->target,
						&heap->statics);
	if (!err)
		err = pyprof_allocators_read(heap->memory, heap->python,
					     &heap->allocators);
	if (!err)
		err = pyprof_index_init(heap->memory, &heap->index);
	return err;
}

static bool is_counted(void *context, uint64_t address)
{
	return pyprof_index_has(context, address);
}

/*
 * With all objects known, words that are scanned lead to them alone: which
 * types were met on the way depends on how the threads took turns.
 */
static void close_census(struct pyprof_heap *heap)
{
	heap->types->is_object = is_counted;
	heap->types->is_object_context = &heap->index;
}

struct pyprof_error *pyprof_heap_create(struct pyprof_memory *memory,
					struct pyprof_target *base,
					const struct pyprof_progress *progress,
					struct pyprof_heap **ret)
{
	struct pyprof_heap *heap = calloc(1, sizeof(*heap));
	if (!heap)
		return pyprof_error_oom();
	heap->memory = memory;
	struct pyprof_error *err = prepare(heap, base);
	if (!err && heap->python->layout.is_free_threaded)
		err = pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"the heap of free-threaded builds cannot be read yet");
	if (!err)
		err = pyprof_census_take(heap, progress);
	if (err) {
		heap->memory = NULL;
		pyprof_heap_destroy(heap);
		return err;
	}
	close_census(heap);
	*ret = heap;
	return NULL;
}

bool pyprof_heap_object(const struct pyprof_heap *heap, uint32_t id,
			struct pyprof_object *ret)
{
	uint64_t address = pyprof_index_address(&heap->index, id);
	return address && pyprof_object_known(heap->types, address, ret);
}

uint64_t pyprof_heap_block(const struct pyprof_heap *heap, uint64_t address)
{
	struct pyprof_block block;
	if (pyprof_blocks_find(&heap->blocks, address, &block))
		return block.size;
	if (pyprof_is_static(&heap->statics, address))
		return 0;
	uint32_t header = pyprof_block_header(heap);
	uint64_t size = pyprof_chunk_size(heap->memory, address - header);
	/* What is too large for pools has passed two layers of debug hooks. */
	if (!size && header)
		size = pyprof_chunk_size(heap->memory, address - 2 * header);
	return size;
}

struct buffer_sum {
	struct pyprof_buffer_sink sink;
	const struct pyprof_heap *heap;
	uint64_t bytes;
};

static void add_buffer(struct pyprof_buffer_sink *sink, uint64_t address,
		       uint64_t size)
{
	struct buffer_sum *sum = (struct buffer_sum *)sink;
	uint64_t block = pyprof_heap_block(sum->heap, address);
	sum->bytes += block ? block : size;
}

void pyprof_heap_sizes(const struct pyprof_heap *heap,
		       const struct pyprof_object *object,
		       struct pyprof_object_sizes *ret)
{
	struct buffer_sum sum = {
		.sink.buffer = add_buffer,
		.heap = heap,
	};
	*ret = (struct pyprof_object_sizes){};
	if (!pyprof_object_size(heap->types, object, &ret->shallow))
		ret->shallow = 0;
	ret->block = pyprof_heap_block(
		heap,
		object->address - pyprof_object_presize(heap->types, object));
	pyprof_object_buffers(heap->types, object, &sum.sink);
	ret->exclusive = ret->block + sum.bytes;
}

/* The object of a pool's block. */
static uint32_t find_in_block(const struct pyprof_heap *heap,
			      const struct pyprof_block *block)
{
	uint64_t start = block->start + pyprof_block_header(heap);
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		/* Behind the smallest blocks is the next one. */
		if (start + pyprof_presizes[i] >= block->start + block->size)
			continue;
		uint32_t id = pyprof_index_id(&heap->index,
					      start + pyprof_presizes[i]);
		if (id != PYPROF_NO_OBJECT)
			return id;
	}
	return PYPROF_NO_OBJECT;
}

/* The last object that begins at an address or before it, in a segment. */
static uint32_t find_before(const struct pyprof_heap *heap, uint64_t address)
{
	const struct pyprof_memory_segment *segment =
		pyprof_memory_segment(heap->memory, address);
	if (!segment)
		return PYPROF_NO_OBJECT;
	uint32_t page = pyprof_memory_page(heap->memory, address);
	/* Ids of all objects that begin before the end of the page. */
	uint32_t low = heap->index.before[page];
	for (int i = 0; i < 4; i++)
		low += (uint32_t)__builtin_popcountll(
			heap->index.pages[page].starts[i]);
	while (low-- > 0) {
		uint64_t start = pyprof_index_address(&heap->index, low);
		if (start < segment->start)
			break;
		if (start <= address)
			return low;
	}
	return PYPROF_NO_OBJECT;
}

/* Whether an address lies in an object that is in no pool. */
static bool lies_in(const struct pyprof_heap *heap, uint32_t id,
		    uint64_t address)
{
	struct pyprof_object object;
	struct pyprof_object_sizes sizes;
	if (id == PYPROF_NO_OBJECT || !pyprof_heap_object(heap, id, &object))
		return false;
	pyprof_heap_sizes(heap, &object, &sizes);
	uint64_t start =
		object.address - pyprof_object_presize(heap->types, &object);
	uint64_t size = sizes.block ? sizes.block : sizes.shallow;
	return address - start < size;
}

uint32_t pyprof_heap_find(const struct pyprof_heap *heap, uint64_t address)
{
	struct pyprof_block block;
	if (pyprof_blocks_find(&heap->blocks, address, &block))
		return find_in_block(heap, &block);
	uint32_t id = pyprof_index_id(&heap->index, address & ~UINT64_C(7));
	if (id != PYPROF_NO_OBJECT)
		return id;
	/* What stands before an object is its, too. */
	for (size_t i = 0; i < PYPROF_PRESIZE_COUNT; i++) {
		id = find_before(heap, address + pyprof_presizes[i]);
		if (lies_in(heap, id, address))
			return id;
	}
	return PYPROF_NO_OBJECT;
}
