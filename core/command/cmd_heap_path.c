// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/heap/paths.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N rows (default: 20)"},
	{},
};

/** Of the objects of a type, the biggest so many have their paths shown. */
#define BIGGEST 3

/** The objects of a path, from its start on. */
static const struct pyprof_column step_columns[] = {
	{PYPROF_COLUMN_NAME, "step", "Step"},
	{PYPROF_COLUMN_NAME, "kind", NULL},
	PYPROF_HEAP_OBJECT_COLUMNS,
};

static const struct pyprof_column shape_columns[] = {
	{PYPROF_COLUMN_BIG, "count", "Objects"},
	{PYPROF_COLUMN_BIG, "bytes", "Block bytes"},
	{PYPROF_COLUMN_ADDRESS, "biggest", "Biggest"},
	{PYPROF_COLUMN_NAME, "path", "Path"},
	{PYPROF_COLUMN_MARK, "scanned", NULL},
};

static const char scanned_note[] =
	"# → and +0x… are words that happen to be addresses of objects: of "
	"types that pyprof does not know\n";

/*
 * Of one object.
 */

static void put_step(const struct pyprof_heap *heap,
		     const struct pyprof_path_step *step,
		     struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_table_row(table);
	if (step->is_unknown) {
		pyprof_table_text(table, "?");
		pyprof_table_text(table, "unknown");
	} else {
		pyprof_edge_show(heap->types, step->edge.kind, step->edge.label,
				 &text);
		pyprof_table_bytes(table, text.data, text.length);
		pyprof_table_text(table,
				  pyprof_heap_edge_word(step->edge.kind));
	}
	pyprof_heap_put_object(heap, step->object, table);
}

/** A row for each object, the middle of a long path left out. */
static struct pyprof_error *fill_steps(const struct pyprof_heap *heap,
				       const struct pyprof_path *path,
				       size_t limit, struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		step_columns, sizeof(step_columns) / sizeof(*step_columns),
		&table);
	if (err)
		return err;
	pyprof_table_row(table);
	pyprof_table_text(table, path->name);
	pyprof_table_text(table, "root");
	pyprof_heap_put_object(heap, path->start, table);
	size_t count = path->steps.count;
	size_t head = count > limit ? limit / 2 : count;
	size_t tail = count > limit ? count - (limit - head) : count;
	for (size_t i = 0; i < count; i++)
		if (i < head || i >= tail)
			put_step(heap, &path->steps.items[i], table);
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static struct pyprof_error *
put_path_json(const struct pyprof_snapshot *snapshot,
	      const struct pyprof_object *object,
	      const struct pyprof_path *path, const char *text,
	      const struct pyprof_table *table, struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "path", &json);
	pyprof_json_key(&json, "address");
	pyprof_json_address(&json, object->address);
	pyprof_json_key(&json, "type");
	pyprof_json_string(&json, object->type->name);
	pyprof_json_key(&json, "path");
	pyprof_json_string(&json, text);
	pyprof_json_key(&json, "scanned");
	pyprof_json_bool(&json, path->is_scanned);
	pyprof_json_key(&json, "length");
	pyprof_json_uint(&json, path->steps.count);
	return pyprof_table_end_json(table, "steps", &json);
}

static struct pyprof_error *put_path(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     struct pyprof_paths *paths,
				     const struct pyprof_path *path,
				     const struct pyprof_object *object,
				     size_t limit, struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err = pyprof_path_show(paths, path, &text);
	if (!err)
		err = fill_steps(snapshot->heap, path, limit, &table);
	if (!err && arguments->json)
		return put_path_json(snapshot, object, path, text.data, table,
				     out);
	if (err)
		return err;
	pyprof_snapshot_header(snapshot, out);
	if (path->is_scanned)
		pyprof_buf_puts(out, scanned_note);
	pyprof_buf_printf(out, "%s\n\n", text.data);
	err = pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, pyprof_table_rows(table) - 1,
			     path->steps.count, "step");
	return err;
}

