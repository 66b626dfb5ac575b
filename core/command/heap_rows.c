// SPDX-License-Identifier: Apache-2.0
#include "core/command/heap_rows.h"

void pyprof_heap_put_object(const struct pyprof_heap *heap, uint32_t id,
			    struct pyprof_table *table)
{
	uint64_t address = pyprof_index_address(&heap->index, id);
	_cleanup_buf_ struct pyprof_buf value = PYPROF_BUF_INIT;
	struct pyprof_object object;
	pyprof_table_uint(table, address);
	if (!pyprof_heap_object(heap, id, &object))
		return;
	struct pyprof_object_sizes sizes = {};
	pyprof_heap_sizes(heap, &object, &sizes);
	pyprof_table_uint(table, sizes.shallow);
	pyprof_table_uint(table, sizes.exclusive);
	if (heap->is_dominated)
		pyprof_table_uint(table, heap->dominators.retained[id]);
	else
		pyprof_table_skip(table);
	pyprof_table_text(table, object.type->name);
	pyprof_object_show(heap->types, address, &value);
	pyprof_table_bytes(table, value.data, value.length);
}

void pyprof_heap_put_address(const struct pyprof_heap *heap, uint64_t address,
			     struct pyprof_table *table)
{
	uint32_t id = pyprof_index_id(&heap->index, address);
	if (id != PYPROF_NO_OBJECT)
		pyprof_heap_put_object(heap, id, table);
	else
		pyprof_table_uint(table, address);
}

struct sink {
	struct pyprof_edge_sink base;
	struct pyprof_heap_edges *edges;
	uint64_t wanted;
	size_t limit;
	bool failed;
};

static void take(struct pyprof_edge_sink *base, uint64_t target, unsigned kind,
		 uint64_t label)
{
	struct sink *sink = (struct sink *)base;
	struct pyprof_heap_edges *edges = sink->edges;
	if (sink->wanted && target != sink->wanted)
		return;
	edges->count++;
	if (edges->items.count < sink->limit &&
	    !pyprof_vec_push(&edges->items,
			     (struct pyprof_heap_edge){target, kind, label}))
		sink->failed = true;
}

struct pyprof_error *pyprof_heap_edges_read(const struct pyprof_heap *heap,
					    const struct pyprof_object *object,
					    uint64_t target, size_t limit,
					    struct pyprof_heap_edges *ret)
{
	struct pyprof_heap_edges edges = {};
	struct sink sink = {
		.base = {.edge = take},
		.edges = &edges,
		.wanted = target,
		.limit = limit,
	};
	edges.is_damaged =
		!pyprof_object_edges(heap->types, object, &sink.base);
	if (sink.failed) {
		pyprof_heap_edges_deinit(&edges);
		return pyprof_error_oom();
	}
	*ret = edges;
	return NULL;
}

void pyprof_heap_edges_deinit(struct pyprof_heap_edges *edges)
{
	pyprof_vec_deinit(&edges->items);
}

const char *pyprof_heap_edge_word(unsigned kind)
{
	static const char *const words[] = {
		[PYPROF_EDGE_TYPE] = "type",
		[PYPROF_EDGE_MEMBER] = "member",
		[PYPROF_EDGE_ITEM] = "item",
		[PYPROF_EDGE_KEY] = "key",
		[PYPROF_EDGE_VALUE] = "value",
		[PYPROF_EDGE_ATTRIBUTE] = "attribute",
		[PYPROF_EDGE_SLOT] = "slot",
		[PYPROF_EDGE_LOCAL] = "local",
		[PYPROF_EDGE_STACK] = "stack",
		[PYPROF_EDGE_SCANNED] = "scanned",
		[PYPROF_EDGE_WEAK] = "weak",
	};
	kind &= PYPROF_EDGE_KIND_MASK;
	return kind < sizeof(words) / sizeof(*words) ? words[kind] : "unknown";
}

void pyprof_heap_put_edge(const struct pyprof_heap *heap,
			  const struct pyprof_heap_edge *edge,
			  struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	unsigned kind = edge->kind & PYPROF_EDGE_KIND_MASK;
	pyprof_edge_show(heap->types, edge->kind, edge->label, &name);
	if (kind == PYPROF_EDGE_WEAK)
		pyprof_buf_puts(&name, " (weak)");
	pyprof_table_bytes(table, name.data, name.length);
	pyprof_table_text(table, pyprof_heap_edge_word(kind));
}
