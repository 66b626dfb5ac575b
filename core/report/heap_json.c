// SPDX-License-Identifier: Apache-2.0

#include "config.h"
#include "core/base/json.h"
#include "core/report/heap_report.h"

/** Types that a report has. */
#define TYPES 5000
/** Groups of the tree that have a path, that of their biggest object. */
#define NAMED_MAX 600
/** Types that hold a text. */
#define HOLDERS 5

struct writer {
	struct pyprof_json json;
	struct pyprof_heap_report *report;
	struct pyprof_heap *heap;
};

static void put_count(struct writer *writer, const char *key, uint64_t value)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_uint(&writer->json, value);
}

static void put_string(struct writer *writer, const char *key, const char *text)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_string(&writer->json, text);
}

static void put_buf(struct writer *writer, const char *key,
		    const struct pyprof_buf *text)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_text(&writer->json, text->data, text->length);
}

static void put_address(struct writer *writer, const char *key, uint32_t object)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_address(&writer->json,
			    pyprof_index_address(&writer->heap->index, object));
}

static const char *type_name(const struct writer *writer, uint32_t type)
{
	const struct pyprof_heap *heap = writer->heap;
	const struct pyprof_type *found =
		type < heap->by_type.count ? heap->by_type.items[type].type
					   : NULL;
	return found ? found->name : NULL;
}

/** Begin an array or an object that is a member. */
static void begin_array(struct writer *writer, const char *key)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_array(&writer->json);
}

static void begin_object(struct writer *writer, const char *key)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_object(&writer->json);
}

static void put_meta(struct writer *writer)
{
	const struct pyprof_heap_facts *facts = writer->report->facts;
	const struct pyprof_build *build = &writer->heap->python->build;
	char version[32];
	begin_object(writer, "meta");
	put_string(writer, "pyprof", PACKAGE_VERSION);
	put_string(writer, "snapshot", facts->name);
	pyprof_json_key(&writer->json, "pid");
	pyprof_json_int(&writer->json, facts->pid);
	put_string(writer, "core", facts->core_path);
	put_string(writer, "program", facts->program);
	pyprof_json_key(&writer->json, "taken_at");
	pyprof_json_int(&writer->json, facts->taken_at);
	put_count(writer, "memory_bytes", facts->memory_bytes);
	put_count(writer, "copy_ns", (uint64_t)facts->copy_ns);
	put_string(writer, "python",
		   pyprof_version_text(build->version, version));
	pyprof_json_key(&writer->json, "debug");
	pyprof_json_bool(&writer->json, build->is_debug);
	pyprof_json_key(&writer->json, "free_threaded");
	pyprof_json_bool(&writer->json, build->is_free_threaded);
	pyprof_json_end_object(&writer->json);
}

static void put_totals(struct writer *writer)
{
	const struct pyprof_heap *heap = writer->heap;
	begin_object(writer, "totals");
	put_count(writer, "objects", heap->index.count);
	put_count(writer, "shallow", heap->shallow);
	put_count(writer, "block", heap->block);
	put_count(writer, "bytes", heap->exclusive);
	put_count(writer, "reached_objects", heap->dominators.reached_count);
	put_count(writer, "reached_bytes", heap->dominators.reached_bytes);
	put_count(writer, "types", writer->report->type_count);
	put_count(writer, "edges", heap->graph.first[heap->graph.node_count]);
	put_count(writer, "roots", heap->roots.count);
	pyprof_json_end_object(&writer->json);
}

/** What pools are used for, and what is missing, damaged or in flux. */
static void put_census(struct writer *writer)
{
	const struct pyprof_census *census = &writer->heap->census;
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"arenas", census->arenas},
		{"arena_bytes", census->arena_bytes},
		{"object_bytes", census->object_bytes},
		{"buffer_bytes", census->buffer_bytes},
		{"freelist_bytes", census->freelist_bytes},
		{"other_bytes", census->other_bytes},
		{"free_bytes", census->free_bytes},
		{"header_bytes", census->header_bytes},
		{"large_objects", census->large_objects},
		{"static_objects", census->static_objects},
	};
	begin_object(writer, "census");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		put_count(writer, counts[i].key, counts[i].value);
	pyprof_heap_put_damages(writer->heap, &writer->json);
	pyprof_json_end_object(&writer->json);
}

