// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_diff_report.h"

#include "core/base/show.h"
#include "core/base/table.h"
#include "core/report/cells.h"

enum { OLD, NEW };

static const struct pyprof_column type_columns[] = {
	{PYPROF_COLUMN_BIG, "count_before", NULL},
	{PYPROF_COLUMN_BIG, "count_after", "Count"},
	{PYPROF_COLUMN_BIG, "count_delta", "+/-"},
	{PYPROF_COLUMN_BIG, "came", "New"},
	{PYPROF_COLUMN_BIG, "went", "Gone"},
	{PYPROF_COLUMN_BIG, "shallow_before", NULL},
	{PYPROF_COLUMN_BIG, "shallow_after", NULL},
	{PYPROF_COLUMN_BIG, "shallow_delta", NULL},
	{PYPROF_COLUMN_BIG, "bytes_before", NULL},
	{PYPROF_COLUMN_BIG, "bytes_after", "Block bytes"},
	{PYPROF_COLUMN_BIG, "bytes_delta", "+/-"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
};

static const struct pyprof_column holder_columns[] = {
	{PYPROF_COLUMN_BIG, "retained_before", NULL},
	{PYPROF_COLUMN_BIG, "retained_after", "Retained bytes"},
	{PYPROF_COLUMN_BIG, "delta", "+/-"},
	{PYPROF_COLUMN_BIG, "new_objects", "New objects"},
	{PYPROF_COLUMN_BIG, "new_bytes", NULL},
	{PYPROF_COLUMN_NAME, "mostly", "Mostly"},
	{PYPROF_COLUMN_BIG, "mostly_count", NULL},
	{PYPROF_COLUMN_ADDRESS, "address", "Address"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
	{PYPROF_COLUMN_MARK, "is_new", NULL},
	{PYPROF_COLUMN_NAME, "path", "Path"},
};

static int64_t change(const uint64_t values[2])
{
	return (int64_t)(values[1] - values[0]);
}

static void put_three(struct pyprof_table *table, const uint64_t values[2])
{
	pyprof_table_uint(table, values[0]);
	pyprof_table_uint(table, values[1]);
	pyprof_table_int(table, change(values));
}

static bool has_changed(const struct pyprof_diff_type *type)
{
	return type->count[0] != type->count[1] || type->came || type->went ||
	       change(type->exclusive) || change(type->shallow);
}

static size_t changed_types(const struct pyprof_diff *diff)
{
	size_t changed = 0;
	for (size_t i = 0; i < diff->types.count; i++)
		changed += has_changed(&diff->types.items[i]);
	return changed;
}

/** What grew most and what shrank most; what stayed as it was is left out. */
static struct pyprof_error *fill_types(const struct pyprof_heap_diff_view *view,
				       struct pyprof_table **ret)
{
	const struct pyprof_diff *diff = view->diff;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		type_columns, PYPROF_COUNT_OF(type_columns), &table);
	if (err)
		return err;
	size_t limit = view->type_limit, changed = changed_types(diff);
	size_t shrunk = 0, at = 0;
	for (size_t i = 0; i < diff->types.count; i++)
		shrunk += change(diff->types.items[i].exclusive) < 0;
	size_t kept = changed < limit ? changed : limit;
	size_t tail = shrunk < kept / 2 ? shrunk : kept / 2;
	for (size_t i = 0; i < diff->types.count; i++) {
		const struct pyprof_diff_type *type = &diff->types.items[i];
		if (!has_changed(type))
			continue;
		bool is_shown = at < kept - tail || at >= changed - tail;
		at++;
		if (!is_shown)
			continue;
		pyprof_table_row(table);
		put_three(table, type->count);
		pyprof_table_uint(table, type->came);
		pyprof_table_uint(table, type->went);
		put_three(table, type->shallow);
		put_three(table, type->exclusive);
		pyprof_table_text(table, type->name);
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static struct pyprof_error *put_holder(const struct pyprof_heap *heap,
				       struct pyprof_paths *paths,
				       const struct pyprof_diff_holder *holder,
				       struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
	uint64_t values[2] = {holder->before, holder->after};
	struct pyprof_object object;
	struct pyprof_error *err =
		pyprof_path_put(paths, holder->object, &path);
	if (err)
		return err;
	pyprof_table_row(table);
	put_three(table, values);
	pyprof_table_uint(table, holder->new_objects);
	pyprof_table_uint(table, holder->new_bytes);
	if (holder->type) {
		pyprof_table_text(table, holder->type->name);
		pyprof_table_uint(table, holder->type_objects);
	} else {
		pyprof_table_skip(table);
		pyprof_table_skip(table);
	}
	pyprof_table_uint(table,
			  pyprof_index_address(&heap->index, holder->object));
	if (pyprof_heap_object(heap, holder->object, &object))
		pyprof_table_text(table, object.type->name);
	else
		pyprof_table_skip(table);
	pyprof_table_mark(table, holder->is_new);
	pyprof_table_bytes(table, path.data, path.length);
	return NULL;
}

static struct pyprof_error *
expect_holders(const struct pyprof_heap_diff_view *view)
{
	size_t count = view->diff->holders.count;
	_cleanup_free_ uint32_t *objects = calloc(count, sizeof(*objects));
	if (!objects)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++)
		objects[i] = view->diff->holders.items[i].object;
	return pyprof_paths_expect(view->paths, objects, count);
}

static struct pyprof_error *
fill_holders(const struct pyprof_heap_diff_view *view,
	     struct pyprof_table **ret)
{
	const struct pyprof_diff *diff = view->diff;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		holder_columns, PYPROF_COUNT_OF(holder_columns), &table);
	if (!err && diff->holders.count)
		err = expect_holders(view);
	for (size_t i = 0; i < diff->holders.count && !err; i++)
		err = put_holder(view->heaps[NEW], view->paths,
				 &diff->holders.items[i], table);
	if (err)
		return err;
	*ret = no_cleanup_ptr(table);
	return NULL;
}

/*
 * Text.
 */

static void put_signed(struct pyprof_buf *out, uint64_t old, uint64_t new)
{
	pyprof_buf_putc(out, new < old ? '-' : '+');
	pyprof_show_size(out, new < old ? old - new : new - old);
}

static void put_summary(const struct pyprof_heap_diff_view *view,
			struct pyprof_buf *out)
{
	const struct pyprof_diff *diff = view->diff;
	const struct pyprof_heap *old = view->heaps[OLD];
	const struct pyprof_heap *new = view->heaps[NEW];
	pyprof_heap_put_header(&view->facts[OLD], old, out);
	pyprof_heap_put_header(&view->facts[NEW], new, out);
	if (view->facts[OLD].taken_at > view->facts[NEW].taken_at)
		pyprof_buf_puts(out, "# the first was taken after the second: "
				     "what is shown as growth went away\n");
	pyprof_buf_puts(out, "# from ");
	pyprof_show_size(out, old->exclusive);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, old->index.count);
	pyprof_buf_puts(out, " objects to ");
	pyprof_show_size(out, new->exclusive);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, new->index.count);
	pyprof_buf_puts(out, " (");
	put_signed(out, old->exclusive, new->exclusive);
	pyprof_buf_puts(out, ")\n");
	if (diff->are_unrelated) {
		pyprof_buf_puts(out,
				"# they are not of one process: only types can "
				"be compared\n");
		return;
	}
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, diff->came);
	pyprof_buf_puts(out, " objects are new (");
	pyprof_show_size(out, diff->came_bytes);
	pyprof_buf_puts(out, "), ");
	pyprof_show_grouped(out, diff->went);
	pyprof_buf_puts(out, " are gone (");
	pyprof_show_size(out, diff->went_bytes);
	pyprof_buf_puts(out, ")\n");
}

