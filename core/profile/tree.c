// SPDX-License-Identifier: Apache-2.0
#include "core/profile/tree.h"

#include <stdlib.h>

#include "core/base/intern.h"
#include "core/profile/order.h"

/* A node of the tree while it is made; node 0 is above all roots. */
struct node {
	uint32_t parent, function;
	struct pyprof_times times;
};

static struct pyprof_error *make_nodes(const struct pyprof_profile *profile,
				       const struct pyprof_times *times,
				       struct pyprof_intern *nodes)
{
	const struct pyprof_stack *stacks;
	const struct pyprof_location *locations;
	size_t count = pyprof_profile_stacks(profile, &stacks);
	pyprof_profile_locations(profile, &locations);
	_cleanup_free_ uint32_t *node_of = calloc(count, sizeof(*node_of));
	struct node top = {.parent = UINT32_MAX, .function = UINT32_MAX};
	uint32_t id;
	if (!node_of)
		return pyprof_error_oom();
	struct pyprof_error *err = pyprof_intern(nodes, &top, &id);
	/* Parents have smaller ids, among stacks and so among nodes. */
	for (size_t i = 1; !err && i < count; i++) {
		if (!times[i].total_samples)
			continue;
		struct node node = {
			.parent = node_of[stacks[i].parent],
			.function = locations[stacks[i].location].function,
		};
		err = pyprof_intern(nodes, &node, &node_of[i]);
		if (err)
			break;
		struct node *found = (struct node *)nodes->items + node_of[i];
		pyprof_times_add_self(&found->times, &times[i]);
	}
	if (err)
		return err;
	struct node *items = nodes->items;
	for (size_t i = nodes->count; i-- > 1;) {
		items[i].times.total_ns += items[i].times.self_ns;
		items[i].times.total_samples += items[i].times.self_samples;
		if (items[i].parent)
			pyprof_times_add_total(&items[items[i].parent].times,
					       &items[i].times);
	}
	return NULL;
}

struct ordering {
	const struct pyprof_profile *profile;
	const struct node *nodes;
};

/* By parent; siblings with the least total first, as they are popped last. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct ordering *ordering = arg;
	const struct node *x = &ordering->nodes[*(const uint32_t *)a];
	const struct node *y = &ordering->nodes[*(const uint32_t *)b];
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	int order = pyprof_order_times(&y->times, &x->times, PYPROF_SORT_TOTAL);
	return order ? order
		     : pyprof_order_functions(ordering->profile, y->function,
					      x->function);
}

/*
 * Write nodes in the order of a walk, with `stack` as the nodes still to be
 * visited. `sorted` has the children of a node in one run; runs[node] is where
 * it starts.
 */
static void walk(const struct pyprof_intern *nodes, const uint32_t *sorted,
		 const uint32_t *runs, uint32_t *stack, uint32_t *row_of,
		 struct pyprof_tree_row *rows)
{
	const struct node *items = nodes->items;
	size_t depth = 0, count = 0;
	uint32_t node = 0;
	for (;;) {
		for (size_t i = runs[node];
		     i < nodes->count - 1 && items[sorted[i]].parent == node;
		     i++)
			stack[depth++] = sorted[i];
		if (!depth)
			return;
		node = stack[--depth];
		uint32_t parent = items[node].parent;
		row_of[node] = (uint32_t)count;
		rows[count] = (struct pyprof_tree_row){
			.parent = parent ? row_of[parent] : (uint32_t)count,
			.depth = parent ? rows[row_of[parent]].depth + 1 : 0,
			.function = items[node].function,
			.times = items[node].times,
		};
		count++;
	}
}

static struct pyprof_error *make_rows(const struct pyprof_profile *profile,
				      const struct pyprof_intern *nodes,
				      struct pyprof_summary *summary)
{
	size_t count = nodes->count - 1;
	_cleanup_free_ uint32_t *sorted = calloc(nodes->count, sizeof(*sorted));
	_cleanup_free_ uint32_t *runs = calloc(nodes->count, sizeof(*runs));
	_cleanup_free_ uint32_t *stack = calloc(nodes->count, sizeof(*stack));
	_cleanup_free_ uint32_t *row_of = calloc(nodes->count, sizeof(*row_of));
	struct pyprof_tree_row *rows = calloc(nodes->count, sizeof(*rows));
	summary->tree = rows;
	if (!sorted || !runs || !stack || !row_of || !rows)
		return pyprof_error_oom();
	const struct node *items = nodes->items;
	struct ordering ordering = {.profile = profile, .nodes = items};
	for (size_t i = 0; i < count; i++)
		sorted[i] = (uint32_t)i + 1;
	qsort_r(sorted, count, sizeof(*sorted), compare, &ordering);
	for (size_t i = 0; i < nodes->count; i++)
		runs[i] = (uint32_t)count;
	for (size_t i = count; i-- > 0;)
		runs[items[sorted[i]].parent] = (uint32_t)i;
	walk(nodes, sorted, runs, stack, row_of, rows);
	summary->tree_count = count;
	return NULL;
}

struct pyprof_error *pyprof_summary_tree(const struct pyprof_profile *profile,
					 const struct pyprof_times *stacks,
					 struct pyprof_summary *summary)
{
	struct pyprof_intern nodes = PYPROF_INTERN_INIT(struct node, times);
	struct pyprof_error *err = make_nodes(profile, stacks, &nodes);
	if (!err)
		err = make_rows(profile, &nodes, summary);
	pyprof_intern_deinit(&nodes);
	return err;
}
