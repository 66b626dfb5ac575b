// SPDX-License-Identifier: Apache-2.0
#include "core/heap/group_tree.h"

#include <stdlib.h>

#define NO_SLOT UINT32_MAX

/** Objects of one type below a group. */
struct tally {
	uint64_t count, retained;
	uint32_t biggest;
	/** The group that it became, NO_SLOT for those left out. */
	uint32_t group;
};

/** The objects of a group whose children were not looked at yet. */
struct members {
	uint32_t *nodes;
	size_t count;
};

struct maker {
	const struct pyprof_group_input *input;
	const struct pyprof_progress *progress;
	struct pyprof_group_tree *tree;
	/** By index of type; all zero between two groups. */
	struct tally *tallies;
	uint32_t *touched;
	size_t touched_count;
	/** Those that are groups of their own, meanwhile. */
	PYPROF_VEC(uint32_t) apart;
	/** As the groups of the tree. */
	PYPROF_VEC(struct members) members;
};

static uint32_t type_of(const struct maker *maker, uint32_t node)
{
	uint32_t type = maker->input->type(maker->input->context, node);
	return type < maker->input->type_count ? type : 0;
}

static bool is_apart(const struct maker *maker, uint32_t node)
{
	const struct pyprof_group_input *input = maker->input;
	return input->is_apart &&
	       input->dominators->retained[node] >= input->min_bytes &&
	       input->is_apart(input->context, node);
}

/** Count the children of one object by type. */
static struct pyprof_error *count_children(struct maker *maker, uint32_t node)
{
	const struct pyprof_children *children = maker->input->children;
	const uint64_t *retained = maker->input->dominators->retained;
	for (uint32_t i = children->first[node]; i < children->first[node + 1];
	     i++) {
		uint32_t child = children->nodes[i];
		if (is_apart(maker, child)) {
			if (!pyprof_vec_push(&maker->apart, child))
				return pyprof_error_oom();
			continue;
		}
		uint32_t type = type_of(maker, child);
		struct tally *tally = &maker->tallies[type];
		if (!tally->count++)
			maker->touched[maker->touched_count++] = type;
		if (tally->count == 1 ||
		    retained[child] > retained[tally->biggest])
			tally->biggest = child;
		tally->retained += retained[child];
	}
	return NULL;
}

static int by_retained(const void *a, const void *b)
{
	const struct pyprof_group *left = a, *right = b;
	if (left->retained != right->retained)
		return left->retained < right->retained ? 1 : -1;
	return (left->object > right->object) - (left->object < right->object);
}

static bool add_apart(struct maker *maker, uint32_t parent, uint32_t depth)
{
	bool added = true;
	for (size_t i = 0; i < maker->apart.count && added; i++) {
		uint32_t node = maker->apart.items[i];
		struct pyprof_group group = {
			.parent = parent,
			.depth = depth,
			.type = type_of(maker, node),
			.object = node,
			.count = 1,
			.retained = maker->input->dominators->retained[node],
			.is_apart = true,
		};
		added = pyprof_vec_push(&maker->tree->groups, group);
	}
	return added;
}

/** Make groups of the tallies that are big enough, and of what is apart. */
static struct pyprof_error *make_groups(struct maker *maker, uint32_t parent,
					uint32_t depth)
{
	const struct pyprof_group_input *input = maker->input;
	struct pyprof_group_tree *tree = maker->tree;
	size_t first = tree->groups.count;
	uint64_t left_out = 0;
	if (!add_apart(maker, parent, depth))
		return pyprof_error_oom();
	for (size_t i = 0; i < maker->touched_count; i++) {
		const struct tally *tally = &maker->tallies[maker->touched[i]];
		struct pyprof_group group = {
			.parent = parent,
			.depth = depth,
			.type = maker->touched[i],
			.object = tally->biggest,
			.count = tally->count,
			.retained = tally->retained,
		};
		if (tally->retained < input->min_bytes)
			left_out += tally->retained;
		else if (!pyprof_vec_push(&tree->groups, group))
			return pyprof_error_oom();
	}
	size_t kept = tree->groups.count - first;
	if (kept)
		qsort(tree->groups.items + first, kept,
		      sizeof(struct pyprof_group), by_retained);
	while (kept && (kept > input->width || first + kept > input->limit))
		left_out += tree->groups.items[first + --kept].retained;
	tree->groups.count = first + kept;
	if (parent != PYPROF_NO_NODE)
		tree->groups.items[parent].left_out = left_out;
	return NULL;
}

