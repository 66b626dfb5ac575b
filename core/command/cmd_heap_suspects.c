// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"
#include "core/heap/paths.h"
#include "core/heap/suspects.h"

enum { PERCENT };

static const struct pyprof_option options[] = {
	[PERCENT] = {.name = "--percent",
		     .kind = PYPROF_OPTION_INTEGER,
		     .placeholder = "N",
		     .text = "what holds more than N % is one (default: 10)"},
	{},
};

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, "count", "Objects"},
	{PYPROF_COLUMN_BIG, "bytes", "Bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
};

/** Suspects, with what is needed to write of them. */
struct writer {
	const struct pyprof_snapshot *snapshot;
	const struct pyprof_heap *heap;
	struct pyprof_paths *paths;
	struct pyprof_suspects suspects;
	/** As long as there are paths, which tell it, too. */
	struct pyprof_watch watch;
};

static const char *type_name(const struct pyprof_heap *heap, uint32_t type)
{
	const struct pyprof_type *found =
		type < heap->by_type.count ? heap->by_type.items[type].type
					   : NULL;
	return found ? found->name : "?";
}

/** What accumulates: a table, NULL when nothing is known of it. */
static struct pyprof_error *fill(const struct writer *writer,
				 const struct pyprof_suspect *suspect,
				 struct pyprof_table **ret)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (uint32_t i = 0; i < suspect->content_count; i++) {
		const struct pyprof_suspect_content *content =
			&writer->suspects.contents
				 .items[suspect->first_content + i];
		pyprof_table_row(table);
		pyprof_table_uint(table, content->count);
		pyprof_table_uint(table, content->bytes);
		pyprof_table_part(table, content->bytes,
				  writer->suspects.reached_bytes);
		pyprof_table_text(table,
				  type_name(writer->heap, content->type));
	}
	*ret = no_cleanup_ptr(table);
	return NULL;
}

static struct pyprof_error *put_json_one(struct writer *writer, size_t index,
					 const struct pyprof_table *table,
					 struct pyprof_json *json)
{
	const struct pyprof_suspect *suspect =
		&writer->suspects.items.items[index];
	const struct pyprof_index *index_of = &writer->heap->index;
	_cleanup_buf_ struct pyprof_buf sentence = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_suspect_put(writer->heap, writer->paths,
				   &writer->suspects, index, &sentence);
	if (!err)
		err = pyprof_path_put(writer->paths, suspect->point, &path);
	if (err)
		return err;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "sentence");
	pyprof_json_string(json, sentence.data);
	pyprof_json_key(json, "address");
	pyprof_json_address(json,
			    pyprof_index_address(index_of, suspect->object));
	pyprof_json_key(json, "type");
	pyprof_json_string(json, type_name(writer->heap, suspect->type));
	pyprof_json_key(json, "count");
	pyprof_json_uint(json, suspect->count);
	pyprof_json_key(json, "retained");
	pyprof_json_uint(json, suspect->retained);
	pyprof_json_key(json, "point");
	pyprof_json_address(json,
			    pyprof_index_address(index_of, suspect->point));
	pyprof_json_key(json, "point_path");
	pyprof_json_string(json, path.data);
	pyprof_json_key(json, "point_retained");
	pyprof_json_uint(json, suspect->point_retained);
	pyprof_json_key(json, "point_objects");
	pyprof_json_uint(json, suspect->point_objects);
	pyprof_json_key(json, "chain");
	pyprof_json_bool(json, suspect->is_chain);
	pyprof_json_key(json, "contents");
	err = pyprof_table_write_json(table, json);
	pyprof_json_end_object(json);
	return err;
}