struct pyprof_error *
pyprof_heap_diff_text(const struct pyprof_heap_diff_view *view, unsigned width,
		      struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *holders = NULL;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *types = NULL;
	struct pyprof_error *err = fill_holders(view, &holders);
	if (!err)
		err = fill_types(view, &types);
	if (err)
		return err;
	put_summary(view, out);
	if (pyprof_table_rows(holders)) {
		pyprof_buf_puts(out, "\nwho holds more:\n");
		err = pyprof_table_write_text(holders, width, out);
		pyprof_show_left_out(out, pyprof_table_rows(holders),
				     view->diff->holders_found, "holder");
	}
	if (!err && pyprof_table_rows(types)) {
		pyprof_buf_puts(out, "\nby type:\n");
		err = pyprof_table_write_text(types, width, out);
	}
	pyprof_show_left_out(out, pyprof_table_rows(types),
			     changed_types(view->diff), "changed type");
	return err ? err : pyprof_buf_error(out);
}

/*
 * JSON.
 */

static void put_counts(const struct pyprof_heap_diff_view *view,
		       struct pyprof_json *json)
{
	const struct pyprof_diff *diff = view->diff;
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"objects_before", view->heaps[OLD]->index.count},
		{"objects_after", view->heaps[NEW]->index.count},
		{"bytes_before", view->heaps[OLD]->exclusive},
		{"bytes_after", view->heaps[NEW]->exclusive},
		{"came", diff->came},
		{"came_bytes", diff->came_bytes},
		{"went", diff->went},
		{"went_bytes", diff->went_bytes},
		{"types_compared", diff->types.count},
		{"types_changed", changed_types(diff)},
		{"holders_found", diff->holders_found},
	};
	for (size_t i = 0; i < PYPROF_COUNT_OF(counts); i++) {
		pyprof_json_key(json, counts[i].key);
		pyprof_json_uint(json, counts[i].value);
	}
}

struct pyprof_error *
pyprof_heap_diff_json(const struct pyprof_heap_diff_view *view,
		      struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *holders = NULL;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *types = NULL;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	struct pyprof_error *err = fill_holders(view, &holders);
	if (!err)
		err = fill_types(view, &types);
	if (err)
		return err;
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/heap-diff/1");
	pyprof_heap_put_members(&view->facts[NEW], view->heaps[NEW], &json);
	pyprof_json_key(&json, "old");
	pyprof_json_begin_object(&json);
	pyprof_heap_put_members(&view->facts[OLD], view->heaps[OLD], &json);
	pyprof_json_end_object(&json);
	pyprof_json_key(&json, "old_snapshot");
	pyprof_json_string(&json, view->facts[OLD].name);
	pyprof_json_key(&json, "old_taken_at");
	pyprof_json_int(&json, view->facts[OLD].taken_at);
	pyprof_json_key(&json, "unrelated");
	pyprof_json_bool(&json, view->diff->are_unrelated);
	put_counts(view, &json);
	pyprof_json_key(&json, "types");
	err = pyprof_table_write_json(types, &json);
	pyprof_json_key(&json, "holders");
	if (!err)
		err = pyprof_table_write_json(holders, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}
