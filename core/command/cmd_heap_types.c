// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"

enum { SORT, RETAINED, LIMIT };

static const char *const sort_words[] = {
	[PYPROF_HEAP_BY_SIZE] = "size",
	[PYPROF_HEAP_BY_RETAINED] = "retained",
	[PYPROF_HEAP_BY_COUNT] = "count",
	NULL,
};

static const struct pyprof_option options[] = {
	[SORT] = {.name = "--sort",
		  .kind = PYPROF_OPTION_CHOICE,
		  .text = "what comes first (default: size)",
		  .choices = sort_words},
	[RETAINED] = {.name = "--retained",
		      .kind = PYPROF_OPTION_FLAG,
		      .text = "compute retained sizes, too"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types (default: 25)"},
	{},
};

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, "count", "Count"},
	{PYPROF_COLUMN_BIG, "shallow", "Shallow bytes"},
	{PYPROF_COLUMN_BIG, "block", NULL},
	{PYPROF_COLUMN_BIG, "exclusive", "Block bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_BIG, "retained", "Retained bytes"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
};

static void put_row(const struct pyprof_heap *heap,
		    const struct pyprof_heap_type *type,
		    struct pyprof_table *table)
{
	pyprof_table_row(table);
	pyprof_table_uint(table, type->count);
	pyprof_table_uint(table, type->shallow);
	pyprof_table_uint(table, type->block);
	pyprof_table_uint(table, type->exclusive);
	pyprof_table_part(table, type->exclusive, heap->exclusive);
	if (heap->is_dominated)
		pyprof_table_uint(table, type->retained);
	else
		pyprof_table_skip(table);
	pyprof_table_text(table, type->type->name);
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct pyprof_table *table,
				     size_t count, struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = snapshot->heap;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "types", &json);
	pyprof_json_key(&json, "objects");
	pyprof_json_uint(&json, heap->index.count);
	pyprof_json_key(&json, "shallow");
	pyprof_json_uint(&json, heap->shallow);
	pyprof_json_key(&json, "block");
	pyprof_json_uint(&json, heap->block);
	pyprof_json_key(&json, "exclusive");
	pyprof_json_uint(&json, heap->exclusive);
	pyprof_json_key(&json, "type_count");
	pyprof_json_uint(&json, count);
	return pyprof_table_end_json(table, "types", &json);
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     const struct pyprof_table *table,
				     size_t count, struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = snapshot->heap;
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, heap->index.count);
	pyprof_buf_puts(out, " objects of ");
	pyprof_show_count(out, count, "type");
	pyprof_buf_puts(out, " in ");
	pyprof_show_size(out, heap->exclusive);
	pyprof_buf_puts(out, "\n\n");
	struct pyprof_error *err =
		pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, pyprof_table_rows(table), count, "type");
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	enum pyprof_heap_sort sort = (enum pyprof_heap_sort)given[SORT].number;
	size_t limit = pyprof_option_count(&given[LIMIT], 25);
	bool retained =
		sort == PYPROF_HEAP_BY_RETAINED || given[RETAINED].given;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err = pyprof_snapshot_open(
		session, arguments->snapshot,
		retained ? PYPROF_SNAPSHOT_DOMINATED : PYPROF_SNAPSHOT_CENSUS,
		&snapshot);
	if (err)
		return err;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_free_ const struct pyprof_heap_type **rows = NULL;
	size_t count = 0;
	err = pyprof_heap_sort_types(snapshot->heap, sort, &rows, &count);
	if (!err)
		err = pyprof_table_create(
			columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (size_t i = 0; i < count && i < limit; i++)
		put_row(snapshot->heap, rows[i], table);
	return arguments->json ? put_json(snapshot, table, count, out)
			       : put_text(session, arguments, snapshot, table,
					  count, out);
}

const struct pyprof_command pyprof_cmd_heap_types = {
	.name = "heap types",
	.usage = "",
	.summary = "List the types of objects: how many, how big",
	.help = "Shallow is what sys.getsizeof() says. Block is what the\n"
		"allocator gave for the objects and the buffers that they "
		"own:\n"
		"items of lists, tables of dicts. Retained is what would be\n"
		"freed if all objects of the type went; it takes seconds for\n"
		"millions of objects, so it is computed only when asked for.",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