static struct pyprof_error *
put_text_one(struct pyprof_session *session,
	     const struct pyprof_arguments *arguments, struct writer *writer,
	     size_t index, const struct pyprof_table *table,
	     struct pyprof_buf *out)
{
	pyprof_buf_printf(out, "\n%zu. ", index + 1);
	struct pyprof_error *err = pyprof_suspect_put(
		writer->heap, writer->paths, &writer->suspects, index, out);
	pyprof_buf_putc(out, '\n');
	if (err || !pyprof_table_rows(table))
		return err;
	pyprof_buf_putc(out, '\n');
	return pyprof_heap_write(session, arguments, table, out);
}

static struct pyprof_error *put_json(struct writer *writer, uint64_t percent,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	struct pyprof_error *err = NULL;
	pyprof_snapshot_json_begin(writer->snapshot, "suspects", &json);
	pyprof_json_key(&json, "reached_bytes");
	pyprof_json_uint(&json, writer->suspects.reached_bytes);
	pyprof_json_key(&json, "percent");
	pyprof_json_uint(&json, percent);
	pyprof_json_key(&json, "suspects");
	pyprof_json_begin_array(&json);
	for (size_t i = 0; i < writer->suspects.items.count && !err; i++) {
		_cleanup_(pyprof_table_cleanup) struct pyprof_table *table =
			NULL;
		err = fill(writer, &writer->suspects.items.items[i], &table);
		if (!err)
			err = put_json_one(writer, i, table, &json);
	}
	pyprof_json_end_array(&json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err;
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     struct writer *writer, uint64_t percent,
				     struct pyprof_buf *out)
{
	struct pyprof_error *err = NULL;
	pyprof_snapshot_header(writer->snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_count(out, writer->suspects.items.count, "suspect");
	pyprof_buf_printf(out, ": what holds more than %u %% of ",
			  (unsigned)percent);
	pyprof_show_size(out, writer->suspects.reached_bytes);
	pyprof_buf_putc(out, '\n');
	for (size_t i = 0; i < writer->suspects.items.count && !err; i++) {
		_cleanup_(pyprof_table_cleanup) struct pyprof_table *table =
			NULL;
		err = fill(writer, &writer->suspects.items.items[i], &table);
		if (!err)
			err = put_text_one(session, arguments, writer, i, table,
					   out);
	}
	return err;
}

static struct pyprof_error *find(struct pyprof_session *session,
				 struct pyprof_heap *heap, unsigned percent,
				 struct writer *writer)
{
	const struct pyprof_progress *progress = &writer->watch.progress;
	pyprof_watch_begin(&writer->watch, session);
	struct pyprof_error *err =
		pyprof_paths_create(heap, progress, &writer->paths);
	if (!err)
		err = pyprof_heap_suspects(heap, writer->paths, percent,
					   progress, &writer->suspects);
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	int64_t percent = given[PERCENT].given ? given[PERCENT].number : 10;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err = NULL;
	if (percent < 1 || percent > 100)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "--percent: %s is not between 1 "
					   "and 100",
					   given[PERCENT].text);
	err = pyprof_snapshot_open(session, arguments->snapshot,
				   PYPROF_SNAPSHOT_DOMINATED, &snapshot);
	if (err)
		return err;
	struct writer writer = {.snapshot = snapshot, .heap = snapshot->heap};
	err = find(session, snapshot->heap, (unsigned)percent, &writer);
	if (!err)
		err = arguments->json
			      ? put_json(&writer, (uint64_t)percent, out)
			      : put_text(session, arguments, &writer,
					 (uint64_t)percent, out);
	pyprof_suspects_deinit(&writer.suspects);
	pyprof_paths_destroy(writer.paths);
	pyprof_watch_end(&writer.watch);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_suspects = {
	.name = "heap suspects",
	.usage = "",
	.summary = "Say who holds most of the memory, where it piles up",
	.help = "Single objects, or all objects of a type, that alone hold "
		"more\n"
		"than a tenth of all that is reached. Where it piles up is "
		"found by\n"
		"following the biggest object below, as long as that holds "
		"70 % of\n"
		"what the one above does.",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
