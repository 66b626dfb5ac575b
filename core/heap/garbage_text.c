// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "core/base/show.h"
#include "core/cpython/collector.h"
#include "core/heap/garbage.h"
#include "core/heap/path_tree.h"

/** Objects of a way, and types of a cycle, that are named. */
#define NAMED_OBJECTS 12
#define NAMED_TYPES 6

static void put_object(const struct pyprof_heap *heap, uint32_t id,
		       struct pyprof_buf *out)
{
	struct pyprof_object object;
	if (pyprof_heap_object(heap, id, &object))
		pyprof_buf_printf(out, "<%s at 0x%" PRIx64 ">",
				  object.type->name, object.address);
}

/** Write a reference; of an attribute's two, over the dict, the second alone.
 */
static void put_link(const struct pyprof_heap *heap,
		     const struct pyprof_garbage_link *link, bool in_dict,
		     struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	const char *attribute =
		in_dict ? pyprof_path_attribute(heap, &link->edge, &name)
			: NULL;
	if (attribute) {
		pyprof_buf_puts(out, attribute);
		return;
	}
	pyprof_buf_puts(out, in_dict ? ".__dict__" : "");
	pyprof_edge_show(heap->types, link->edge.kind, link->edge.label, out);
}

void pyprof_garbage_put_way(const struct pyprof_heap *heap,
			    const struct pyprof_garbage *garbage,
			    const struct pyprof_garbage_cycle *cycle,
			    struct pyprof_buf *out)
{
	const struct pyprof_garbage_link *links =
		garbage->links.items + cycle->first_link;
	bool in_dict = false;
	uint32_t named = 0, i = 0;
	for (; i < cycle->link_count && named < NAMED_OBJECTS; i++) {
		if (!in_dict) {
			put_object(heap, links[i].object, out);
			named++;
		}
		/* The last one is not folded: what it leads to is the first. */
		if (!in_dict && i + 1 < cycle->link_count &&
		    pyprof_path_is_dict_step(&links[i].edge)) {
			in_dict = true;
			continue;
		}
		put_link(heap, &links[i], in_dict, out);
		pyprof_buf_puts(out, " → ");
		in_dict = false;
	}
	if (i < cycle->link_count)
		pyprof_buf_printf(out, "(%u more) → ", cycle->link_count - i);
	if (cycle->link_count)
		pyprof_buf_puts(out, "the first");
}

void pyprof_garbage_put_members(const struct pyprof_garbage *garbage,
				const struct pyprof_garbage_cycle *cycle,
				struct pyprof_buf *out)
{
	for (uint32_t i = 0; i < cycle->member_count && i < NAMED_TYPES; i++) {
		const struct pyprof_garbage_type *member =
			&garbage->members.items[cycle->first_member + i];
		pyprof_buf_puts(out, i ? ", " : "");
		pyprof_show_grouped(out, member->count);
		pyprof_buf_printf(out, " %s", member->type->name);
	}
	if (cycle->member_count > NAMED_TYPES)
		pyprof_buf_puts(out, ", …");
}

static void put_generations(const struct pyprof_collector *collector,
			    struct pyprof_buf *out)
{
	static const char *const names[] = {"the youngest", "the middle",
					    "the oldest"};
	static const char *const units[] = {"new objects", "collections",
					    "collections"};
	pyprof_buf_puts(out, "it is not due yet: ");
	for (int i = 0; i < PYPROF_GENERATIONS; i++)
		pyprof_buf_printf(
			out, "%s%s generation at %d of %d %s", i ? ", " : "",
			names[i], collector->generations[i].count,
			collector->generations[i].threshold, units[i]);
}

void pyprof_garbage_put_reason(const struct pyprof_heap *heap,
			       const struct pyprof_garbage *garbage,
			       struct pyprof_buf *out)
{
	struct pyprof_collector collector;
	struct pyprof_error *err =
		pyprof_collector_read(heap->memory, heap->python, &collector);
	size_t before = out->length;
	if (err)
		pyprof_buf_printf(out,
				  "why it was not collected is not known: "
				  "%s",
				  err->message);
	else if (collector.is_collecting)
		pyprof_buf_puts(out, "a collection is under way");
	else if (collector.has_enabled && !collector.is_enabled)
		pyprof_buf_puts(out,
				"automatic collection is off (gc.disable())");
	else if (collector.has_generations &&
		 !collector.generations[0].threshold)
		pyprof_buf_puts(out, "automatic collection is off "
				     "(gc.set_threshold(0))");
	else if (collector.has_generations)
		put_generations(&collector, out);
	pyprof_error_destroy(err);
	if (!garbage->frozen_objects)
		return;
	pyprof_buf_puts(out, out->length > before ? "; " : "");
	pyprof_show_grouped(out, garbage->frozen_objects);
	pyprof_buf_puts(out, " objects were put aside by gc.freeze() and are "
			     "never collected");
}
