// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Objects and references as rows of tables, the same in all heap commands.
 */
#ifndef PYPROF_COMMAND_HEAP_ROWS_H
#define PYPROF_COMMAND_HEAP_ROWS_H

#include "core/command/heap_session.h"

/** The columns that pyprof_heap_put_object() fills. */
#define PYPROF_HEAP_OBJECT_COLUMNS                                 \
	{PYPROF_COLUMN_ADDRESS, "address", "Address"},             \
		{PYPROF_COLUMN_BIG, "shallow", NULL},              \
		{PYPROF_COLUMN_BIG, "exclusive", "Bytes"},         \
		{PYPROF_COLUMN_BIG, "retained", "Retained bytes"}, \
		{PYPROF_COLUMN_NAME, "type", "Type"},              \
	{                                                          \
		PYPROF_COLUMN_TEXT, "value", "Value"               \
	}

/** The cells of an object; its retained size when the heap is dominated. */
void pyprof_heap_put_object(const struct pyprof_heap *heap, uint32_t id,
			    struct pyprof_table *table);
/** The same for an address, where there may be none. */
void pyprof_heap_put_address(const struct pyprof_heap *heap, uint64_t address,
			     struct pyprof_table *table);

/** One reference that an object holds. */
struct pyprof_heap_edge {
	uint64_t target;
	/** With its flags. */
	unsigned kind;
	uint64_t label;
};

struct pyprof_heap_edges {
	PYPROF_VEC(struct pyprof_heap_edge) items;
	/** All that were wanted, those beyond the limit too. */
	uint64_t count;
	bool is_damaged;
};

/**
 * The references of an object: all, or those to one target.
 *
 * @param target 0 for all.
 * @param limit No more are kept than this.
 */
struct pyprof_error *pyprof_heap_edges_read(const struct pyprof_heap *heap,
					    const struct pyprof_object *object,
					    uint64_t target, size_t limit,
					    struct pyprof_heap_edges *ret)
	PYPROF_MUST_CHECK;
void pyprof_heap_edges_deinit(struct pyprof_heap_edges *edges);

/** "item", "attribute", "weak" …: the word for an edge kind in JSON. */
const char *pyprof_heap_edge_word(unsigned kind);

/** The cells `name` and `reference` of an edge. */
#define PYPROF_HEAP_EDGE_COLUMNS                        \
	{PYPROF_COLUMN_NAME, "reference", "Reference"}, \
	{                                               \
		PYPROF_COLUMN_NAME, "kind", NULL        \
	}
void pyprof_heap_put_edge(const struct pyprof_heap *heap,
			  const struct pyprof_heap_edge *edge,
			  struct pyprof_table *table);

#endif /* PYPROF_COMMAND_HEAP_ROWS_H */
