// SPDX-License-Identifier: Apache-2.0
//
// One page about a heap: `heap`, which is also `heap summary`.
#include <stdlib.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/session.h"
#include "core/heap/garbage.h"
#include "core/heap/paths.h"
#include "core/heap/suspects.h"

enum { LIMIT };

static const struct pyprof_option options[] = {
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types (default: 10)"},
	{},
};

/** Share of all that makes a suspect, and how many are named. */
#define SUSPECT_PERCENT 10
#define SUSPECTS_MAX 5

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, "count", "Count"},
	{PYPROF_COLUMN_BIG, "shallow", NULL},
	{PYPROF_COLUMN_BIG, "exclusive", "Block bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_BIG, "retained", "Retained bytes"},
	{PYPROF_COLUMN_NAME, "type", "Type"},
};

/** All that the page tells beside the census. */
struct page {
	const struct pyprof_snapshot *snapshot;
	struct pyprof_heap *heap;
	struct pyprof_paths *paths;
	struct pyprof_garbage garbage;
	struct pyprof_suspects suspects;
	struct pyprof_table *types;
	size_t type_count;
	/** As long as there are paths, which report to it, too. */
	struct pyprof_watch watch;
};

static void deinit(struct page *page)
{
	pyprof_suspects_deinit(&page->suspects);
	pyprof_garbage_deinit(&page->garbage);
	pyprof_paths_destroy(page->paths);
	pyprof_table_destroy(page->types);
	pyprof_watch_end(&page->watch);
}

static const char *const allocator_words[] = {
	[PYPROF_ALLOCATOR_PYMALLOC] = "pymalloc",
	[PYPROF_ALLOCATOR_MALLOC] = "malloc",
	[PYPROF_ALLOCATOR_MIMALLOC] = "mimalloc",
};

/** Blocks of objects and buffers that the C library served. */
static uint64_t libc_bytes(const struct pyprof_heap *heap)
{
	uint64_t pooled = heap->census.object_bytes + heap->census.buffer_bytes;
	return heap->exclusive > pooled ? heap->exclusive - pooled : 0;
}

static struct pyprof_error *fill_types(struct page *page, size_t limit)
{
	_cleanup_free_ const struct pyprof_heap_type **types = NULL;
	struct pyprof_error *err = pyprof_heap_sort_types(
		page->heap, PYPROF_HEAP_BY_SIZE, &types, &page->type_count);
	if (!err)
		err = pyprof_table_create(columns,
					  sizeof(columns) / sizeof(*columns),
					  &page->types);
	if (err)
		return err;
	for (size_t i = 0; i < page->type_count && i < limit; i++) {
		pyprof_table_row(page->types);
		pyprof_table_uint(page->types, types[i]->count);
		pyprof_table_uint(page->types, types[i]->shallow);
		pyprof_table_uint(page->types, types[i]->exclusive);
		pyprof_table_part(page->types, types[i]->exclusive,
				  page->heap->exclusive);
		pyprof_table_uint(page->types, types[i]->retained);
		pyprof_table_text(page->types, types[i]->type->name);
	}
	return NULL;
}

static struct pyprof_error *gather(struct pyprof_session *session,
				   struct page *page, size_t limit)
{
	const struct pyprof_progress *progress = &page->watch.progress;
	pyprof_watch_begin(&page->watch, session);
	struct pyprof_error *err =
		pyprof_garbage_find(page->heap, 1, progress, &page->garbage);
	if (!err)
		err = pyprof_paths_create(page->heap, progress, &page->paths);
	if (!err)
		err = pyprof_heap_suspects(page->heap, page->paths,
					   SUSPECT_PERCENT, progress,
					   &page->suspects);
	return err ? err : fill_types(page, limit);
}

/** "label   12.3 MB  1,234 blocks of …". */
static void put_line(struct pyprof_buf *out, const char *label, uint64_t bytes,
		     uint64_t count, const char *what)
{
	_cleanup_buf_ struct pyprof_buf size = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf number = PYPROF_BUF_INIT;
	if (bytes)
		pyprof_show_size(&size, bytes);
	pyprof_show_grouped(&number, count);
	pyprof_buf_printf(out, "%-12s %10s  %12s %s\n", label, size.data,
			  number.data, what);
}

/** What the small-object allocator is used for. */
static void put_pools(const struct pyprof_census *census,
		      struct pyprof_buf *out)
{
	put_line(out, "pymalloc", census->arena_bytes, census->arenas,
		 "arenas");
	put_line(out, "  objects", census->object_bytes, census->object_blocks,
		 "blocks");
	put_line(out, "  buffers", census->buffer_bytes, census->buffer_blocks,
		 "blocks that objects own");
	put_line(out, "  other", census->other_bytes, census->other_blocks,
		 "blocks of the interpreter's own, or of extensions'");
	put_line(out, "  free lists", census->freelist_bytes,
		 census->freelist_blocks, "objects kept for reuse");
	put_line(out, "  free", census->free_bytes, census->blocks_free,
		 "blocks");
	put_line(out, "  headers", census->header_bytes, census->pools_used,
		 "pools, and what is too small for a block");
}

static void put_figures(const struct pyprof_heap *heap, struct pyprof_buf *out)
{
	const struct pyprof_census *census = &heap->census;
	pyprof_buf_putc(out, '\n');
	put_line(out, "all", heap->exclusive, heap->index.count,
		 "objects, with the buffers that they own");
	if (census->arenas)
		put_pools(census, out);
	put_line(out, "C library", libc_bytes(heap), census->large_objects,
		 "large objects, and large buffers of others");
	put_line(out, "static", 0, census->static_objects,
		 "objects that are part of programs and libraries");
}

