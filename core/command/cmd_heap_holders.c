// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/session.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N holders (default: 50)"},
	{},
};

static const struct pyprof_column columns[] = {
	PYPROF_HEAP_EDGE_COLUMNS,
	PYPROF_HEAP_OBJECT_COLUMNS,
};

/** Nodes that refer to one, the first of them kept. */
struct holders {
	uint32_t *ids;
	size_t kept;
	uint64_t count, references;
};

/** How many nodes are looked at between two looks at the user. */
#define NODES_A_LOOK (1 << 20)

static struct pyprof_error *find_holders(const struct pyprof_heap *heap,
					 uint32_t id, size_t limit,
					 const struct pyprof_progress *progress,
					 struct holders *holders)
{
	const struct pyprof_graph *graph = &heap->graph;
	for (uint32_t node = 0; node < graph->node_count; node++) {
		uint64_t before = holders->references;
		for (uint32_t i = graph->first[node];
		     i < graph->first[node + 1]; i++)
			holders->references += graph->targets[i] == id;
		if (holders->references != before) {
			if (holders->kept < limit)
				holders->ids[holders->kept++] = node;
			holders->count++;
		}
		if (node % NODES_A_LOOK)
			continue;
		struct pyprof_error *err =
			pyprof_progress(progress, "looking for holders", node,
					graph->node_count);
		if (err)
			return err;
	}
	return NULL;
}

/** A row for each reference of a holder to the object. */
static struct pyprof_error *put_holder(const struct pyprof_heap *heap,
				       uint32_t holder, uint64_t target,
				       struct pyprof_table *table)
{
	/* One that refers to it a million times says no more by it. */
	enum { EACH = 3 };
	_cleanup_(pyprof_heap_edges_deinit) struct pyprof_heap_edges edges = {};
	struct pyprof_object object;
	if (!pyprof_heap_object(heap, holder, &object))
		return NULL;
	struct pyprof_error *err =
		pyprof_heap_edges_read(heap, &object, target, EACH, &edges);
	for (size_t i = 0; !err && i < edges.items.count; i++) {
		pyprof_table_row(table);
		pyprof_heap_put_edge(heap, &edges.items.items[i], table);
		pyprof_heap_put_object(heap, holder, table);
	}
	return err;
}

/** The roots that are this object. */
static uint64_t put_roots(const struct pyprof_heap *heap, uint32_t id,
			  struct pyprof_table *table)
{
	uint64_t count = 0;
	for (size_t i = 0; i < heap->roots.count; i++) {
		const struct pyprof_heap_root *root = &heap->roots.items[i];
		if (root->object != id)
			continue;
		count++;
		pyprof_table_row(table);
		pyprof_table_text(table,
				  pyprof_strtab_get(heap->strings, root->name));
		pyprof_table_text(table, "root");
	}
	return count;
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct pyprof_object *object,
				     const struct holders *holders,
				     uint64_t roots,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "holders", &json);
	pyprof_json_key(&json, "address");
	pyprof_json_address(&json, object->address);
	pyprof_json_key(&json, "type");
	pyprof_json_string(&json, object->type->name);
	pyprof_json_key(&json, "count");
	pyprof_json_uint(&json, holders->count);
	pyprof_json_key(&json, "references");
	pyprof_json_uint(&json, holders->references);
	pyprof_json_key(&json, "roots");
	pyprof_json_uint(&json, roots);
	return pyprof_table_end_json(table, "holders", &json);
}

static void put_summary(const struct pyprof_snapshot *snapshot,
			const struct pyprof_object *object,
			const struct holders *holders, uint64_t roots,
			struct pyprof_buf *out)
{
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_object_show(snapshot->heap->types, object->address, out);
	pyprof_buf_printf(out, " (%s) is held by ", object->type->name);
	pyprof_show_count(out, holders->count, "object");
	if (roots) {
		pyprof_buf_puts(out, " and ");
		pyprof_show_count(out, roots, "root");
	}
	if (!roots && !holders->count)
		pyprof_buf_puts(out, ": nothing that pyprof knows of");
	pyprof_buf_puts(out, "\n\n");
}

static struct pyprof_error *read_holders(struct pyprof_session *session,
					 const struct pyprof_heap *heap,
					 uint32_t id, size_t limit,
					 struct holders *holders)
{
	size_t room =
		limit < heap->graph.node_count ? limit : heap->graph.node_count;
	holders->ids = calloc(room + 1, sizeof(*holders->ids));
	if (!holders->ids)
		return pyprof_error_oom();
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		find_holders(heap, id, room, &watch.progress, holders);
	pyprof_watch_end(&watch);
	return err;
}

static struct pyprof_error *
put(struct pyprof_session *session, const struct pyprof_arguments *arguments,
    const struct pyprof_snapshot *snapshot, const struct pyprof_object *object,
    uint32_t id, const struct holders *holders, struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	uint64_t roots = put_roots(snapshot->heap, id, table);
	for (size_t i = 0; !err && i < holders->kept; i++)
		err = put_holder(snapshot->heap, holders->ids[i],
				 object->address, table);
	if (!err && arguments->json)
		return put_json(snapshot, object, holders, roots, table, out);
	if (err)
		return err;
	put_summary(snapshot, object, holders, roots, out);
	if (pyprof_table_rows(table))
		err = pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, holders->kept, holders->count, "holder");
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *limit = &arguments->options[LIMIT];
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_object object;
	struct holders holders = {};
	uint32_t id = 0;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_LINKED, &snapshot);
	if (!err)
		err = pyprof_snapshot_object(snapshot, arguments->positional[0],
					     &id, &object);
	if (!err)
		err = read_holders(session, snapshot->heap, id,
				   pyprof_option_count(limit, 50), &holders);
	if (!err)
		err = put(session, arguments, snapshot, &object, id, &holders,
			  out);
	free(holders.ids);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_holders = {
	.name = "heap holders",
	.usage = "ADDRESS",
	.summary = "List what refers to an object, and by which name",
	.help = "Only what keeps it alive: weak references are not listed.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
