// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N references (default: 50)"},
	{},
};

static const struct pyprof_column columns[] = {
	PYPROF_HEAP_EDGE_COLUMNS,
	PYPROF_HEAP_OBJECT_COLUMNS,
};

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct pyprof_object *object,
				     const struct pyprof_heap_edges *edges,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "refs", &json);
	pyprof_json_key(&json, "address");
	pyprof_json_address(&json, object->address);
	pyprof_json_key(&json, "type");
	pyprof_json_string(&json, object->type->name);
	pyprof_json_key(&json, "damaged");
	pyprof_json_bool(&json, edges->is_damaged);
	pyprof_json_key(&json, "count");
	pyprof_json_uint(&json, edges->count);
	return pyprof_table_end_json(table, "refs", &json);
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     const struct pyprof_object *object,
				     const struct pyprof_heap_edges *edges,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_object_show(snapshot->heap->types, object->address, out);
	pyprof_buf_printf(out, " (%s) refers to ", object->type->name);
	pyprof_show_count(out, edges->count, "object");
	pyprof_buf_putc(out, '\n');
	if (edges->is_damaged)
		pyprof_buf_puts(out, "# it is damaged: there may be more\n");
	pyprof_buf_putc(out, '\n');
	struct pyprof_error *err =
		pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, pyprof_table_rows(table), edges->count,
			     "reference");
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *limit = &arguments->options[LIMIT];
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_(pyprof_heap_edges_deinit) struct pyprof_heap_edges edges = {};
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_object object;
	uint32_t id = 0;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_CENSUS, &snapshot);
	if (!err)
		err = pyprof_snapshot_object(snapshot, arguments->positional[0],
					     &id, &object);
	if (!err)
		err = pyprof_heap_edges_read(snapshot->heap, &object, 0,
					     pyprof_option_count(limit, 50),
					     &edges);
	if (!err)
		err = pyprof_table_create(
			columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (size_t i = 0; i < edges.items.count; i++) {
		const struct pyprof_heap_edge *edge = &edges.items.items[i];
		pyprof_table_row(table);
		pyprof_heap_put_edge(snapshot->heap, edge, table);
		pyprof_heap_put_address(snapshot->heap, edge->target, table);
	}
	return arguments->json ? put_json(snapshot, &object, &edges, table, out)
			       : put_text(session, arguments, snapshot, &object,
					  &edges, table, out);
}

const struct pyprof_command pyprof_cmd_heap_refs = {
	.name = "heap refs",
	.usage = "ADDRESS",
	.summary = "List what an object refers to",
	.help = "ADDRESS is written 0x7f0012345678, or decimal as id() prints\n"
		"it. References that do not keep their object alive are "
		"marked\n"
		"weak; those of types that pyprof knows nothing of are found "
		"by\n"
		"their addresses, and called by their offset.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