/** Room for the objects of the groups from `first` on. */
static struct pyprof_error *make_room(struct maker *maker, size_t first)
{
	for (size_t i = 0; i < maker->touched_count; i++)
		maker->tallies[maker->touched[i]].group = NO_SLOT;
	for (size_t i = first; i < maker->tree->groups.count; i++) {
		const struct pyprof_group *group =
			&maker->tree->groups.items[i];
		struct members members = {};
		if (!group->is_apart)
			maker->tallies[group->type].group = (uint32_t)i;
		if (group->depth + 1 < maker->input->depth) {
			members.nodes = malloc(group->count * sizeof(uint32_t));
			if (!members.nodes)
				return pyprof_error_oom();
		}
		if (group->is_apart && members.nodes)
			members.nodes[members.count++] = group->object;
		if (!pyprof_vec_push(&maker->members, members)) {
			free(members.nodes);
			return pyprof_error_oom();
		}
	}
	return NULL;
}

/** Put the children of one object into their groups. */
static void place_children(struct maker *maker, uint32_t node)
{
	const struct pyprof_children *children = maker->input->children;
	for (uint32_t i = children->first[node]; i < children->first[node + 1];
	     i++) {
		uint32_t child = children->nodes[i];
		if (is_apart(maker, child))
			continue;
		uint32_t group = maker->tallies[type_of(maker, child)].group;
		struct members *members =
			group == NO_SLOT ? NULL : &maker->members.items[group];
		if (members && members->nodes)
			members->nodes[members->count++] = child;
	}
}

/** Find the groups below some objects. */
static struct pyprof_error *expand(struct maker *maker, const uint32_t *nodes,
				   size_t count, uint32_t parent,
				   uint32_t depth)
{
	size_t first = maker->tree->groups.count;
	struct pyprof_error *err = NULL;
	for (size_t i = 0; i < count && !err; i++)
		err = count_children(maker, nodes[i]);
	if (!err)
		err = make_groups(maker, parent, depth);
	if (!err)
		err = make_room(maker, first);
	for (size_t i = 0; i < count && !err; i++)
		place_children(maker, nodes[i]);
	for (size_t i = 0; i < maker->touched_count; i++)
		maker->tallies[maker->touched[i]] = (struct tally){};
	maker->touched_count = 0;
	maker->apart.count = 0;
	return err;
}

static struct pyprof_error *make(struct maker *maker)
{
	uint32_t types = maker->input->type_count;
	uint32_t top = maker->input->dominators->node_count;
	maker->tallies = calloc(types + 1ul, sizeof(struct tally));
	maker->touched = calloc(types + 1ul, sizeof(uint32_t));
	if (!maker->tallies || !maker->touched)
		return pyprof_error_oom();
	struct pyprof_error *err = expand(maker, &top, 1, PYPROF_NO_NODE, 0);
	for (size_t i = 0; i < maker->tree->groups.count && !err; i++) {
		struct members *members = &maker->members.items[i];
		uint32_t depth = maker->tree->groups.items[i].depth;
		err = pyprof_progress(maker->progress, "grouping", i,
				      maker->tree->groups.count);
		if (!err && members->nodes)
			err = expand(maker, members->nodes, members->count,
				     (uint32_t)i, depth + 1);
		/* It may have moved. */
		members = &maker->members.items[i];
		free(members->nodes);
		members->nodes = NULL;
	}
	return err;
}

struct pyprof_error *
pyprof_group_tree_make(const struct pyprof_group_input *input,
		       const struct pyprof_progress *progress,
		       struct pyprof_group_tree *ret)
{
	struct pyprof_group_tree tree = {};
	struct maker maker = {
		.input = input, .progress = progress, .tree = &tree};
	struct pyprof_error *err = make(&maker);
	for (size_t i = 0; i < maker.members.count; i++)
		free(maker.members.items[i].nodes);
	pyprof_vec_deinit(&maker.members);
	pyprof_vec_deinit(&maker.apart);
	free(maker.tallies);
	free(maker.touched);
	if (err) {
		pyprof_group_tree_deinit(&tree);
		return err;
	}
	*ret = tree;
	return NULL;
}

void pyprof_group_tree_deinit(struct pyprof_group_tree *tree)
{
	pyprof_vec_deinit(&tree->groups);
}
