// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/options.h"
#include "core/command/session.h"
#include "core/heap/biggest.h"
#include "core/heap/paths.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N objects of each (default: 10)"},
	{},
};

static const char *const words[] = {"holders", "objects", NULL};
enum { HOLDERS, OBJECTS };

/* As PYPROF_HEAP_OBJECT_COLUMNS; where an object is says more than what most of
 * the big ones look like. */
static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_ADDRESS, "address", "Address"},
	{PYPROF_COLUMN_BIG, "shallow", NULL},
	{PYPROF_COLUMN_BIG, "exclusive", "Bytes"},
	{PYPROF_COLUMN_BIG, "retained", "Retained bytes"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
	{PYPROF_COLUMN_TEXT, "value", NULL},
	{PYPROF_COLUMN_NAME, "path", "Path"},
};

/** How many objects are looked at between two looks at the user. */
#define OBJECTS_A_LOOK (1 << 16)

/** Whether nothing but modules holds an object, which is no part of one: that
 * os.__dict__ holds what os has says nothing of the program. */
static bool is_top(const struct pyprof_heap *heap,
		   const struct pyprof_paths *paths, uint32_t id)
{
	uint32_t holder = heap->dominators.idom[id];
	return (holder == PYPROF_NO_NODE ||
		pyprof_paths_is_module_part(paths, holder)) &&
	       !pyprof_paths_is_module_part(paths, id);
}

/** Those that no single object holds, by what they hold. */
static struct pyprof_error *find_holders(const struct pyprof_heap *heap,
					 const struct pyprof_paths *paths,
					 const struct pyprof_progress *progress,
					 struct pyprof_biggest *biggest)
{
	const uint64_t *retained = heap->dominators.retained;
	for (uint32_t id = 0; id < heap->dominators.node_count; id++) {
		if (retained[id] &&
		    !pyprof_biggest_excludes(biggest, retained[id]) &&
		    is_top(heap, paths, id))
			pyprof_biggest_offer(
				biggest, (struct pyprof_big){retained[id], id});
		if (id % OBJECTS_A_LOOK)
			continue;
		struct pyprof_error *err =
			pyprof_progress(progress, "looking for holders", id,
					heap->dominators.node_count);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *put_row(const struct pyprof_heap *heap,
				    struct pyprof_paths *paths, uint32_t id,
				    struct pyprof_table *table)
{
	_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
	struct pyprof_object object;
	/* Damaged, of no size; the header counts them. */
	if (!pyprof_heap_object(heap, id, &object))
		return NULL;
	struct pyprof_error *err = pyprof_path_put(paths, id, &path);
	if (err)
		return err;
	pyprof_table_row(table);
	pyprof_heap_put_object(heap, id, table);
	pyprof_table_bytes(table, path.data, path.length);
	return pyprof_buf_error(&path);
}

static struct pyprof_error *put_rows(const struct pyprof_heap *heap,
				     struct pyprof_paths *paths,
				     const struct pyprof_biggest *biggest,
				     struct pyprof_table *table)
{
	_cleanup_free_ uint32_t *ids = calloc(biggest->count + 1, sizeof(*ids));
	if (!ids)
		return pyprof_error_oom();
	for (size_t i = 0; i < biggest->count; i++)
		ids[i] = biggest->items[i].object;
	struct pyprof_error *err =
		pyprof_paths_expect(paths, ids, biggest->count);
	for (size_t i = 0; i < biggest->count && !err; i++)
		err = put_row(heap, paths, ids[i], table);
	return err;
}

static struct pyprof_error *make_table(struct pyprof_heap *heap, int which,
				       size_t limit,
				       const struct pyprof_progress *progress,
				       struct pyprof_table **ret)
{
	_cleanup_(pyprof_paths_cleanup) struct pyprof_paths *paths = NULL;
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	_cleanup_(pyprof_biggest_deinit) struct pyprof_biggest biggest = {};
	struct pyprof_error *err = pyprof_biggest_init(heap, limit, &biggest);
	if (!err)
		err = pyprof_table_create(
			columns, sizeof(columns) / sizeof(*columns), &table);
	if (!err)
		err = pyprof_paths_create(heap, progress, &paths);
	if (!err && which == OBJECTS)
		err = pyprof_biggest_objects(heap, progress, &biggest);
	else if (!err)
		err = find_holders(heap, paths, progress, &biggest);
	if (err)
		return err;
	pyprof_biggest_sort(&biggest);
	err = put_rows(heap, paths, &biggest, table);
	if (err)
		return err;
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static const char *const titles[] = {
	[HOLDERS] =
		"# what holds most, and is held by no single object, modules "
		"aside:\n\n",
	[OBJECTS] = "# the biggest objects by themselves:\n\n",
};

static struct pyprof_error *put(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_heap *heap, int which,
				struct pyprof_json *json,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *limit = &arguments->options[LIMIT];
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		make_table(heap, which, pyprof_option_count(limit, 10),
			   &watch.progress, &table);
	pyprof_watch_end(&watch);
	if (err)
		return err;
	if (arguments->json) {
		pyprof_json_key(json, words[which]);
		return pyprof_table_write_json(table, json);
	}
	pyprof_buf_puts(out, titles[which]);
	return pyprof_heap_write(session, arguments, table, out);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	bool wanted[] = {[HOLDERS] = true, [OBJECTS] = true};
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err = NULL;
	size_t which = 0;
	if (arguments->count) {
		err = pyprof_choice_find("what is listed",
					 arguments->positional[0], words,
					 &which);
		wanted[!which] = false;
	}
	if (!err)
		err = pyprof_snapshot_open(session, arguments->snapshot,
					   wanted[HOLDERS]
						   ? PYPROF_SNAPSHOT_DOMINATED
						   : PYPROF_SNAPSHOT_CENSUS,
					   &snapshot);
	if (err)
		return err;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	if (arguments->json)
		pyprof_snapshot_json_begin(snapshot, "top", &json);
	else
		pyprof_snapshot_header(snapshot, out);
	if (wanted[HOLDERS])
		err = put(session, arguments, snapshot->heap, HOLDERS, &json,
			  out);
	if (!err && wanted[HOLDERS] && wanted[OBJECTS] && !arguments->json)
		pyprof_buf_putc(out, '\n');
	if (!err && wanted[OBJECTS])
		err = put(session, arguments, snapshot->heap, OBJECTS, &json,
			  out);
	if (!err && arguments->json) {
		pyprof_json_end_object(&json);
		pyprof_buf_putc(out, '\n');
	}
	return err;
}

const struct pyprof_command pyprof_cmd_heap_top = {
	.name = "heap top",
	.usage = "[holders|objects]",
	.summary = "List the objects that hold most, and the biggest ones",
	.help = "An object holds what would be freed with it. Bytes are what\n"
		"the allocator gave for an object and the buffers it owns. "
		"Modules "
		"and\n"
		"their dicts are no holders: what they hold is listed, not "
		"they.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.words = words,
	.run = run,
};
