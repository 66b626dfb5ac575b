// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/heap_rows.h"
#include "core/command/session.h"

enum { DEPTH, LIMIT, PERCENT };

static const struct pyprof_option options[] = {
	[DEPTH] = {.name = "--depth",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N levels (default: 6)"},
	[LIMIT] = {.name = "--limit",
		   .kind = PYPROF_OPTION_INTEGER,
		   .placeholder = "N",
		   .text = "no more than N types below each (default: 5)"},
	[PERCENT] = {.name = "--percent",
		     .kind = PYPROF_OPTION_INTEGER,
		     .placeholder = "N",
		     .text = "nothing that holds less than N % (default: 1)"},
	{},
};

#define DEPTH_MAX 50

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_COUNT, "depth", NULL},
	{PYPROF_COLUMN_PERCENT, "percent", "%"},
	{PYPROF_COLUMN_BIG, "retained", "Retained bytes"},
	{PYPROF_COLUMN_BIG, "count", "Objects"},
	{PYPROF_COLUMN_NAME, NULL, "Type"},
	{PYPROF_COLUMN_NAME, "type", NULL},
	{PYPROF_COLUMN_ADDRESS, "address", "Address"},
	{PYPROF_COLUMN_TEXT, "value", "Value"},
};

/** Objects of one type below the same objects. */
struct group {
	uint32_t type;
	/** One of them. */
	uint32_t node;
	uint64_t count, retained;
};

/** A level of the tree that is open: the objects above, what is below them. */
struct level {
	uint32_t *parents;
	size_t parent_count;
	struct group *groups;
	size_t group_count, next;
};

struct tree {
	const struct pyprof_heap *heap;
	struct pyprof_children children;
	const struct pyprof_progress *progress;
	/** What all shares are of. */
	uint64_t whole;
	size_t depth_max, limit;
	unsigned percent;

	/** By index of type, one more for damaged objects; zero between uses.
	 */
	struct group *totals;
	uint32_t *touched;
	size_t type_count;

	struct level levels[DEPTH_MAX];
	size_t depth;
	struct pyprof_table *table;
};

static uint32_t type_of(const struct tree *tree, uint32_t node)
{
	return tree->heap->type_of[node];
}

static void deinit(struct tree *tree)
{
	for (size_t i = 0; i < tree->depth; i++) {
		free(tree->levels[i].parents);
		free(tree->levels[i].groups);
	}
	free(tree->totals);
	free(tree->touched);
	pyprof_children_deinit(&tree->children);
}

/** How many children are looked at between two looks at the user. */
#define NODES_A_LOOK (1 << 16)

/** Do something with each child of a level's parents. */
static struct pyprof_error *
each_child(struct tree *tree, const struct level *level,
	   struct pyprof_error *(*child)(struct tree *tree, void *context,
					 uint32_t node, uint32_t type),
	   void *context)
{
	const struct pyprof_children *children = &tree->children;
	uint64_t seen = 0;
	for (size_t i = 0; i < level->parent_count; i++) {
		uint32_t parent = level->parents[i];
		for (uint32_t j = children->first[parent];
		     j < children->first[parent + 1]; j++) {
			uint32_t node = children->nodes[j];
			struct pyprof_error *err =
				child(tree, context, node, type_of(tree, node));
			if (!err && ++seen % NODES_A_LOOK == 0)
				err = pyprof_progress(tree->progress,
						      "growing the tree", 0, 0);
			if (err)
				return err;
		}
	}
	return NULL;
}

static struct pyprof_error *add_up(struct tree *tree, void *context,
				   uint32_t node, uint32_t type)
{
	size_t *touched = context;
	struct group *group = &tree->totals[type];
	if (!group->count) {
		tree->touched[(*touched)++] = type;
		group->type = type;
		group->node = node;
	}
	group->count++;
	group->retained += tree->heap->dominators.retained[node];
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct group *one = a, *other = b;
	if (one->retained != other->retained)
		return one->retained < other->retained ? 1 : -1;
	return one->node < other->node ? -1 : one->node > other->node;
}

