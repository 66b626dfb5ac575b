// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/heap_where.h"
#include "core/command/session.h"

enum { WHERE, LIMIT };

static const struct pyprof_option options[] = {
	[WHERE] = {.name = "--where",
		   .kind = PYPROF_OPTION_TEXT,
		   .placeholder = "EXPR",
		   .text = "only those that meet a condition, see above"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N objects (default: 20)"},
	{},
};

static const struct pyprof_column columns[] = {PYPROF_HEAP_OBJECT_COLUMNS};

struct search {
	const struct pyprof_heap *heap;
	struct pyprof_type_set types;
	struct pyprof_where *where;
	size_t limit;
	uint64_t count, bytes;
	struct pyprof_table *table;
};

/** How many objects are looked at between two looks at the user. */
#define OBJECTS_A_LOOK (1 << 16)

static void look_at(struct search *search, uint32_t id, uint64_t address)
{
	const struct pyprof_heap *heap = search->heap;
	struct pyprof_object object;
	struct pyprof_object_sizes sizes = {};
	/* Most are of other types: the type alone is a look-up. */
	int32_t offset = heap->types->layout->at.object.type;
	const uint8_t *bytes =
		pyprof_memory_at(heap->memory, address, (uint64_t)offset + 8);
	const struct pyprof_type *type =
		bytes ? pyprof_type_find(heap->types,
					 pyprof_word(bytes, offset))
		      : NULL;
	if (!type || !pyprof_type_set_has(&search->types, type) ||
	    !pyprof_heap_object(heap, id, &object) ||
	    (search->where &&
	     !pyprof_where_matches(search->where, heap, id, &object)))
		return;
	pyprof_heap_sizes(heap, &object, &sizes);
	search->count++;
	search->bytes += sizes.exclusive;
	if (pyprof_table_rows(search->table) >= search->limit)
		return;
	pyprof_table_row(search->table);
	pyprof_heap_put_object(heap, id, search->table);
}

static struct pyprof_error *walk(struct search *search,
				 const struct pyprof_progress *progress)
{
	const struct pyprof_index *index = &search->heap->index;
	struct pyprof_index_walk walk = {};
	uint64_t address = 0;
	uint32_t id = 0;
	while (pyprof_index_next(index, &walk, &id, &address)) {
		look_at(search, id, address);
		if (id % OBJECTS_A_LOOK)
			continue;
		struct pyprof_error *err = pyprof_progress(
			progress, "looking for objects", id, index->count);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *put(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				const struct pyprof_snapshot *snapshot,
				const struct search *search,
				struct pyprof_buf *out)
{
	if (arguments->json) {
		struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
		pyprof_snapshot_json_begin(snapshot, "find", &json);
		pyprof_json_key(&json, "count");
		pyprof_json_uint(&json, search->count);
		pyprof_json_key(&json, "exclusive");
		pyprof_json_uint(&json, search->bytes);
		return pyprof_table_end_json(search->table, "objects", &json);
	}
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, search->count);
	pyprof_buf_puts(out, " found, in ");
	pyprof_show_size(out, search->bytes);
	pyprof_buf_puts(out, "\n");
	if (!pyprof_table_rows(search->table))
		return NULL;
	pyprof_buf_putc(out, '\n');
	struct pyprof_error *err =
		pyprof_heap_write(session, arguments, search->table, out);
	pyprof_show_left_out(out, pyprof_table_rows(search->table),
			     search->count, "object");
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	_cleanup_(pyprof_where_cleanup) struct pyprof_where *where = NULL;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_snapshot *snapshot = NULL;
	struct search search = {
		.limit = pyprof_option_count(&given[LIMIT], 20),
	};
	struct pyprof_error *err = NULL;
	if (given[WHERE].given)
		err = pyprof_where_parse(given[WHERE].text, &where);
	bool retained = where && pyprof_where_needs_retained(where);
	if (!err)
		err = pyprof_table_create(
			columns, sizeof(columns) / sizeof(*columns), &table);
	if (!err)
		err = pyprof_snapshot_open(session, arguments->snapshot,
					   retained ? PYPROF_SNAPSHOT_DOMINATED
						    : PYPROF_SNAPSHOT_CENSUS,
					   &snapshot);
	if (!err)
		err = pyprof_snapshot_types(snapshot, arguments->positional[0],
					    &search.types);
	if (err)
		return err;
	search.heap = snapshot->heap;
	search.where = where;
	search.table = table;
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	err = walk(&search, &watch.progress);
	pyprof_watch_end(&watch);
	pyprof_type_set_deinit(&search.types);
	return err ? err : put(session, arguments, snapshot, &search, out);
}

const struct pyprof_command pyprof_cmd_heap_find = {
	.name = "heap find",
	.usage = "TYPE",
	.summary = "Find the objects of a type",
	.help = "TYPE is a full name, app.Node, or what is behind its last\n"
		"point, Node. Objects of subclasses are of another type.\n"
		"\n"
		"EXPR compares by <, <=, ==, !=, >=, > and joins by and:\n"
		"  size > 1mb               size, shallow, block, retained\n"
		"  len >= 10 and refcount == 1\n"
		"  .name == 'x'             an attribute: an int, a str in\n"
		"                           quotes, True, False or None\n"
		"size is that of the object with the buffers that it owns.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