static struct pyprof_error *run_object(struct pyprof_session *session,
				       const struct pyprof_arguments *arguments,
				       const struct pyprof_snapshot *snapshot,
				       struct pyprof_paths *paths, size_t limit,
				       struct pyprof_buf *out)
{
	struct pyprof_object object;
	struct pyprof_path path = {};
	uint32_t id = 0;
	struct pyprof_error *err = pyprof_snapshot_object(
		snapshot, arguments->positional[0], &id, &object);
	if (!err)
		err = pyprof_path_find(paths, id, &path);
	if (!err)
		err = put_path(session, arguments, snapshot, paths, &path,
			       &object, limit, out);
	pyprof_path_deinit(&path);
	return err;
}

/*
 * Of all objects of a type.
 */

struct wanted {
	const struct pyprof_heap *heap;
	struct pyprof_type_set types;
	/** The biggest ones, first the biggest. */
	uint32_t biggest[BIGGEST];
	uint64_t bytes[BIGGEST];
	size_t count;
};

static void see_size(struct wanted *wanted, uint32_t id)
{
	uint64_t bytes = wanted->heap->dominators.retained[id];
	size_t at = wanted->count;
	while (at > 0 && wanted->bytes[at - 1] < bytes)
		at--;
	if (at == BIGGEST)
		return;
	wanted->count += wanted->count < BIGGEST;
	for (size_t i = wanted->count - 1; i > at; i--) {
		wanted->bytes[i] = wanted->bytes[i - 1];
		wanted->biggest[i] = wanted->biggest[i - 1];
	}
	wanted->bytes[at] = bytes;
	wanted->biggest[at] = id;
}

static bool is_wanted(void *context, uint32_t id, uint64_t address)
{
	struct wanted *wanted = context;
	struct pyprof_object object;
	if (!pyprof_object_known(wanted->heap->types, address, &object) ||
	    object.type->index >= wanted->heap->by_type.count ||
	    !pyprof_type_set_has(&wanted->types, object.type))
		return false;
	see_size(wanted, id);
	return true;
}