static void put_types(struct writer *writer)
{
	const struct pyprof_heap_report *report = writer->report;
	begin_array(writer, "types");
	for (size_t i = 0; i < report->type_count && i < TYPES; i++) {
		const struct pyprof_heap_type *type = report->types[i];
		pyprof_json_begin_object(&writer->json);
		put_string(writer, "type", type->type->name);
		put_count(writer, "count", type->count);
		put_count(writer, "shallow", type->shallow);
		put_count(writer, "block", type->block);
		put_count(writer, "bytes", type->exclusive);
		put_count(writer, "retained", type->retained);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
}

static void put_contents(struct writer *writer,
			 const struct pyprof_suspect *suspect)
{
	begin_array(writer, "contents");
	for (uint32_t i = 0; i < suspect->content_count; i++) {
		const struct pyprof_suspect_content *content =
			&writer->report->suspects.contents
				 .items[suspect->first_content + i];
		pyprof_json_begin_object(&writer->json);
		put_string(writer, "type", type_name(writer, content->type));
		put_count(writer, "count", content->count);
		put_count(writer, "bytes", content->bytes);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
}

/** Have all objects that are named looked for at once. */
static struct pyprof_error *expect_all(const struct pyprof_heap_report *report)
{
	PYPROF_VEC(uint32_t) objects = {};
	bool is_good = true;
	for (size_t i = 0; i < report->suspects.items.count; i++)
		is_good &= pyprof_vec_push(
			&objects, report->suspects.items.items[i].point);
	for (size_t i = 0; i < report->tree.groups.count && i < NAMED_MAX; i++)
		is_good &= pyprof_vec_push(&objects,
					   report->tree.groups.items[i].object);
	for (size_t i = 0; i < report->biggest.count; i++)
		is_good &= pyprof_vec_push(&objects,
					   report->biggest.items[i].object);
	struct pyprof_error *err =
		is_good ? pyprof_paths_expect(report->paths, objects.items,
					      objects.count)
			: pyprof_error_oom();
	pyprof_vec_deinit(&objects);
	return err;
}

static struct pyprof_error *put_suspect(struct writer *writer, size_t index)
{
	struct pyprof_heap_report *report = writer->report;
	const struct pyprof_suspect *suspect =
		&report->suspects.items.items[index];
	_cleanup_buf_ struct pyprof_buf sentence = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_suspect_put(writer->heap, report->paths,
				   &report->suspects, index, &sentence);
	if (!err)
		err = pyprof_path_put(report->paths, suspect->point, &path);
	if (err)
		return err;
	pyprof_json_begin_object(&writer->json);
	put_buf(writer, "sentence", &sentence);
	put_address(writer, "address", suspect->object);
	put_string(writer, "type", type_name(writer, suspect->type));
	put_count(writer, "count", suspect->count);
	put_count(writer, "retained", suspect->retained);
	put_address(writer, "point", suspect->point);
	put_buf(writer, "point_path", &path);
	put_count(writer, "point_retained", suspect->point_retained);
	put_count(writer, "point_objects", suspect->point_objects);
	put_contents(writer, suspect);
	pyprof_json_end_object(&writer->json);
	return NULL;
}

static struct pyprof_error *put_suspects(struct writer *writer)
{
	struct pyprof_error *err = NULL;
	begin_array(writer, "suspects");
	for (size_t i = 0; i < writer->report->suspects.items.count && !err;
	     i++)
		err = put_suspect(writer, i);
	pyprof_json_end_array(&writer->json);
	return err;
}

/** The tree as a list: each names the number of the one above it. */
static struct pyprof_error *put_tree(struct writer *writer)
{
	const struct pyprof_group_tree *tree = &writer->report->tree;
	size_t named = 0;
	struct pyprof_error *err = NULL;
	begin_array(writer, "tree");
	for (size_t i = 0; i < tree->groups.count && !err; i++) {
		const struct pyprof_group *group = &tree->groups.items[i];
		_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
		pyprof_json_begin_object(&writer->json);
		pyprof_json_key(&writer->json, "parent");
		if (group->parent == PYPROF_NO_NODE)
			pyprof_json_null(&writer->json);
		else
			pyprof_json_uint(&writer->json, group->parent);
		put_string(writer, "type", type_name(writer, group->type));
		put_count(writer, "count", group->count);
		put_count(writer, "retained", group->retained);
		put_count(writer, "left_out", group->left_out);
		put_address(writer, "address", group->object);
		if (named++ < NAMED_MAX) {
			err = pyprof_path_put(writer->report->paths,
					      group->object, &path);
			put_buf(writer, "path", &path);
		}
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
	return err;
}

/** The biggest objects by themselves. */
static struct pyprof_error *put_biggest(struct writer *writer)
{
	const struct pyprof_heap_report *report = writer->report;
	const struct pyprof_heap *heap = writer->heap;
	begin_array(writer, "objects");
	for (size_t i = 0; i < report->biggest.count; i++) {
		const struct pyprof_big *big = &report->biggest.items[i];
		struct pyprof_object object;
		struct pyprof_object_sizes sizes = {};
		bool is_known = pyprof_heap_object(heap, big->object, &object);
		_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		struct pyprof_error *err =
			pyprof_path_put(report->paths, big->object, &path);
		if (err)
			return err;
		if (is_known)
			pyprof_heap_sizes(heap, &object, &sizes);
		pyprof_object_show(
			heap->types,
			pyprof_index_address(&heap->index, big->object), &text);
		pyprof_json_begin_object(&writer->json);
		put_address(writer, "address", big->object);
		put_string(writer, "type", is_known ? object.type->name : NULL);
		put_count(writer, "shallow", sizes.shallow);
		put_count(writer, "bytes", big->size);
		put_count(writer, "retained",
			  heap->dominators.retained[big->object]);
		put_buf(writer, "path", &path);
		put_buf(writer, "text", &text);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
	return NULL;
}

/** Types that refer to a text, from holder `at` on. */
static void put_holders(struct writer *writer, uint32_t group, size_t *at)
{
	const struct pyprof_strings *strings = &writer->report->strings;
	size_t written = 0;
	begin_array(writer, "holders");
	for (; *at < strings->holders.count &&
	       strings->holders.items[*at].group == group;
	     ++*at) {
		const struct pyprof_string_holder *holder =
			&strings->holders.items[*at];
		if (written++ >= HOLDERS)
			continue;
		pyprof_json_begin_object(&writer->json);
		put_string(writer, "type", holder->type->name);
		put_count(writer, "references", holder->references);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
}

static void put_strings(struct writer *writer)
{
	const struct pyprof_strings *strings = &writer->report->strings;
	size_t holder = 0;
	begin_object(writer, "strings");
	put_count(writer, "objects", strings->objects);
	put_count(writer, "bytes", strings->bytes);
	put_count(writer, "distinct", strings->distinct);
	put_count(writer, "duplicated", strings->group_count);
	put_count(writer, "wasted", strings->wasted);
	begin_array(writer, "top");
	for (size_t i = 0; i < strings->groups.count; i++) {
		const struct pyprof_string_group *group =
			&strings->groups.items[i];
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		pyprof_object_show(writer->heap->types,
				   pyprof_index_address(&writer->heap->index,
							group->object),
				   &text);
		pyprof_json_begin_object(&writer->json);
		put_buf(writer, "text", &text);
		put_address(writer, "address", group->object);
		put_count(writer, "copies", group->copies);
		put_count(writer, "length", group->length);
		put_count(writer, "bytes", group->bytes);
		put_count(writer, "wasted", group->wasted);
		put_holders(writer, (uint32_t)i, &holder);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
	pyprof_json_end_object(&writer->json);
}

static void put_cycle(struct writer *writer,
		      const struct pyprof_garbage_cycle *cycle)
{
	const struct pyprof_garbage *garbage = &writer->report->garbage;
	_cleanup_buf_ struct pyprof_buf members = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf way = PYPROF_BUF_INIT;
	pyprof_garbage_put_members(garbage, cycle, &members);
	pyprof_garbage_put_way(writer->heap, garbage, cycle, &way);
	pyprof_json_begin_object(&writer->json);
	put_count(writer, "count", cycle->count);
	put_count(writer, "objects", cycle->objects);
	put_count(writer, "bytes", cycle->bytes);
	put_buf(writer, "types", &members);
	put_buf(writer, "way", &way);
	pyprof_json_end_object(&writer->json);
}

static void put_garbage(struct writer *writer)
{
	const struct pyprof_garbage *garbage = &writer->report->garbage;
	_cleanup_buf_ struct pyprof_buf reason = PYPROF_BUF_INIT;
	pyprof_garbage_put_reason(writer->heap, garbage, &reason);
	begin_object(writer, "garbage");
	put_count(writer, "objects", garbage->objects);
	put_count(writer, "bytes", garbage->bytes);
	put_count(writer, "cycles", garbage->cycle_count);
	put_string(writer, "reason", garbage->objects ? reason.data : NULL);
	begin_array(writer, "types");
	for (size_t i = 0; i < garbage->types.count && i < TYPES; i++) {
		const struct pyprof_garbage_type *type =
			&garbage->types.items[i];
		pyprof_json_begin_object(&writer->json);
		put_string(writer, "type", type->type->name);
		put_count(writer, "count", type->count);
		put_count(writer, "bytes", type->bytes);
		pyprof_json_end_object(&writer->json);
	}
	pyprof_json_end_array(&writer->json);
	begin_array(writer, "kinds");
	for (size_t i = 0; i < garbage->cycles.count; i++)
		put_cycle(writer, &garbage->cycles.items[i]);
	pyprof_json_end_array(&writer->json);
	pyprof_json_end_object(&writer->json);
}

struct pyprof_error *pyprof_heap_report_json(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
{
	struct writer writer = {
		.json = PYPROF_JSON_INIT_LINES(out, 2),
		.report = report,
		.heap = report->heap,
	};
	pyprof_json_begin_object(&writer.json);
	put_string(&writer, "schema", "pyprof/heap/1");
	put_meta(&writer);
	put_totals(&writer);
	put_census(&writer);
	struct pyprof_error *err = expect_all(report);
	if (!err)
		err = put_suspects(&writer);
	put_types(&writer);
	if (!err)
		err = put_tree(&writer);
	if (!err)
		err = put_biggest(&writer);
	put_strings(&writer);
	put_garbage(&writer);
	pyprof_json_end_object(&writer.json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}
