// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A dominator tree that a test writes down: nodes in the order of being added,
 * each with its bytes and the node that dominates it.
 */
#ifndef PYPROF_TESTS_SUPPORT_FAKE_TREE_H
#define PYPROF_TESTS_SUPPORT_FAKE_TREE_H

#include "core/heap/graph.h"

struct fake_tree {
	struct pyprof_dominators dominators;
	struct pyprof_children children;
	/** Of each node, for tests to use. */
	uint32_t *types;
	uint64_t *weights;
};

struct fake_tree *fake_tree_create(void);
void fake_tree_destroy(struct fake_tree *tree);

/** Add a node below `parent`, which may be PYPROF_NO_NODE; returns its id. */
uint32_t fake_tree_add(struct fake_tree *tree, uint32_t parent, uint32_t type,
		       uint64_t bytes);
/** Let another one dominate a node. */
void fake_tree_move(struct fake_tree *tree, uint32_t node, uint32_t parent);

/** Compute retained sizes and children from what was added. */
void fake_tree_finish(struct fake_tree *tree);

#endif /* PYPROF_TESTS_SUPPORT_FAKE_TREE_H */