static struct pyprof_error *put_suspects(const struct page *page,
					 struct pyprof_buf *out)
{
	const struct pyprof_suspects *suspects = &page->suspects;
	for (size_t i = 0; i < suspects->items.count && i < SUSPECTS_MAX; i++) {
		pyprof_buf_puts(out, "# ");
		struct pyprof_error *err = pyprof_suspect_put(
			page->heap, page->paths, suspects, i, out);
		if (err)
			return err;
		pyprof_buf_putc(out, '\n');
	}
	if (!suspects->items.count)
		pyprof_buf_printf(out,
				  "# no object, nor all of one type, holds "
				  "more than %d %% of it\n",
				  SUSPECT_PERCENT);
	return NULL;
}

static void put_garbage(const struct pyprof_garbage *garbage,
			struct pyprof_buf *out)
{
	if (!garbage->objects) {
		pyprof_buf_puts(out, "# no garbage: something reaches every "
				     "object\n");
		return;
	}
	pyprof_buf_puts(out, "# garbage: ");
	pyprof_show_size(out, garbage->bytes);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, garbage->objects);
	pyprof_buf_puts(out, " objects that nothing reaches; see pyprof heap "
			     "garbage\n");
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct page *page,
				     struct pyprof_buf *out)
{
	pyprof_snapshot_header(page->snapshot, out);
	put_figures(page->heap, out);
	pyprof_buf_putc(out, '\n');
	struct pyprof_error *err = put_suspects(page, out);
	if (err)
		return err;
	put_garbage(&page->garbage, out);
	pyprof_buf_putc(out, '\n');
	err = pyprof_heap_write(session, arguments, page->types, out);
	pyprof_show_left_out(out, pyprof_table_rows(page->types),
			     page->type_count, "type");
	return err;
}

static void put_json_census(const struct pyprof_heap *heap,
			    struct pyprof_json *json)
{
	const struct pyprof_census *census = &heap->census;
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{"objects", heap->index.count},
		{"shallow", heap->shallow},
		{"block", heap->block},
		{"exclusive", heap->exclusive},
		{"arenas", census->arenas},
		{"arena_bytes", census->arena_bytes},
		{"pools_used", census->pools_used},
		{"pools_free", census->pools_free},
		{"blocks", census->blocks},
		{"blocks_free", census->blocks_free},
		{"object_blocks", census->object_blocks},
		{"object_bytes", census->object_bytes},
		{"buffer_blocks", census->buffer_blocks},
		{"buffer_bytes", census->buffer_bytes},
		{"freelist_blocks", census->freelist_blocks},
		{"freelist_bytes", census->freelist_bytes},
		{"other_blocks", census->other_blocks},
		{"other_bytes", census->other_bytes},
		{"free_bytes", census->free_bytes},
		{"header_bytes", census->header_bytes},
		{"libc_bytes", libc_bytes(heap)},
		{"large_objects", census->large_objects},
		{"static_objects", census->static_objects},
	};
	pyprof_json_key(json, "allocator");
	pyprof_json_string(json, allocator_words[heap->allocators.kind]);
	pyprof_json_key(json, "debug_hooks");
	pyprof_json_bool(json, heap->allocators.has_debug_hooks);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pyprof_json_key(json, rows[i].key);
		pyprof_json_uint(json, rows[i].value);
	}
	pyprof_json_key(json, "raw_blocks");
	if (census->raw_blocks < 0)
		pyprof_json_null(json);
	else
		pyprof_json_int(json, census->raw_blocks);
}

static struct pyprof_error *put_json_suspects(const struct page *page,
					      struct pyprof_json *json)
{
	const struct pyprof_suspects *suspects = &page->suspects;
	pyprof_json_key(json, "suspects");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < suspects->items.count && i < SUSPECTS_MAX; i++) {
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		struct pyprof_error *err = pyprof_suspect_put(
			page->heap, page->paths, suspects, i, &text);
		if (err)
			return err;
		pyprof_json_text(json, text.data, text.length);
	}
	pyprof_json_end_array(json);
	return NULL;
}

static struct pyprof_error *put_json(const struct page *page,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(page->snapshot, "summary", &json);
	put_json_census(page->heap, &json);
	pyprof_json_key(&json, "garbage_objects");
	pyprof_json_uint(&json, page->garbage.objects);
	pyprof_json_key(&json, "garbage_bytes");
	pyprof_json_uint(&json, page->garbage.bytes);
	struct pyprof_error *err = put_json_suspects(page, &json);
	if (err)
		return err;
	pyprof_json_key(&json, "type_count");
	pyprof_json_uint(&json, page->type_count);
	return pyprof_table_end_json(page->types, "types", &json);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *limit = &arguments->options[LIMIT];
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_DOMINATED, &snapshot);
	if (err)
		return err;
	struct page page = {.snapshot = snapshot, .heap = snapshot->heap};
	err = gather(session, &page, pyprof_option_count(limit, 10));
	if (!err && arguments->json)
		err = put_json(&page, out);
	else if (!err)
		err = put_text(session, arguments, &page, out);
	deinit(&page);
	return err;
}

#define ROW                                                                    \
	.summary = "Tell on one page what the heap is made of",                \
	.help = "Objects, what the allocators hold, who holds most "           \
		"(suspects),\n"                                                \
		"what a collection would free (garbage), and the types. See\n" \
		"heap types, top, tree, suspects and garbage for more.",       \
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |                 \
		 PYPROF_COMMAND_HEAP,                                          \
	.options = options, .run = run

const struct pyprof_command pyprof_cmd_heap = {.name = "heap", ROW};
const struct pyprof_command pyprof_cmd_heap_summary = {.name = "heap summary",
						       ROW};
