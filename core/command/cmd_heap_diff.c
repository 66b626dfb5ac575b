// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/heap/diff.h"
#include "core/heap/paths.h"

enum { LIMIT, TYPES_ONLY };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types, and holders (default: 15)"},
	[TYPES_ONLY] = {.name = "--types",
			.kind = PYPROF_OPTION_FLAG,
			.text = "types alone, which is faster"},
	{},
};

/** More holders than these nobody reads. */
#define LIMIT_MAX 1000

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

/** What grew most and what shrank most: of `limit` rows, half each if there
 * are so many; those that stayed as they were are left out. */
static struct pyprof_error *fill_types(const struct pyprof_diff *diff,
				       size_t limit, size_t *changed_ret,
				       struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		type_columns, sizeof(type_columns) / sizeof(*type_columns),
		&table);
	if (err)
		return err;
	size_t changed = 0, shrunk = 0, at = 0;
	for (size_t i = 0; i < diff->types.count; i++) {
		changed += has_changed(&diff->types.items[i]);
		shrunk += change(diff->types.items[i].exclusive) < 0;
	}
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
	*changed_ret = changed;
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

static struct pyprof_error *fill_holders(struct pyprof_heap *heap,
					 const struct pyprof_diff *diff,
					 const struct pyprof_progress *progress,
					 struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_(pyprof_paths_cleanup) struct pyprof_paths *paths = NULL;
	struct pyprof_error *err = pyprof_table_create(
		holder_columns,
		sizeof(holder_columns) / sizeof(*holder_columns), &table);
	if (!err && diff->holders.count)
		err = pyprof_paths_create(heap, progress, &paths);
	for (size_t i = 0; i < diff->holders.count && !err; i++)
		err = put_holder(heap, paths, &diff->holders.items[i], table);
	if (err)
		return err;
	*ret = no_cleanup_ptr(table);
	return NULL;
}

/** What is written: both snapshots, and what was found. */
struct writer {
	struct pyprof_snapshot *old, *new;
	struct pyprof_diff diff;
	struct pyprof_table *types, *holders;
	size_t changed;
};

static struct pyprof_error *put_json(const struct writer *writer,
				     struct pyprof_buf *out)
{
	const struct pyprof_diff *diff = &writer->diff;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(writer->new, "diff", &json);
	pyprof_json_key(&json, "old_snapshot");
	pyprof_json_string(&json, writer->old->name);
	pyprof_json_key(&json, "old_taken_at");
	pyprof_json_int(&json, writer->old->taken_at);
	pyprof_json_key(&json, "unrelated");
	pyprof_json_bool(&json, diff->are_unrelated);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"objects_before", writer->old->heap->index.count},
		{"objects_after", writer->new->heap->index.count},
		{"bytes_before", writer->old->heap->exclusive},
		{"bytes_after", writer->new->heap->exclusive},
		{"came", diff->came},
		{"came_bytes", diff->came_bytes},
		{"went", diff->went},
		{"went_bytes", diff->went_bytes},
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pyprof_json_key(&json, counts[i].key);
		pyprof_json_uint(&json, counts[i].value);
	}
	pyprof_json_key(&json, "types");
	struct pyprof_error *err =
		pyprof_table_write_json(writer->types, &json);
	pyprof_json_key(&json, "holders");
	if (!err)
		err = pyprof_table_write_json(writer->holders, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err;
}

static void put_signed(struct pyprof_buf *out, uint64_t old, uint64_t new)
{
	pyprof_buf_putc(out, new < old ? '-' : '+');
	pyprof_show_size(out, new < old ? old - new : new - old);
}

static void put_summary(const struct writer *writer, struct pyprof_buf *out)
{
	const struct pyprof_diff *diff = &writer->diff;
	const struct pyprof_heap *old = writer->old->heap;
	const struct pyprof_heap *new = writer->new->heap;
	pyprof_snapshot_header(writer->old, out);
	pyprof_snapshot_header(writer->new, out);
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

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct writer *writer,
				     struct pyprof_buf *out)
{
	struct pyprof_error *err = NULL;
	put_summary(writer, out);
	if (pyprof_table_rows(writer->holders)) {
		pyprof_buf_puts(out, "\nwho holds more:\n");
		err = pyprof_heap_write(session, arguments, writer->holders,
					out);
	}
	if (!err && pyprof_table_rows(writer->types)) {
		pyprof_buf_puts(out, "\nby type:\n");
		err = pyprof_heap_write(session, arguments, writer->types, out);
	}
	pyprof_heap_put_left_out(out, pyprof_table_rows(writer->types),
				 writer->changed, "changed type");
	return err;
}

static struct pyprof_error *compare(struct pyprof_session *session,
				    size_t limit, bool types_only,
				    struct writer *writer)
{
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err = pyprof_diff_find(
		writer->old->heap, writer->new->heap, types_only ? 0 : limit,
		&watch.progress, &writer->diff);
	if (!err)
		err = fill_types(&writer->diff, limit, &writer->changed,
				 &writer->types);
	if (!err)
		err = fill_holders(writer->new->heap, &writer->diff,
				   &watch.progress, &writer->holders);
	pyprof_watch_end(&watch);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	bool types_only = given[TYPES_ONLY].given;
	size_t limit = given[LIMIT].given ? (size_t)given[LIMIT].number : 15;
	if (limit > LIMIT_MAX)
		limit = LIMIT_MAX;
	enum pyprof_snapshot_stage stage =
		types_only ? PYPROF_SNAPSHOT_CENSUS : PYPROF_SNAPSHOT_DOMINATED;
	struct writer writer = {};
	struct pyprof_error *err = pyprof_snapshot_open(
		session, arguments->positional[0], stage, &writer.old);
	if (!err)
		err = pyprof_snapshot_open(
			session,
			arguments->count > 1 ? arguments->positional[1] : NULL,
			stage, &writer.new);
	if (!err && writer.old == writer.new)
		err = pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%s would be compared with itself; let the process "
			"run in between, or name another snapshot",
			arguments->positional[0]);
	if (!err)
		err = compare(session, limit, types_only, &writer);
	if (!err)
		err = arguments->json
			      ? put_json(&writer, out)
			      : put_text(session, arguments, &writer, out);
	pyprof_table_destroy(writer.types);
	pyprof_table_destroy(writer.holders);
	pyprof_diff_deinit(&writer.diff);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_diff = {
	.name = "heap diff",
	.usage = "OLD [NEW]",
	.summary = "Show what grew between two snapshots, and who holds it",
	.help = "OLD and NEW are snapshots or their files; without NEW, OLD "
		"is\n"
		"compared with the process as it stands. Objects at the same "
		"address\n"
		"and of the same type are taken for the same.",
	.min_arguments = 1,
	.max_arguments = 2,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT,
	.options = options,
	.run = run,
};