static struct pyprof_error *fill_shapes(const struct pyprof_heap *heap,
					const struct pyprof_path_shapes *shapes,
					struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		shape_columns, sizeof(shape_columns) / sizeof(*shape_columns),
		&table);
	if (err)
		return err;
	for (size_t i = 0; i < shapes->items.count; i++) {
		const struct pyprof_path_shape *shape = &shapes->items.items[i];
		pyprof_table_row(table);
		pyprof_table_uint(table, shape->count);
		pyprof_table_uint(table, shape->bytes);
		pyprof_table_uint(table, pyprof_index_address(&heap->index,
							      shape->object));
		pyprof_table_text(
			table, pyprof_strtab_get(heap->strings, shape->text));
		pyprof_table_mark(table, shape->is_scanned);
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

/** The path of each of the biggest, as an array or as lines. */
static struct pyprof_error *put_biggest(const struct pyprof_heap *heap,
					struct pyprof_paths *paths,
					const struct wanted *wanted,
					struct pyprof_json *json,
					struct pyprof_buf *out)
{
	for (size_t i = 0; i < wanted->count; i++) {
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		uint32_t id = wanted->biggest[i];
		uint64_t address = pyprof_index_address(&heap->index, id);
		struct pyprof_error *err = pyprof_path_put(paths, id, &text);
		if (err)
			return err;
		if (json) {
			pyprof_json_begin_object(json);
			pyprof_json_key(json, "address");
			pyprof_json_address(json, address);
			pyprof_json_key(json, "retained");
			pyprof_json_uint(json, wanted->bytes[i]);
			pyprof_json_key(json, "path");
			pyprof_json_string(json, text.data);
			pyprof_json_end_object(json);
			continue;
		}
		pyprof_buf_printf(out, "%s", i ? "  " : "\nthe biggest:\n  ");
		pyprof_object_show(heap->types, address, out);
		pyprof_buf_puts(out, " holds ");
		pyprof_show_size(out, wanted->bytes[i]);
		pyprof_buf_printf(out, "\n    %s\n", text.data);
	}
	return NULL;
}

static struct pyprof_error *
put_shapes_json(const struct pyprof_snapshot *snapshot,
		struct pyprof_paths *paths, const struct wanted *wanted,
		const struct pyprof_path_shapes *shapes, const char *type,
		const struct pyprof_table *table, struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "path", &json);
	pyprof_json_key(&json, "type");
	pyprof_json_string(&json, type);
	pyprof_json_key(&json, "objects");
	pyprof_json_uint(&json, shapes->objects);
	pyprof_json_key(&json, "unreachable");
	pyprof_json_uint(&json, shapes->unreached);
	pyprof_json_key(&json, "shape_count");
	pyprof_json_uint(&json, shapes->shapes);
	pyprof_json_key(&json, "shapes");
	struct pyprof_error *err = pyprof_table_write_json(table, &json);
	pyprof_json_key(&json, "biggest");
	pyprof_json_begin_array(&json);
	if (!err)
		err = put_biggest(snapshot->heap, paths, wanted, &json, out);
	pyprof_json_end_array(&json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err;
}

static struct pyprof_error *
put_shapes_text(struct pyprof_session *session,
		const struct pyprof_arguments *arguments,
		const struct pyprof_snapshot *snapshot,
		struct pyprof_paths *paths, const struct wanted *wanted,
		const struct pyprof_path_shapes *shapes,
		const struct pyprof_table *table, struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = snapshot->heap;
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	if (shapes->items.count) {
		const struct pyprof_path_shape *first = &shapes->items.items[0];
		pyprof_show_grouped(out, first->count);
		pyprof_buf_puts(out, " of ");
		pyprof_show_grouped(out, shapes->objects);
		pyprof_buf_printf(
			out, " objects of %s by %s\n", arguments->positional[0],
			pyprof_strtab_get(heap->strings, first->text));
	} else {
		pyprof_show_grouped(out, shapes->objects);
		pyprof_buf_printf(out, " objects of %s, none of them reached\n",
				  arguments->positional[0]);
	}
	if (shapes->unreached) {
		pyprof_buf_puts(out, "# ");
		pyprof_show_grouped(out, shapes->unreached);
		pyprof_buf_puts(out, " are reached by nothing: garbage\n");
	}
	pyprof_buf_putc(out, '\n');
	struct pyprof_error *err = NULL;
	if (pyprof_table_rows(table))
		err = pyprof_heap_write(session, arguments, table, out);
	pyprof_show_left_out(out, shapes->items.count, shapes->shapes, "shape");
	return err ? err : put_biggest(heap, paths, wanted, NULL, out);
}

static struct pyprof_error *run_type(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct pyprof_snapshot *snapshot,
				     struct pyprof_paths *paths, size_t limit,
				     struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_path_shapes shapes = {};
	struct wanted wanted = {.heap = snapshot->heap};
	const char *type = arguments->positional[0];
	struct pyprof_error *err =
		pyprof_snapshot_types(snapshot, type, &wanted.types);
	if (err)
		return err;
	err = pyprof_path_shapes_find(paths, is_wanted, &wanted, limit,
				      &shapes);
	if (!err)
		err = fill_shapes(snapshot->heap, &shapes, &table);
	if (!err && arguments->json)
		err = put_shapes_json(snapshot, paths, &wanted, &shapes, type,
				      table, out);
	else if (!err)
		err = put_shapes_text(session, arguments, snapshot, paths,
				      &wanted, &shapes, table, out);
	pyprof_path_shapes_deinit(&shapes);
	pyprof_type_set_deinit(&wanted.types);
	return err;
}

static bool is_address(const char *text)
{
	return text[0] >= '0' && text[0] <= '9';
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	_cleanup_(pyprof_paths_cleanup) struct pyprof_paths *paths = NULL;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_watch watch;
	size_t limit = pyprof_option_count(&given[LIMIT], 20);
	bool of_object = is_address(arguments->positional[0]);
	struct pyprof_error *err = pyprof_snapshot_open(
		session, arguments->snapshot,
		of_object ? PYPROF_SNAPSHOT_LINKED : PYPROF_SNAPSHOT_DOMINATED,
		&snapshot);
	if (err)
		return err;
	pyprof_watch_begin(&watch, session);
	err = pyprof_paths_create(snapshot->heap, &watch.progress, &paths);
	if (!err && of_object)
		err = run_object(session, arguments, snapshot, paths, limit,
				 out);
	else if (!err)
		err = run_type(session, arguments, snapshot, paths, limit, out);
	pyprof_watch_end(&watch);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_path = {
	.name = "heap path",
	.usage = "ADDRESS|TYPE",
	.summary = "Show what keeps objects alive, as one would write it",
	.help = "The shortest path from a module's or a running frame's "
		"variable,\n"
		"or from another root where there is none. For a type, paths "
		"that\n"
		"differ only in keys and indices are added up.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