/** Whether a group is big enough to be shown. */
static bool is_shown(const struct tree *tree, const struct group *group)
{
	return group->retained >= tree->whole / 100 * tree->percent &&
	       group->retained;
}

/** Open a level below objects, which it takes over. */
static struct pyprof_error *open_level(struct tree *tree, uint32_t *parents,
				       size_t count)
{
	struct level *level = &tree->levels[tree->depth++];
	*level = (struct level){.parents = parents, .parent_count = count};
	size_t touched = 0;
	struct pyprof_error *err = each_child(tree, level, add_up, &touched);
	struct group *groups = calloc(touched + 1, sizeof(*groups));
	for (size_t i = 0; i < touched; i++) {
		struct group *total = &tree->totals[tree->touched[i]];
		if (groups)
			groups[i] = *total;
		*total = (struct group){};
	}
	level->groups = groups;
	if (err || !groups)
		return err ? err : pyprof_error_oom();
	qsort(groups, touched, sizeof(*groups), compare);
	while (level->group_count < touched &&
	       level->group_count < tree->limit &&
	       is_shown(tree, &groups[level->group_count]))
		level->group_count++;
	return NULL;
}

static void close_level(struct tree *tree)
{
	struct level *level = &tree->levels[--tree->depth];
	free(level->parents);
	free(level->groups);
}

struct picked {
	uint32_t type;
	uint32_t *nodes;
	size_t count;
};

static struct pyprof_error *pick(struct tree *tree, void *context,
				 uint32_t node, uint32_t type)
{
	struct picked *picked = context;
	(void)tree;
	if (type == picked->type)
		picked->nodes[picked->count++] = node;
	return NULL;
}

static void put_group(struct tree *tree, const struct group *group,
		      size_t depth)
{
	struct pyprof_table *table = tree->table;
	const struct pyprof_heap *heap = tree->heap;
	const struct pyprof_type *type =
		group->type < heap->by_type.count
			? heap->by_type.items[group->type].type
			: NULL;
	const char *name = type ? type->name : "(damaged)";
	pyprof_table_row(table);
	pyprof_table_uint(table, depth);
	pyprof_table_part(table, group->retained, tree->whole);
	pyprof_table_uint(table, group->retained);
	pyprof_table_uint(table, group->count);
	pyprof_table_printf(table, "%*s%s", (int)depth * 2, "", name);
	pyprof_table_text(table, name);
	if (group->count > 1)
		return;
	_cleanup_buf_ struct pyprof_buf value = PYPROF_BUF_INIT;
	uint64_t address = pyprof_index_address(&heap->index, group->node);
	pyprof_object_show(heap->types, address, &value);
	pyprof_table_uint(table, address);
	pyprof_table_bytes(table, value.data, value.length);
}

/** Show the next group of the innermost level, and open the one below it. */
static struct pyprof_error *step(struct tree *tree)
{
	struct level *level = &tree->levels[tree->depth - 1];
	if (level->next == level->group_count) {
		close_level(tree);
		return NULL;
	}
	const struct group *group = &level->groups[level->next++];
	put_group(tree, group, tree->depth - 1);
	if (tree->depth >= tree->depth_max)
		return NULL;
	struct picked picked = {.type = group->type};
	picked.nodes = calloc(group->count, sizeof(*picked.nodes));
	if (!picked.nodes)
		return pyprof_error_oom();
	struct pyprof_error *err = each_child(tree, level, pick, &picked);
	if (!err)
		return open_level(tree, picked.nodes, picked.count);
	free(picked.nodes);
	return err;
}

static struct pyprof_error *grow(struct tree *tree, uint32_t top)
{
	const struct pyprof_heap *heap = tree->heap;
	tree->type_count = heap->by_type.count;
	tree->totals = calloc(tree->type_count + 1, sizeof(*tree->totals));
	tree->touched = calloc(tree->type_count + 1, sizeof(*tree->touched));
	uint32_t *parents = malloc(sizeof(*parents));
	if (!tree->totals || !tree->touched || !parents) {
		free(parents);
		return pyprof_error_oom();
	}
	*parents = top;
	struct pyprof_error *err = pyprof_children_compute(
		&heap->dominators, tree->progress, &tree->children);
	if (err) {
		free(parents);
		return err;
	}
	err = open_level(tree, parents, 1);
	while (!err && tree->depth)
		err = step(tree);
	return err;
}

