// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/session.h"
#include "core/heap/frag.h"

enum { HOLDERS, LIMIT };

static const struct pyprof_option options[] = {
	[HOLDERS] = {.name = "--holders",
		     .kind = PYPROF_OPTION_FLAG,
		     .text = "find out what holds the objects in arenas, too"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N arenas (default: 5)"},
	{},
};

/* Objects named of each arena. */
#define PINS_MAX 3

static const struct pyprof_column use_columns[] = {
	{PYPROF_COLUMN_BIG, "bytes", "Bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_NAME, "use", NULL},
	{PYPROF_COLUMN_NAME, NULL, "Resident memory"},
};

static const struct pyprof_column class_columns[] = {
	{PYPROF_COLUMN_BIG, "block_size", "Block bytes"},
	{PYPROF_COLUMN_BIG, "pools", "Pools"},
	{PYPROF_COLUMN_BIG, "capacity", "Blocks"},
	{PYPROF_COLUMN_BIG, "used", "In use"},
	{PYPROF_COLUMN_BIG, "free", "Free"},
	{PYPROF_COLUMN_BIG, "free_bytes", "Free bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "% in use"},
};

static const struct pyprof_column arena_columns[] = {
	{PYPROF_COLUMN_ADDRESS, "arena", "Arena"},
	{PYPROF_COLUMN_BIG, "arena_bytes", NULL},
	{PYPROF_COLUMN_BIG, "used_bytes", "Bytes in use"},
	{PYPROF_COLUMN_BIG, "used_blocks", "Blocks"},
	{PYPROF_COLUMN_BIG, "objects", "Objects"},
	PYPROF_HEAP_OBJECT_COLUMNS,
	{PYPROF_COLUMN_NAME, "holder", "Held by"},
};

static const struct pyprof_column malloc_columns[] = {
	{PYPROF_COLUMN_ADDRESS, "arena", "Arena of malloc"},
	{PYPROF_COLUMN_BIG, "system_bytes", "Bytes"},
	{PYPROF_COLUMN_BIG, "heaps", "Heaps"},
	{PYPROF_COLUMN_BIG, "used_chunks", "Chunks"},
	{PYPROF_COLUMN_BIG, "used_bytes", "In use"},
	{PYPROF_COLUMN_BIG, "free_chunks", "Free"},
	{PYPROF_COLUMN_BIG, "free_bytes", "Free bytes"},
	{PYPROF_COLUMN_BIG, "cached_bytes", "Cached"},
	{PYPROF_COLUMN_BIG, "top_bytes", "At the end"},
	{PYPROF_COLUMN_BIG, "unknown_bytes", NULL},
};

#define CREATE(columns, ret) \
	pyprof_table_create(columns, sizeof(columns) / sizeof(*(columns)), ret)

/** All that is told. */
struct page {
	const struct pyprof_snapshot *snapshot;
	struct pyprof_heap *heap;
	struct pyprof_frag frag;
	struct pyprof_table *uses, *classes, *arenas, *mallocs;
	/** Arenas that are nearly empty: how many, what they take and hold. */
	uint64_t pinned, pinned_bytes, pinned_used, pinned_blocks;
};

static void deinit(struct page *page)
{
	pyprof_table_destroy(page->uses);
	pyprof_table_destroy(page->classes);
	pyprof_table_destroy(page->arenas);
	pyprof_table_destroy(page->mallocs);
	pyprof_frag_deinit(&page->frag);
}

static struct pyprof_error *fill_uses(struct page *page)
{
	const struct pyprof_frag *frag = &page->frag;
	struct pyprof_error *err = CREATE(use_columns, &page->uses);
	for (size_t i = 0; !err && i < PYPROF_FRAG_CATEGORIES; i++) {
		if (!frag->bytes[i])
			continue;
		pyprof_table_row(page->uses);
		pyprof_table_uint(page->uses, frag->bytes[i]);
		pyprof_table_part(page->uses, frag->bytes[i], frag->total);
		pyprof_table_text(page->uses, pyprof_frag_keys[i]);
		pyprof_table_text(page->uses, pyprof_frag_texts[i]);
	}
	return err;
}

static struct pyprof_error *fill_classes(struct page *page)
{
	struct pyprof_error *err = CREATE(class_columns, &page->classes);
	for (size_t i = 0; !err && i < page->frag.classes.count; i++) {
		const struct pyprof_frag_class *of =
			&page->frag.classes.items[i];
		uint64_t unused =
			of->capacity > of->used ? of->capacity - of->used : 0;
		pyprof_table_row(page->classes);
		pyprof_table_uint(page->classes, of->block_size);
		pyprof_table_uint(page->classes, of->pools);
		pyprof_table_uint(page->classes, of->capacity);
		pyprof_table_uint(page->classes, of->used);
		pyprof_table_uint(page->classes, unused);
		pyprof_table_uint(page->classes, unused * of->block_size);
		pyprof_table_part(page->classes, of->used, of->capacity);
	}
	return err;
}

/** What would have to go for an object to go. */
static void put_holder(const struct pyprof_heap *heap, uint32_t id,
		       struct pyprof_table *table)
{
	struct pyprof_object object;
	if (!heap->is_dominated) {
		pyprof_table_skip(table);
		return;
	}
	uint32_t holder = heap->dominators.idom[id];
	if (holder != PYPROF_NO_NODE &&
	    pyprof_heap_object(heap, holder, &object))
		pyprof_table_printf(table, "%s at 0x%" PRIx64,
				    object.type->name, object.address);
	else if (pyprof_is_reached(&heap->dominators, id))
		pyprof_table_text(table, "several, or the interpreter");
	else
		pyprof_table_text(table, "nothing: it is garbage");
}

static struct pyprof_error *fill_arena(struct page *page,
				       const struct pyprof_frag_arena *arena)
{
	uint32_t ids[PINS_MAX];
	size_t count = 0;
	struct pyprof_error *err =
		pyprof_frag_pins(page->heap, arena, ids, PINS_MAX, &count);
	for (size_t i = 0; !err && i < PINS_MAX && i < (count ? count : 1);
	     i++) {
		pyprof_table_row(page->arenas);
		pyprof_table_uint(page->arenas, arena->start);
		pyprof_table_uint(page->arenas, arena->end - arena->start);
		pyprof_table_uint(page->arenas, arena->used_bytes);
		pyprof_table_uint(page->arenas, arena->used_blocks);
		pyprof_table_uint(page->arenas, count);
		if (i == count)
			break;
		pyprof_heap_put_object(page->heap, ids[i], page->arenas);
		put_holder(page->heap, ids[i], page->arenas);
	}
	return err;
}

static struct pyprof_error *fill_arenas(struct page *page, size_t limit)
{
	struct pyprof_error *err = CREATE(arena_columns, &page->arenas);
	for (size_t i = 0; !err && i < page->frag.arenas.count; i++) {
		const struct pyprof_frag_arena *arena =
			&page->frag.arenas.items[i];
		if (!pyprof_frag_is_pinned(arena))
			continue;
		page->pinned_bytes += arena->end - arena->start;
		page->pinned_used += arena->used_bytes;
		page->pinned_blocks += arena->used_blocks;
		if (page->pinned++ < limit)
			err = fill_arena(page, arena);
	}
	return err;
}

static struct pyprof_error *fill_mallocs(struct page *page)
{
	struct pyprof_error *err = CREATE(malloc_columns, &page->mallocs);
	for (size_t i = 0; !err && i < page->frag.malloc.arenas.count; i++) {
		const struct pyprof_malloc_arena *arena =
			&page->frag.malloc.arenas.items[i];
		struct pyprof_table *table = page->mallocs;
		pyprof_table_row(table);
		pyprof_table_uint(table, arena->address);
		pyprof_table_uint(table, arena->system_bytes);
		pyprof_table_uint(table, arena->heaps);
		pyprof_table_uint(table, arena->chunks[PYPROF_CHUNK_USED]);
		pyprof_table_uint(table, arena->bytes[PYPROF_CHUNK_USED]);
		pyprof_table_uint(table, arena->chunks[PYPROF_CHUNK_FREE]);
		pyprof_table_uint(table, arena->bytes[PYPROF_CHUNK_FREE]);
		pyprof_table_uint(table, arena->bytes[PYPROF_CHUNK_CACHED]);
		pyprof_table_uint(table, arena->bytes[PYPROF_CHUNK_TOP]);
		pyprof_table_uint(table, arena->bytes[PYPROF_CHUNK_UNKNOWN]);
	}
	return err;
}

static struct pyprof_error *gather(struct pyprof_session *session,
				   struct page *page, size_t limit)
{
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		pyprof_frag_read(page->heap, &watch.progress, &page->frag);
	pyprof_watch_end(&watch);
	if (!err)
		err = fill_uses(page);
	if (!err)
		err = fill_classes(page);
	if (!err)
		err = fill_arenas(page, limit);
	return err ? err : fill_mallocs(page);
}

/*
 * Text.
 */

static void put_arenas_line(const struct page *page, struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "\n# ");
	pyprof_show_count(out, page->frag.arenas.count, "arena");
	pyprof_buf_puts(out, " of small objects");
	if (!page->pinned) {
		pyprof_buf_puts(out, ", none of them nearly empty\n");
		return;
	}
	pyprof_buf_puts(out, "; ");
	pyprof_show_grouped(out, page->pinned);
	pyprof_buf_puts(out, " nearly empty: ");
	pyprof_show_size(out, page->pinned_bytes);
	pyprof_buf_puts(out, " kept for ");
	pyprof_show_size(out, page->pinned_used);
	pyprof_buf_puts(out, " in ");
	pyprof_show_count(out, page->pinned_blocks, "block");
	pyprof_buf_puts(out, "\n\n");
}

static void put_malloc_line(const struct page *page, struct pyprof_buf *out)
{
	const struct pyprof_frag *frag = &page->frag;
	if (frag->malloc_error) {
		pyprof_buf_printf(out, "\n# malloc: %s\n",
				  frag->malloc_error->message);
		return;
	}
	pyprof_buf_puts(out, "\n# malloc: ");
	pyprof_show_count(out, frag->malloc.arenas.count, "arena");
	pyprof_buf_puts(out, "; ");
	pyprof_show_count(out, frag->malloc.mapped_chunks, "chunk");
	pyprof_buf_puts(out, " mapped alone, of ");
	pyprof_show_size(out, frag->malloc.mapped_bytes);
	if (!frag->malloc.has_caches)
		pyprof_buf_puts(out, "; what threads have cached counts as "
				     "in use");
	pyprof_buf_puts(out, "\n\n");
}

static struct pyprof_error *put_text(struct pyprof_session *session,
				     const struct pyprof_arguments *arguments,
				     const struct page *page,
				     struct pyprof_buf *out)
{
	const struct pyprof_frag *frag = &page->frag;
	pyprof_snapshot_header(page->snapshot, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_size(out, frag->total);
	pyprof_buf_puts(out,
			page->heap->memory->usage.resident
				? " in physical memory and swap\n\n"
				: " in the core, pages of zeros left out\n\n");
	struct pyprof_error *err =
		pyprof_heap_write(session, arguments, page->uses, out);
	if (!err && frag->excess) {
		pyprof_buf_puts(out, "# ");
		pyprof_show_size(out, frag->excess);
		pyprof_buf_puts(out, " of it are pages that were read and "
				     "never written, and take no memory\n");
	}
	if (!err)
		put_arenas_line(page, out);
	if (!err && page->pinned)
		err = pyprof_heap_write(session, arguments, page->arenas, out);
	if (!err && frag->classes.count) {
		pyprof_buf_putc(out, '\n');
		err = pyprof_heap_write(session, arguments, page->classes, out);
	}
	if (!err)
		put_malloc_line(page, out);
	if (!err && !frag->malloc_error)
		err = pyprof_heap_write(session, arguments, page->mallocs, out);
	return err;
}

/*
 * JSON.
 */

static struct pyprof_error *put_json(const struct page *page,
				     struct pyprof_buf *out)
{
	const struct pyprof_frag *frag = &page->frag;
	const struct pyprof_usage *usage = &page->heap->memory->usage;
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(page->snapshot, "frag", &json);
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{"total", frag->total},
		{"excess", frag->excess},
		{"resident", usage->resident},
		{"swapped", usage->swapped},
		{"arenas", frag->arenas.count},
		{"pinned_arenas", page->pinned},
		{"pinned_bytes", page->pinned_bytes},
		{"pinned_used_bytes", page->pinned_used},
		{"pinned_blocks", page->pinned_blocks},
		{"mapped_chunks", frag->malloc.mapped_chunks},
		{"mapped_bytes", frag->malloc.mapped_bytes},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pyprof_json_key(&json, rows[i].key);
		pyprof_json_uint(&json, rows[i].value);
	}
	pyprof_json_key(&json, "malloc_error");
	pyprof_json_string(
		&json, frag->malloc_error ? frag->malloc_error->message : NULL);
	const struct {
		const char *key;
		const struct pyprof_table *table;
	} tables[] = {
		{"uses", page->uses},
		{"pins", page->arenas},
		{"classes", page->classes},
		{"malloc_arenas", page->mallocs},
	};
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < sizeof(tables) / sizeof(*tables); i++) {
		pyprof_json_key(&json, tables[i].key);
		err = pyprof_table_write_json(tables[i].table, &json);
	}
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err = pyprof_snapshot_open(
		session, arguments->snapshot,
		given[HOLDERS].given ? PYPROF_SNAPSHOT_DOMINATED
				     : PYPROF_SNAPSHOT_CENSUS,
		&snapshot);
	if (err)
		return err;
	struct page page = {.snapshot = snapshot, .heap = snapshot->heap};
	err = gather(session, &page, pyprof_option_count(&given[LIMIT], 5));
	if (!err)
		err = arguments->json
			      ? put_json(&page, out)
			      : put_text(session, arguments, &page, out);
	deinit(&page);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_frag = {
	.name = "heap frag",
	.usage = "",
	.summary = "Tell what memory is used for that no object accounts for",
	.help = "All resident memory by use; arenas that a few objects keep\n"
		"from being given back, and which objects those are; blocks\n"
		"in use and free by size; the arenas of the C library's\n"
		"malloc. --holders names what holds the objects, which takes\n"
		"seconds for millions of them.",
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
