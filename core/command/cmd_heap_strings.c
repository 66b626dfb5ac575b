// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/heap/strings.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N texts (default: 20)"},
	{},
};

/** More groups than these are not worth what finding their holders takes. */
#define LIMIT_MAX 1000
/** Types that hold a text: so many are named. */
#define NAMED_HOLDERS 3

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, "wasted", "Wasted bytes"},
	{PYPROF_COLUMN_BIG, "copies", "Copies"},
	{PYPROF_COLUMN_BIG, "bytes", NULL},
	{PYPROF_COLUMN_BIG, "length", "Length"},
	{PYPROF_COLUMN_NAME, "type", NULL},
	{PYPROF_COLUMN_ADDRESS, "address", "One of them"},
	{PYPROF_COLUMN_NAME, "held_by", "Held by"},
	{PYPROF_COLUMN_TEXT, "text", "Text"},
};

/** "app.Row 1,000, list 24": of a group, from holder `at` on. */
static void put_holders(const struct pyprof_strings *strings, uint32_t group,
			size_t *at, struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	size_t named = 0;
	for (; *at < strings->holders.count &&
	       strings->holders.items[*at].group == group;
	     ++*at) {
		const struct pyprof_string_holder *holder =
			&strings->holders.items[*at];
		if (++named > NAMED_HOLDERS)
			continue;
		pyprof_buf_printf(&text, "%s%s ", named > 1 ? ", " : "",
				  holder->type->name);
		pyprof_show_grouped(&text, holder->references);
	}
	if (named > NAMED_HOLDERS)
		pyprof_buf_puts(&text, ", …");
	pyprof_table_bytes(table, text.data, text.length);
}

static struct pyprof_error *fill(const struct pyprof_heap *heap,
				 const struct pyprof_strings *strings,
				 struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	size_t holder = 0;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (size_t i = 0; i < strings->groups.count; i++) {
		const struct pyprof_string_group *group =
			&strings->groups.items[i];
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		struct pyprof_object object;
		uint64_t address =
			pyprof_index_address(&heap->index, group->object);
		pyprof_table_row(table);
		pyprof_table_uint(table, group->wasted);
		pyprof_table_uint(table, group->copies);
		pyprof_table_uint(table, group->bytes);
		pyprof_table_uint(table, group->length);
		if (pyprof_heap_object(heap, group->object, &object))
			pyprof_table_text(table, object.type->name);
		else
			pyprof_table_skip(table);
		pyprof_table_uint(table, address);
		put_holders(strings, (uint32_t)i, &holder, table);
		pyprof_object_show(heap->types, address, &text);
		pyprof_table_bytes(table, text.data, text.length);
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct pyprof_strings *strings,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "strings", &json);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"objects", strings->objects},
		{"bytes", strings->bytes},
		{"distinct", strings->distinct},
		{"duplicated", strings->group_count},
		{"wasted", strings->wasted},
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pyprof_json_key(&json, counts[i].key);
		pyprof_json_uint(&json, counts[i].value);
	}
	return pyprof_table_end_json(table, "strings", &json);
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     const struct pyprof_strings *strings,
				     const struct pyprof_table *table,
				     struct pyprof_buf *out)
{
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, strings->objects);
	pyprof_buf_puts(out, " str and bytes objects in ");
	pyprof_show_size(out, strings->bytes);
	pyprof_buf_puts(out, "; ");
	pyprof_show_grouped(out, strings->distinct);
	pyprof_buf_puts(out, " differ\n# ");
	pyprof_show_grouped(out, strings->group_count);
	pyprof_buf_puts(out, " are there more than once, which wastes ");
	pyprof_show_size(out, strings->wasted);
	pyprof_buf_puts(out, "\n\n");
	struct pyprof_error *err = NULL;
	if (pyprof_table_rows(table))
		err = pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, strings->groups.count, strings->group_count,
			     "text");
	return err;
}

static struct pyprof_error *find(struct pyprof_session *session,
				 struct pyprof_heap *heap, size_t limit,
				 struct pyprof_strings *strings)
{
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		pyprof_strings_find(heap, limit, &watch.progress, strings);
	if (!err)
		err = pyprof_strings_holders(heap, strings, &watch.progress);
	pyprof_watch_end(&watch);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_strings strings = {};
	struct pyprof_snapshot *snapshot = NULL;
	size_t limit = pyprof_option_count(&given[LIMIT], 20);
	if (limit > LIMIT_MAX)
		limit = LIMIT_MAX;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_LINKED, &snapshot);
	if (!err)
		err = find(session, snapshot->heap, limit, &strings);
	if (!err)
		err = fill(snapshot->heap, &strings, &table);
	if (!err)
		err = arguments->json ? put_json(snapshot, &strings, table, out)
				      : put_text(session, arguments, snapshot,
						 &strings, table, out);
	pyprof_strings_deinit(&strings);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_strings = {
	.name = "heap strings",
	.usage = "",
	.summary = "Show text that is there more than once, and its waste",
	.help = "Objects of str and bytes with equal contents; those of "
		"subclasses\n"
		"are left alone. What all copies but one take is wasted.",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
