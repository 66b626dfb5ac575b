// SPDX-License-Identifier: Apache-2.0
//
// What heap commands have in common: the lines on top, and what users name.
#include <inttypes.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/base/show.h"
#include "core/command/heap_session.h"
#include "core/command/session.h"
#include "core/command/units.h"

struct pyprof_heap_facts
pyprof_snapshot_facts(const struct pyprof_snapshot *snapshot)
{
	return (struct pyprof_heap_facts){
		.name = snapshot->name,
		.note = snapshot->note,
		.pid = snapshot->pid,
		.core_path = snapshot->core_path,
		.program = snapshot->program,
		.taken_at = snapshot->taken_at,
		.memory_bytes = snapshot->bytes,
		.copy_ns = snapshot->copy_ns,
	};
}

void pyprof_snapshot_header(const struct pyprof_snapshot *snapshot,
			    struct pyprof_buf *out)
{
	struct pyprof_heap_facts facts = pyprof_snapshot_facts(snapshot);
	pyprof_heap_put_header(&facts, snapshot->heap, out);
}

void pyprof_snapshot_json_begin(const struct pyprof_snapshot *snapshot,
				const char *name, struct pyprof_json *json)
{
	struct pyprof_heap_facts facts = pyprof_snapshot_facts(snapshot);
	_cleanup_buf_ struct pyprof_buf schema = PYPROF_BUF_INIT;
	pyprof_buf_printf(&schema, "pyprof/heap-%s/1", name);
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "schema");
	pyprof_json_string(json, schema.data);
	pyprof_heap_put_members(&facts, snapshot->heap, json);
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
