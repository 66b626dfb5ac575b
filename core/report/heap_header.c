// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_header.h"

#include <stddef.h>
#include <time.h>

#include "core/base/show.h"

void pyprof_heap_put_title(const struct pyprof_heap_facts *facts,
			   struct pyprof_buf *out)
{
	pyprof_show_program(out, facts->core_path, facts->program, facts->pid);
}

static void put_time(int64_t taken_at, struct pyprof_buf *out)
{
	time_t when = (time_t)taken_at;
	struct tm parts;
	char text[64];
	if (localtime_r(&when, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
		pyprof_buf_printf(out, ", taken %s", text);
}

/** What of a heap can be missing or damaged. */
static const struct damage {
	/** A member of JSON. */
	const char *key;
	/** Of its uint64_t in a struct pyprof_heap. */
	size_t offset;
	/** A line of text: so many of what, and what is with them. NULL: it has
	 * a line of its own. */
	const char *noun, *rest;
} damages[] = {
#define AT(member) offsetof(struct pyprof_heap, member)
	{"missing_bytes", AT(census.missing_bytes), NULL, NULL},
	{"lost_arrays_of_arenas", AT(census.lost_arrays), "list",
	 "of arenas cannot be read: small objects are those of pools that look "
	 "sound"},
	{"damaged_arenas", AT(census.damaged_arenas), "arena",
	 "of small objects damaged, and left out"},
	{"missing_pools", AT(census.pools_missing), "pool",
	 "of small objects not there"},
	{"damaged_pools", AT(census.pools_damaged), "pool",
	 "of small objects damaged, and left out"},
	{"damaged_objects", AT(census.damaged_objects), "object",
	 "damaged, and left out"},
	{"damaged_edges", AT(census.damaged_edges), "object",
	 "of which not all references could be read"},
	{"nameless_objects", AT(census.nameless_objects), "object",
	 "of types whose names cannot be read: their files are not at hand"},
	{"cut_gc_lists", AT(census.cut_gc_lists), "list",
	 "of the garbage collector broken off"},
	{"lost_edges", AT(lost_edges), "reference",
	 "to small blocks in which no object is"},
	{"damaged_stacks", AT(damaged_stacks), "stack",
	 "not read to the end: variables may be missing as roots"},
#undef AT
};
#define DAMAGES (sizeof(damages) / sizeof(*damages))

static uint64_t count_damage(const struct pyprof_heap *heap,
			     const struct damage *damage)
{
	return *(const uint64_t *)((const char *)heap + damage->offset);
}

/** How much of the memory was read. */
static void put_share(const struct pyprof_heap_facts *facts, uint64_t missing,
		      struct pyprof_buf *out)
{
	uint64_t bytes = facts->memory_bytes;
	if (!missing)
		return;
	pyprof_buf_puts(out, "# ");
	pyprof_show_size(out, missing);
	pyprof_buf_puts(out, " of its memory are missing; figures are of the ");
	pyprof_show_percent(out, bytes, bytes + missing);
	pyprof_buf_puts(out, " that are there\n");
}

/** What the figures leave out, or may have wrong. */
static void put_truth(const struct pyprof_heap_facts *facts,
		      const struct pyprof_heap *heap, struct pyprof_buf *out)
{
	put_share(facts, heap->census.missing_bytes, out);
	if (heap->census.is_collecting)
		pyprof_buf_puts(out, "# a garbage collection is under way: its "
				     "lists are in flux\n");
	for (size_t i = 0; i < DAMAGES; i++) {
		uint64_t count = count_damage(heap, &damages[i]);
		if (!count || !damages[i].noun)
			continue;
		pyprof_buf_puts(out, "# ");
		pyprof_show_count(out, count, damages[i].noun);
		pyprof_buf_printf(out, " %s\n", damages[i].rest);
	}
}

void pyprof_heap_put_header(const struct pyprof_heap_facts *facts,
			    const struct pyprof_heap *heap,
			    struct pyprof_buf *out)
{
	if (facts->note)
		pyprof_buf_printf(out, "# %s: this is the newest snapshot\n",
				  facts->note);
	pyprof_buf_puts(out, "# ");
	if (facts->name)
		pyprof_buf_printf(out, "snapshot %s: ", facts->name);
	pyprof_heap_put_title(facts, out);
	if (heap) {
		char version[32];
		const struct pyprof_build *build = &heap->python->build;
		pyprof_buf_printf(out, ", CPython %s %s",
				  pyprof_version_text(build->version, version),
				  pyprof_build_text(build));
	}
	if (facts->name)
		put_time(facts->taken_at, out);
	pyprof_buf_putc(out, '\n');
	if (heap)
		put_truth(facts, heap, out);
}

bool pyprof_heap_put_damages(const struct pyprof_heap *heap,
			     struct pyprof_json *json)
{
	bool is_collecting = heap->census.is_collecting;
	bool is_complete = !is_collecting;
	for (size_t i = 0; i < DAMAGES; i++) {
		uint64_t count = count_damage(heap, &damages[i]);
		pyprof_json_key(json, damages[i].key);
		pyprof_json_uint(json, count);
		is_complete = is_complete && !count;
	}
	pyprof_json_key(json, "collecting");
	pyprof_json_bool(json, is_collecting);
	return is_complete;
}

void pyprof_heap_put_members(const struct pyprof_heap_facts *facts,
			     const struct pyprof_heap *heap,
			     struct pyprof_json *json)
{
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, facts->pid);
	pyprof_json_key(json, "core");
	pyprof_json_string(json, facts->core_path);
	pyprof_json_key(json, "program");
	pyprof_json_string(json, facts->program);
	pyprof_json_key(json, "snapshot");
	pyprof_json_string(json, facts->name);
	pyprof_json_key(json, "note");
	pyprof_json_string(json, facts->note);
	pyprof_json_key(json, "taken_at");
	pyprof_json_int(json, facts->taken_at);
	pyprof_json_key(json, "memory_bytes");
	pyprof_json_uint(json, facts->memory_bytes);
	pyprof_json_key(json, "copy_ns");
	pyprof_json_int(json, facts->copy_ns);
	if (!heap)
		return;
	char version[32];
	pyprof_json_key(json, "python");
	pyprof_json_string(json, pyprof_version_text(
					 heap->python->build.version, version));
	pyprof_json_key(json, "build");
	pyprof_json_string(json, pyprof_build_text(&heap->python->build));
	bool is_complete = pyprof_heap_put_damages(heap, json);
	pyprof_json_key(json, "complete");
	pyprof_json_bool(json, is_complete);
}
