// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/heap/garbage.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types, and cycles (default: 10)"},
	{},
};

/** More kinds of cycles than these nobody reads. */
#define LIMIT_MAX 1000

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, "count", "Count"},
	{PYPROF_COLUMN_BIG, "bytes", "Block bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
};

static struct pyprof_error *fill(const struct pyprof_garbage *garbage,
				 size_t limit, struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (size_t i = 0; i < garbage->types.count && i < limit; i++) {
		const struct pyprof_garbage_type *type =
			&garbage->types.items[i];
		pyprof_table_row(table);
		pyprof_table_uint(table, type->count);
		pyprof_table_uint(table, type->bytes);
		pyprof_table_part(table, type->bytes, garbage->bytes);
		pyprof_table_text(table, type->type->name);
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static void put_json_cycle(const struct pyprof_heap *heap,
			   const struct pyprof_garbage *garbage,
			   const struct pyprof_garbage_cycle *cycle,
			   struct pyprof_json *json)
{
	_cleanup_buf_ struct pyprof_buf way = PYPROF_BUF_INIT;
	pyprof_garbage_put_way(heap, garbage, cycle, &way);
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "count");
	pyprof_json_uint(json, cycle->count);
	pyprof_json_key(json, "objects");
	pyprof_json_uint(json, cycle->objects);
	pyprof_json_key(json, "bytes");
	pyprof_json_uint(json, cycle->bytes);
	pyprof_json_key(json, "example_bytes");
	pyprof_json_uint(json, cycle->example_bytes);
	pyprof_json_key(json, "example");
	pyprof_json_begin_array(json);
	for (uint32_t i = 0; i < cycle->link_count; i++)
		pyprof_json_address(
			json,
			pyprof_index_address(
				&heap->index,
				garbage->links.items[cycle->first_link + i]
					.object));
	pyprof_json_end_array(json);
	pyprof_json_key(json, "way");
	pyprof_json_string(json, way.data);
	pyprof_json_key(json, "types");
	pyprof_json_begin_object(json);
	for (uint32_t i = 0; i < cycle->member_count; i++) {
		const struct pyprof_garbage_type *member =
			&garbage->members.items[cycle->first_member + i];
		pyprof_json_key(json, member->type->name);
		pyprof_json_uint(json, member->count);
	}
	pyprof_json_end_object(json);
	pyprof_json_end_object(json);
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct pyprof_garbage *garbage,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	_cleanup_buf_ struct pyprof_buf reason = PYPROF_BUF_INIT;
	pyprof_snapshot_json_begin(snapshot, "garbage", &json);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"objects", garbage->objects},
		{"bytes", garbage->bytes},
		{"cycles", garbage->cycle_count},
		{"cycle_kinds", garbage->cycle_kinds},
		{"outside_cycles", garbage->outside_cycles},
		{"frozen", garbage->frozen_objects},
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pyprof_json_key(&json, counts[i].key);
		pyprof_json_uint(&json, counts[i].value);
	}
	pyprof_json_key(&json, "reason");
	pyprof_garbage_put_reason(snapshot->heap, garbage, &reason);
	pyprof_json_string(&json, garbage->objects ? reason.data : NULL);
	pyprof_json_key(&json, "types");
	struct pyprof_error *err = pyprof_table_write_json(table, &json);
	pyprof_json_key(&json, "kinds");
	pyprof_json_begin_array(&json);
	for (size_t i = 0; i < garbage->cycles.count; i++)
		put_json_cycle(snapshot->heap, garbage,
			       &garbage->cycles.items[i], &json);
	pyprof_json_end_array(&json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err;
}

static void put_cycle(const struct pyprof_heap *heap,
		      const struct pyprof_garbage *garbage,
		      const struct pyprof_garbage_cycle *cycle,
		      struct pyprof_buf *out)
{
	pyprof_buf_putc(out, '\n');
	pyprof_show_grouped(out, cycle->count);
	pyprof_buf_puts(out, cycle->count == 1 ? " cycle of " : " cycles of ");
	pyprof_show_count(out, cycle->objects, "object");
	pyprof_buf_puts(out, ", ");
	pyprof_show_size(out, cycle->bytes);
	pyprof_buf_puts(out, ": ");
	pyprof_garbage_put_members(garbage, cycle, out);
	pyprof_buf_puts(out, "\n  ");
	pyprof_garbage_put_way(heap, garbage, cycle, out);
	pyprof_buf_putc(out, '\n');
}

static void put_summary(const struct pyprof_snapshot *snapshot,
			const struct pyprof_garbage *garbage,
			struct pyprof_buf *out)
{
	pyprof_snapshot_header(snapshot, out);
	if (!garbage->objects) {
		pyprof_buf_puts(out, "# no garbage: roots reach all objects\n");
		return;
	}
	pyprof_buf_puts(out, "# a collection would free ");
	pyprof_show_size(out, garbage->bytes);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, garbage->objects);
	pyprof_buf_puts(out, " objects, ");
	pyprof_show_grouped(out, garbage->cycle_count);
	pyprof_buf_puts(out, garbage->cycle_count == 1 ? " cycle" : " cycles");
	pyprof_buf_puts(out, " and what they hold\n# ");
	pyprof_garbage_put_reason(snapshot->heap, garbage, out);
	pyprof_buf_puts(out, "\n\n");
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     const struct pyprof_garbage *garbage,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	put_summary(snapshot, garbage, out);
	if (!garbage->objects)
		return NULL;
	struct pyprof_error *err =
		pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, pyprof_table_rows(table),
			     garbage->types.count, "type");
	for (size_t i = 0; i < garbage->cycles.count; i++)
		put_cycle(snapshot->heap, garbage, &garbage->cycles.items[i],
			  out);
	pyprof_show_left_out(out, garbage->cycles.count, garbage->cycle_kinds,
			     "kinds of cycles");
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_garbage garbage = {};
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_watch watch;
	size_t limit = pyprof_option_count(&given[LIMIT], 10);
	if (limit > LIMIT_MAX)
		limit = LIMIT_MAX;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_DOMINATED, &snapshot);
	if (err)
		return err;
	pyprof_watch_begin(&watch, session);
	err = pyprof_garbage_find(snapshot->heap, limit, &watch.progress,
				  &garbage);
	pyprof_watch_end(&watch);
	if (!err)
		err = fill(&garbage, limit, &table);
	if (!err)
		err = arguments->json ? put_json(snapshot, &garbage, table, out)
				      : put_text(session, arguments, snapshot,
						 &garbage, table, out);
	pyprof_garbage_deinit(&garbage);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_garbage = {
	.name = "heap garbage",
	.usage = "",
	.summary = "Show what a collection would free, and the cycles in it",
	.help = "Objects that refer to each other in a circle are not freed "
		"when\n"
		"nothing else refers to them, but by the next collection. "
		"Cycles of\n"
		"as many objects of the same types are counted as one kind.",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
