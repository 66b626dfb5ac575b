// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_tree.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *memory, size_t size)
{
	memory = realloc(memory, size);
	ck_assert_ptr_nonnull(memory);
	return memory;
}

struct fake_tree *fake_tree_create(void)
{
	struct fake_tree *tree = calloc(1, sizeof(*tree));
	ck_assert_ptr_nonnull(tree);
	return tree;
}

void fake_tree_destroy(struct fake_tree *tree)
{
	free(tree->dominators.idom);
	free(tree->dominators.retained);
	free(tree->dominators.reached);
	free(tree->children.first);
	free(tree->children.nodes);
	free(tree->types);
	free(tree->weights);
	free(tree);
}

uint32_t fake_tree_add(struct fake_tree *tree, uint32_t parent, uint32_t type,
		       uint64_t bytes)
{
	struct pyprof_dominators *dominators = &tree->dominators;
	uint32_t node = dominators->node_count++;
	/* Powers of two only. */
	if (!(node & (node - 1)) || !node) {
		size_t room = node ? node * 2ul : 1;
		dominators->idom =
			grown(dominators->idom, room * sizeof(uint32_t));
		tree->types = grown(tree->types, room * sizeof(uint32_t));
		tree->weights = grown(tree->weights, room * sizeof(uint64_t));
	}
	dominators->idom[node] = parent;
	tree->types[node] = type;
	tree->weights[node] = bytes;
	return node;
}

void fake_tree_move(struct fake_tree *tree, uint32_t node, uint32_t parent)
{
	tree->dominators.idom[node] = parent;
}

static uint32_t row_of(const struct fake_tree *tree, uint32_t node)
{
	uint32_t parent = tree->dominators.idom[node];
	return parent == PYPROF_NO_NODE ? tree->dominators.node_count : parent;
}

/** Put the children of one row in order: biggest first. */
static void sort_row(struct fake_tree *tree, uint32_t row)
{
	const uint64_t *retained = tree->dominators.retained;
	uint32_t *nodes = tree->children.nodes;
	for (uint32_t i = tree->children.first[row] + 1;
	     i < tree->children.first[row + 1]; i++) {
		uint32_t node = nodes[i], at = i;
		for (; at > tree->children.first[row] &&
		       retained[nodes[at - 1]] < retained[node];
		     at--)
			nodes[at] = nodes[at - 1];
		nodes[at] = node;
	}
}

static void sum_up(struct fake_tree *tree)
{
	struct pyprof_dominators *dominators = &tree->dominators;
	uint32_t count = dominators->node_count;
	dominators->retained =
		grown(dominators->retained, (count + 1) * sizeof(uint64_t));
	memset(dominators->retained, 0, (count + 1) * sizeof(uint64_t));
	dominators->reached_bytes = 0;
	dominators->reached_count = count;
	for (uint32_t i = 0; i < count; i++) {
		dominators->reached_bytes += tree->weights[i];
		for (uint32_t at = i; at != PYPROF_NO_NODE;
		     at = dominators->idom[at])
			dominators->retained[at] += tree->weights[i];
	}
}

void fake_tree_finish(struct fake_tree *tree)
{
	uint32_t count = tree->dominators.node_count;
	sum_up(tree);
	uint32_t *first =
		grown(tree->children.first, (count + 2ul) * sizeof(uint32_t));
	memset(first, 0, (count + 2ul) * sizeof(uint32_t));
	tree->children.first = first;
	tree->children.nodes =
		grown(tree->children.nodes, (count + 1ul) * sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		first[row_of(tree, i) + 1]++;
	for (uint32_t i = 0; i <= count; i++)
		first[i + 1] += first[i];
	for (uint32_t i = count; i-- > 0;)
		tree->children.nodes[--first[row_of(tree, i) + 1]] = i;
	/* Each row's count has become its beginning, one row too far. */
	memmove(first, first + 1, (count + 1ul) * sizeof(uint32_t));
	first[count + 1] = count;
	for (uint32_t i = 0; i <= count; i++)
		sort_row(tree, i);
}
