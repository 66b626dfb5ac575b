// SPDX-License-Identifier: Apache-2.0
//
// What heap commands have in common: the lines on top, and what users name.
#include <inttypes.h>
#include <string.h>

#include "core/base/show.h"
#include "core/command/heap_session.h"
#include "core/command/nearest.h"
#include "core/command/session.h"
#include "core/command/units.h"

/** "core.4242" or "python3 app.py (pid 4242)". */
static void put_what(const struct pyprof_snapshot *snapshot,
		     struct pyprof_buf *out)
{
	if (snapshot->core_path)
		pyprof_buf_puts(out, snapshot->core_path);
	else if (*snapshot->program)
		pyprof_buf_printf(out, "%s (pid %d)", snapshot->program,
				  snapshot->pid);
	else
		pyprof_buf_printf(out, "process %d", snapshot->pid);
}

static void put_time(time_t when, struct pyprof_buf *out)
{
	struct tm parts;
	char text[64];
	if (localtime_r(&when, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
		pyprof_buf_printf(out, ", taken %s", text);
}

/** A line of what is not as it should be, when there is any of it. */
static void warn(struct pyprof_buf *out, uint64_t count, const char *noun,
		 const char *rest)
{
	if (!count)
		return;
	pyprof_buf_puts(out, "# ");
	pyprof_show_count(out, count, noun);
	pyprof_buf_printf(out, " %s\n", rest);
}

/** How much of the memory was read. */
static void put_share(const struct pyprof_heap *heap, struct pyprof_buf *out)
{
	uint64_t missing = heap->census.missing_bytes;
	uint64_t bytes = pyprof_snapshot_bytes(heap->memory);
	if (!missing)
		return;
	pyprof_buf_puts(out, "# ");
	pyprof_show_size(out, missing);
	pyprof_buf_puts(out, " of its memory are missing; figures are of the ");
	pyprof_show_percent(out, bytes, bytes + missing);
	pyprof_buf_puts(out, " that are there\n");
}

/** What the figures leave out, or may have wrong. */
static void put_truth(const struct pyprof_heap *heap, struct pyprof_buf *out)
{
	const struct pyprof_census *census = &heap->census;
	put_share(heap, out);
	if (census->is_collecting)
		pyprof_buf_puts(out, "# a garbage collection is under way: its "
				     "lists are in flux\n");
	warn(out, census->lost_arrays, "list",
	     "of arenas cannot be read: small objects are those of pools that "
	     "look sound");
	warn(out, census->damaged_arenas, "arena",
	     "of small objects damaged, and left out");
	warn(out, census->pools_missing, "pool", "of small objects not there");
	warn(out, census->pools_damaged, "pool",
	     "of small objects damaged, and left out");
	warn(out, census->damaged_objects, "object", "damaged, and left out");
	warn(out, census->damaged_edges, "object",
	     "of which not all references could be read");
	warn(out, census->nameless_objects, "object",
	     "of types whose names cannot be read: their files are not at "
	     "hand");
	warn(out, census->cut_gc_lists, "list",
	     "of the garbage collector broken off");
	warn(out, heap->lost_edges, "reference",
	     "to small blocks in which no object is");
	warn(out, heap->damaged_stacks, "stack",
	     "not read to the end: variables may be missing as roots");
}

void pyprof_snapshot_header(const struct pyprof_snapshot *snapshot,
			    struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = snapshot->heap;
	if (snapshot->note)
		pyprof_buf_printf(out, "# %s: this is the newest snapshot\n",
				  snapshot->note);
	pyprof_buf_puts(out, "# ");
	if (snapshot->name)
		pyprof_buf_printf(out, "snapshot %s: ", snapshot->name);
	put_what(snapshot, out);
	if (heap) {
		char version[32];
		const struct pyprof_build *build = &heap->python->build;
		pyprof_buf_printf(out, ", CPython %s %s",
				  pyprof_version_text(build->version, version),
				  pyprof_build_text(build));
	}
	if (snapshot->name)
		put_time(snapshot->taken_at, out);
	pyprof_buf_putc(out, '\n');
	if (heap)
		put_truth(heap, out);
}

static void put_json_truth(const struct pyprof_heap *heap,
			   struct pyprof_json *json)
{
	const struct pyprof_census *census = &heap->census;
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"missing_bytes", census->missing_bytes},
		{"lost_arrays_of_arenas", census->lost_arrays},
		{"damaged_arenas", census->damaged_arenas},
		{"missing_pools", census->pools_missing},
		{"damaged_pools", census->pools_damaged},
		{"damaged_objects", census->damaged_objects},
		{"damaged_edges", census->damaged_edges},
		{"nameless_objects", census->nameless_objects},
		{"cut_gc_lists", census->cut_gc_lists},
		{"lost_edges", heap->lost_edges},
		{"damaged_stacks", heap->damaged_stacks},
	};
	bool complete = !census->is_collecting;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pyprof_json_key(json, counts[i].key);
		pyprof_json_uint(json, counts[i].value);
		complete = complete && !counts[i].value;
	}
	pyprof_json_key(json, "collecting");
	pyprof_json_bool(json, census->is_collecting);
	pyprof_json_key(json, "complete");
	pyprof_json_bool(json, complete);
}

