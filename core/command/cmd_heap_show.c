// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_session.h"

enum { RETAINED };

static const struct pyprof_option options[] = {
	[RETAINED] = {.name = "--retained",
		      .kind = PYPROF_OPTION_FLAG,
		      .text = "compute its retained size, too"},
	{},
};

/** All that is said of one object. */
struct facts {
	const struct pyprof_heap *heap;
	uint32_t id;
	struct pyprof_object object;
	struct pyprof_object_sizes sizes;
	uint64_t length;
	bool has_length, is_immortal;
	int64_t refcount;
	struct pyprof_buf value;
};

static void gather(struct facts *facts)
{
	const struct pyprof_types *types = facts->heap->types;
	pyprof_heap_sizes(facts->heap, &facts->object, &facts->sizes);
	facts->has_length =
		pyprof_object_length(types, &facts->object, &facts->length);
	facts->refcount = pyprof_refcount(types, facts->object.bytes,
					  &facts->is_immortal);
	pyprof_object_preview(types, facts->object.address, &facts->value);
}

static void put_size(struct pyprof_buf *out, const char *label, uint64_t bytes,
		     const char *what)
{
	_cleanup_buf_ struct pyprof_buf number = PYPROF_BUF_INIT;
	pyprof_show_grouped(&number, bytes);
	pyprof_buf_printf(out, "%-10s %s bytes%s\n", label, number.data, what);
}

static void put_text(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_type *type = facts->object.type;
	pyprof_buf_printf(out, "\naddress    0x%" PRIx64 "\n",
			  facts->object.address);
	pyprof_buf_printf(out, "type       %s (at 0x%" PRIx64 ")\n", type->name,
			  type->address);
	pyprof_buf_printf(out, "value      %s\n", facts->value.data);
	if (facts->has_length)
		pyprof_buf_printf(out, "length     %" PRIu64 "\n",
				  facts->length);
	if (facts->is_immortal)
		pyprof_buf_puts(out, "refcount   immortal\n");
	else
		pyprof_buf_printf(out, "refcount   %" PRId64 "\n",
				  facts->refcount);
	put_size(out, "shallow", facts->sizes.shallow,
		 ", what sys.getsizeof() says");
	put_size(out, "block", facts->sizes.block,
		 facts->sizes.block ? ", as allocated for the object"
				    : ": it is not allocated, but static");
	put_size(out, "exclusive", facts->sizes.exclusive,
		 ", with the buffers that it owns");
	if (!facts->heap->is_dominated)
		return;
	bool reached = pyprof_is_reached(&facts->heap->dominators, facts->id);
	put_size(out, "retained", facts->heap->dominators.retained[facts->id],
		 reached ? ", freed if it went"
			 : ": nothing reaches it, it is garbage");
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct facts *facts,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 1);
	const struct {
		const char *key;
		uint64_t value;
		bool is_known;
	} numbers[] = {
		{"shallow", facts->sizes.shallow, true},
		{"block", facts->sizes.block, true},
		{"exclusive", facts->sizes.exclusive, true},
		{"retained",
		 facts->heap->is_dominated
			 ? facts->heap->dominators.retained[facts->id]
			 : 0,
		 facts->heap->is_dominated},
		{"length", facts->length, facts->has_length},
		{"refcount", (uint64_t)facts->refcount, !facts->is_immortal},
	};
	pyprof_snapshot_json_begin(snapshot, "show", &json);
	pyprof_json_key(&json, "address");
	pyprof_json_address(&json, facts->object.address);
	pyprof_json_key(&json, "type");
	pyprof_json_string(&json, facts->object.type->name);
	pyprof_json_key(&json, "type_address");
	pyprof_json_address(&json, facts->object.type->address);
	pyprof_json_key(&json, "value");
	pyprof_json_text(&json, facts->value.data, facts->value.length);
	pyprof_json_key(&json, "immortal");
	pyprof_json_bool(&json, facts->is_immortal);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		pyprof_json_key(&json, numbers[i].key);
		if (numbers[i].is_known)
			pyprof_json_uint(&json, numbers[i].value);
		else
			pyprof_json_null(&json);
	}
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return pyprof_buf_error(out);
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	struct pyprof_snapshot *snapshot = NULL;
	struct facts facts = {.value = PYPROF_BUF_INIT};
	struct pyprof_error *err = pyprof_snapshot_open(
		session, arguments->snapshot,
		arguments->options[RETAINED].given ? PYPROF_SNAPSHOT_DOMINATED
						   : PYPROF_SNAPSHOT_CENSUS,
		&snapshot);
	if (!err)
		err = pyprof_snapshot_object(snapshot, arguments->positional[0],
					     &facts.id, &facts.object);
	if (err)
		return err;
	facts.heap = snapshot->heap;
	gather(&facts);
	if (arguments->json) {
		err = put_json(snapshot, &facts, out);
	} else {
		pyprof_snapshot_header(snapshot, out);
		put_text(&facts, out);
	}
	pyprof_buf_deinit(&facts.value);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_show = {
	.name = "heap show",
	.usage = "ADDRESS",
	.summary = "Show an object: its type, sizes, count and value",
	.help = "ADDRESS is written 0x7f0012345678, or decimal as id() prints\n"
		"it; it may lie inside the object.",
	.min_arguments = 1,
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
