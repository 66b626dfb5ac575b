// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The dominator tree for people: on each level objects of one type, below the
 * same group, are one group, big ones apart; what holds little is left out.
 */
#ifndef PYPROF_HEAP_GROUP_TREE_H
#define PYPROF_HEAP_GROUP_TREE_H

#include "core/base/vec.h"
#include "core/heap/graph.h"

struct pyprof_group {
	/** Number of the group that holds this one; PYPROF_NO_NODE at the top.
	 */
	uint32_t parent;
	uint32_t depth;
	/** Index of the type, and the biggest of the objects. */
	uint32_t type, object;
	uint64_t count, retained;
	bool is_apart;
	/** What of it groups hold that were left out. */
	uint64_t left_out;
};

struct pyprof_group_tree {
	/** A group comes before those below it; level after level, those of
	 * one parent together, the biggest first. */
	PYPROF_VEC(struct pyprof_group) groups;
};

/** What is grouped and how far; all pointers are borrowed. */
struct pyprof_group_input {
	const struct pyprof_dominators *dominators;
	const struct pyprof_children *children;
	/** Index of an object's type, and how many types there are. */
	uint32_t (*type)(void *context, uint32_t object);
	uint32_t type_count;
	/** Whether an object is a group of its own; NULL: none is. */
	bool (*is_apart)(void *context, uint32_t object);
	void *context;
	/** Groups that hold less are left out. */
	uint64_t min_bytes;
	/** The most groups below one, levels, and groups in all. */
	size_t width, depth, limit;
};

struct pyprof_error *
pyprof_group_tree_make(const struct pyprof_group_input *input,
		       const struct pyprof_progress *progress,
		       struct pyprof_group_tree *ret) PYPROF_MUST_CHECK;
void pyprof_group_tree_deinit(struct pyprof_group_tree *tree);

#endif /* PYPROF_HEAP_GROUP_TREE_H */