static struct pyprof_error *put_json(const struct pyprof_snapshot *snapshot,
				     const struct tree *tree,
				     const struct pyprof_object *object,
				     struct pyprof_buf *out)
{
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_snapshot_json_begin(snapshot, "tree", &json);
	pyprof_json_key(&json, "address");
	if (object)
		pyprof_json_address(&json, object->address);
	else
		pyprof_json_null(&json);
	pyprof_json_key(&json, "retained");
	pyprof_json_uint(&json, tree->whole);
	return pyprof_table_end_json(tree->table, "tree", &json);
}

static void put_summary(const struct pyprof_snapshot *snapshot,
			const struct tree *tree,
			const struct pyprof_object *object,
			struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = snapshot->heap;
	pyprof_snapshot_header(snapshot, out);
	pyprof_buf_puts(out, "# ");
	if (object) {
		pyprof_object_show(heap->types, object->address, out);
		pyprof_buf_printf(out, " (%s) holds ", object->type->name);
		pyprof_show_size(out, tree->whole);
	} else {
		pyprof_show_size(out, tree->whole);
		pyprof_buf_puts(out, " in ");
		pyprof_show_grouped(out, heap->dominators.reached_count);
		pyprof_buf_puts(out, " objects that something reaches");
	}
	pyprof_buf_puts(out, ", by what alone holds it, level below level\n\n");
}

static struct pyprof_error *
put(struct pyprof_session *session, const struct pyprof_arguments *arguments,
    const struct pyprof_snapshot *snapshot, struct tree *tree, uint32_t top,
    const struct pyprof_object *object, struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_watch watch;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	tree->table = table;
	pyprof_watch_begin(&watch, session);
	tree->progress = &watch.progress;
	err = grow(tree, top);
	pyprof_watch_end(&watch);
	if (err)
		return err;
	if (arguments->json)
		return put_json(snapshot, tree, object, out);
	put_summary(snapshot, tree, object, out);
	return pyprof_heap_write(session, arguments, table, out);
}

static size_t number(const struct pyprof_option_value *value, size_t otherwise,
		     size_t max)
{
	if (!value->given)
		return otherwise;
	return (uint64_t)value->number < max ? (size_t)value->number : max;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_object object;
	struct pyprof_error *err =
		pyprof_snapshot_open(session, arguments->snapshot,
				     PYPROF_SNAPSHOT_DOMINATED, &snapshot);
	if (err)
		return err;
	const struct pyprof_heap *heap = snapshot->heap;
	uint32_t top = heap->dominators.node_count;
	struct tree tree = {
		.heap = heap,
		.whole = heap->dominators.reached_bytes,
		.depth_max = number(&given[DEPTH], 6, DEPTH_MAX),
		.limit = number(&given[LIMIT], 5, SIZE_MAX),
		.percent = (unsigned)number(&given[PERCENT], 1, 100),
	};
	if (arguments->count)
		err = pyprof_snapshot_object(snapshot, arguments->positional[0],
					     &top, &object);
	if (!err && arguments->count)
		tree.whole = heap->dominators.retained[top];
	if (!err)
		err = put(session, arguments, snapshot, &tree, top,
			  arguments->count ? &object : NULL, out);
	deinit(&tree);
	return err;
}

const struct pyprof_command pyprof_cmd_heap_tree = {
	.name = "heap tree",
	.usage = "[ADDRESS]",
	.summary = "Show which objects hold the memory, level by level",
	.help = "An object holds another when that would be freed with it: "
		"the\n"
		"dominator tree. Objects of one type on one level are added "
		"up.\n"
		"What is shown is below ADDRESS, or all that is reached.",
	.max_arguments = 1,
	.flags = PYPROF_COMMAND_JSON | PYPROF_COMMAND_OUTPUT |
		 PYPROF_COMMAND_HEAP,
	.options = options,
	.run = run,
};