void pyprof_snapshot_json_begin(const struct pyprof_snapshot *snapshot,
				const char *name, struct pyprof_json *json)
{
	const struct pyprof_heap *heap = snapshot->heap;
	_cleanup_buf_ struct pyprof_buf schema = PYPROF_BUF_INIT;
	pyprof_buf_printf(&schema, "pyprof/heap-%s/1", name);
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "schema");
	pyprof_json_string(json, schema.data);
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, snapshot->pid);
	pyprof_json_key(json, "core");
	pyprof_json_string(json, snapshot->core_path);
	pyprof_json_key(json, "program");
	pyprof_json_string(json, snapshot->program);
	pyprof_json_key(json, "snapshot");
	pyprof_json_string(json, snapshot->name);
	pyprof_json_key(json, "note");
	pyprof_json_string(json, snapshot->note);
	pyprof_json_key(json, "taken_at");
	pyprof_json_int(json, snapshot->taken_at);
	pyprof_json_key(json, "memory_bytes");
	pyprof_json_uint(json, snapshot->bytes);
	pyprof_json_key(json, "copy_ns");
	pyprof_json_int(json, snapshot->copy_ns);
	if (!heap)
		return;
	char version[32];
	pyprof_json_key(json, "python");
	pyprof_json_string(json, pyprof_version_text(
					 heap->python->build.version, version));
	pyprof_json_key(json, "build");
	pyprof_json_string(json, pyprof_build_text(&heap->python->build));
	put_json_truth(heap, json);
}

struct pyprof_error *pyprof_heap_write(struct pyprof_session *session,
				       const struct pyprof_arguments *arguments,
				       const struct pyprof_table *table,
				       struct pyprof_buf *out)
{
	bool to_file = arguments->output;
	return pyprof_table_write_text(
		table, to_file ? 0 : session->ops->width(session->host), out);
}

void pyprof_heap_put_left_out(struct pyprof_buf *out, uint64_t shown,
			      uint64_t all, const char *noun)
{
	if (shown >= all)
		return;
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, shown);
	pyprof_buf_puts(out, " of ");
	pyprof_show_grouped(out, all);
	pyprof_buf_printf(out, " %ss shown\n", noun);
}

/*
 * What users name.
 */

/** Why an address is no object's. */
static struct pyprof_error *no_object(const struct pyprof_heap *heap,
				      uint64_t address)
{
	uint64_t block = pyprof_heap_block(heap, address);
	const struct pyprof_memory_segment *segment =
		pyprof_memory_segment(heap->memory, address);
	if (block)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"there is no object at 0x%" PRIx64 ", but a block of "
			"%" PRIu64 " bytes: free, or memory of an object's",
			address, block);
	if (segment)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"there is no object at 0x%" PRIx64 "%s%s", address,
			*segment->path ? ", in " : "", segment->path);
	return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
				   "there is no object at 0x%" PRIx64
				   "; nothing that the program writes to is "
				   "there",
				   address);
}

struct pyprof_error *
pyprof_snapshot_object(const struct pyprof_snapshot *snapshot, const char *text,
		       uint32_t *id_ret, struct pyprof_object *ret)
{
	const struct pyprof_heap *heap = snapshot->heap;
	struct pyprof_object object;
	uint64_t address = 0;
	struct pyprof_error *err = pyprof_parse_address(text, &address);
	if (err)
		return err;
	uint32_t id = pyprof_heap_find(heap, address);
	if (id == PYPROF_NO_OBJECT)
		return no_object(heap, address);
	if (!pyprof_heap_object(heap, id, &object))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "a damaged object");
	*id_ret = id;
	*ret = object;
	return NULL;
}

/** Whether `name` is all of `full`, or what is behind one of its points. */
static bool is_named(const char *full, const char *name)
{
	size_t length = strlen(full), tail = strlen(name);
	if (tail > length || strcmp(full + length - tail, name) != 0)
		return false;
	return tail == length || full[length - tail - 1] == '.';
}

static struct pyprof_error *no_type(const struct pyprof_heap *heap,
				    const char *name)
{
	struct pyprof_nearest nearest = {};
	for (size_t i = 0; i < heap->by_type.count; i++) {
		const struct pyprof_type *type = heap->by_type.items[i].type;
		if (!type || !heap->by_type.items[i].count)
			continue;
		const char *point = strrchr(type->name, '.');
		pyprof_nearest_offer(&nearest, name, type->name);
		if (point)
			pyprof_nearest_offer(&nearest, name, point + 1);
	}
	return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
				   "there is no object of a type %.80s%s%s%s",
				   name, nearest.word ? "; did you mean " : "",
				   nearest.word ? nearest.word : "",
				   nearest.word ? "?" : "");
}

struct pyprof_error *
pyprof_snapshot_types(const struct pyprof_snapshot *snapshot, const char *name,
		      struct pyprof_type_set *ret)
{
	const struct pyprof_heap *heap = snapshot->heap;
	size_t all = heap->by_type.count;
	struct pyprof_type_set exact = {}, tails = {};
	exact.bits = calloc(all / 64 + 1, sizeof(*exact.bits));
	tails.bits = calloc(all / 64 + 1, sizeof(*tails.bits));
	if (!exact.bits || !tails.bits) {
		pyprof_type_set_deinit(&exact);
		pyprof_type_set_deinit(&tails);
		return pyprof_error_oom();
	}
	for (size_t i = 0; i < all; i++) {
		const struct pyprof_heap_type *row = &heap->by_type.items[i];
		if (!row->type || !row->count ||
		    !is_named(row->type->name, name))
			continue;
		bool is_exact = strcmp(row->type->name, name) == 0;
		struct pyprof_type_set *set = is_exact ? &exact : &tails;
		set->bits[i >> 6] |= UINT64_C(1) << (i & 63);
		set->count++;
	}
	struct pyprof_type_set *found = exact.count ? &exact : &tails;
	pyprof_type_set_deinit(exact.count ? &tails : &exact);
	if (found->count) {
		*ret = *found;
		return NULL;
	}
	pyprof_type_set_deinit(found);
	return no_type(heap, name);
}
