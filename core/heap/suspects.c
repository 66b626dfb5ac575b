// SPDX-License-Identifier: Apache-2.0
#include "core/heap/suspects.h"

#include <stdlib.h>
#include <string.h>

/** How much of its parent's bytes a child has to hold for the way to the
 * accumulation point to go on through it: percent. */
#define BIG_DROP 70

/** No program nests containers that deep: what does is a chain. */
#define MAX_WAY 64
/** So many of one type on the way are what the chain is made of. */
#define MIN_LINKS 8

/** What was found of each type, by its index. */
struct tally {
	uint64_t count, bytes;
	uint32_t biggest;
};
struct tallies {
	PYPROF_VEC(struct tally) by_type;
};

/** Nodes whose children are still to be looked at: [next, end). */
struct range {
	uint32_t next, end;
};
struct stack {
	PYPROF_VEC(struct range) ranges;
};

struct finder {
	const struct pyprof_suspects_input *input;
	const uint64_t *retained;
	uint64_t threshold;
	struct pyprof_suspects *found;
	/** Nodes looked at. */
	uint64_t done;
};

static uint32_t type_of(const struct finder *finder, uint32_t node)
{
	return finder->input->type(finder->input->context, node);
}

static struct range children_of(const struct finder *finder, uint32_t node)
{
	const uint32_t *first = finder->input->children->first;
	return (struct range){first[node], first[node + 1]};
}

/** The tally of a type; NULL when out of memory. */
static struct tally *tally_of(struct tallies *tallies, uint32_t type)
{
	size_t count = tallies->by_type.count;
	if (type >= count) {
		size_t missing = type + 1ul - count;
		if (!pyprof_vec_reserve(&tallies->by_type, missing))
			return NULL;
		memset(tallies->by_type.items + count, 0,
		       missing * sizeof(struct tally));
		tallies->by_type.count = type + 1ul;
	}
	return &tallies->by_type.items[type];
}

static struct pyprof_error *count(const struct finder *finder,
				  struct tallies *tallies, uint32_t node,
				  uint64_t bytes)
{
	struct tally *tally = tally_of(tallies, type_of(finder, node));
	if (!tally)
		return pyprof_error_oom();
	if (!tally->count++ ||
	    finder->retained[node] > finder->retained[tally->biggest])
		tally->biggest = node;
	tally->bytes += bytes;
	return NULL;
}

/** The next node, and true; its own children come next when `enter` is called
 * with it. */
static bool next_node(struct finder *finder, struct stack *stack, uint32_t *ret)
{
	while (stack->ranges.count) {
		struct range *top =
			&stack->ranges.items[stack->ranges.count - 1];
		if (top->next < top->end) {
			*ret = finder->input->children->nodes[top->next++];
			return true;
		}
		stack->ranges.count--;
	}
	return false;
}

/** Another node is done. */
static struct pyprof_error *tell(struct finder *finder)
{
	return pyprof_progress_of_many(
		finder->input->progress, "looking for suspects", ++finder->done,
		finder->input->dominators->reached_count);
}

static struct pyprof_error *enter(struct finder *finder, struct stack *stack,
				  uint32_t node)
{
	struct range range = children_of(finder, node);
	if (range.next == range.end)
		return NULL;
	return pyprof_vec_push(&stack->ranges, range) ? NULL
						      : pyprof_error_oom();
}

/** The biggest child, PYPROF_NO_NODE when there is none. */
static uint32_t biggest_child(const struct finder *finder, uint32_t node)
{
	struct range range = children_of(finder, node);
	return range.next < range.end
		       ? finder->input->children->nodes[range.next]
		       : PYPROF_NO_NODE;
}

/** Where a chain begins: the first on the way that has many like it. */
static uint32_t chain_begin(const struct finder *finder, const uint32_t *way)
{
	for (size_t i = 0; i < MAX_WAY; i++) {
		uint32_t type = type_of(finder, way[i]);
		size_t alike = 0;
		for (size_t j = i; j < MAX_WAY; j++)
			alike += type_of(finder, way[j]) == type;
		if (alike >= MIN_LINKS)
			return way[i];
	}
	return way[0];
}

static bool is_big_drop(uint64_t parent, uint64_t child)
{
	return (double)child * 100 < (double)parent * BIG_DROP;
}

static uint32_t find_point(const struct finder *finder, uint32_t node,
			   bool *is_chain_ret)
{
	uint32_t way[MAX_WAY];
	for (size_t i = 0; i < MAX_WAY; i++) {
		way[i] = node;
		uint32_t child = biggest_child(finder, node);
		if (child == PYPROF_NO_NODE ||
		    is_big_drop(finder->retained[node],
				finder->retained[child]))
			return node;
		node = child;
	}
	*is_chain_ret = true;
	return chain_begin(finder, way);
}

static int by_bytes(const void *a, const void *b)
{
	const struct pyprof_suspect_content *left = a, *right = b;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	/* Not by type: in which order those were found is up to chance. */
	return (left->biggest > right->biggest) -
	       (left->biggest < right->biggest);
}

/** Append the tallies to the contents, biggest first, no more than asked. */
static struct pyprof_error *keep_contents(struct finder *finder,
					  const struct tallies *tallies,
					  struct pyprof_suspect *suspect)
{
	struct pyprof_suspects *found = finder->found;
	size_t first = found->contents.count;
	for (size_t i = 0; i < tallies->by_type.count; i++) {
		const struct tally *tally = &tallies->by_type.items[i];
		struct pyprof_suspect_content content = {
			.type = (uint32_t)i,
			.biggest = tally->biggest,
			.count = tally->count,
			.bytes = tally->bytes,
		};
		if (tally->count && !pyprof_vec_push(&found->contents, content))
			return pyprof_error_oom();
	}
	size_t kept = found->contents.count - first;
	if (kept)
		qsort(found->contents.items + first, kept,
		      sizeof(struct pyprof_suspect_content), by_bytes);
	if (kept > finder->input->content_limit)
		kept = finder->input->content_limit;
	found->contents.count = first + kept;
	suspect->first_content = (uint32_t)first;
	suspect->content_count = (uint32_t)kept;
	return NULL;
}

/** Own bytes of a node: what it holds without what its children do. */
static uint64_t own_bytes(const struct finder *finder, uint32_t node)
{
	struct range range = children_of(finder, node);
	uint64_t bytes = finder->retained[node];
	for (uint32_t i = range.next; i < range.end; i++)
		bytes -= finder->retained[finder->input->children->nodes[i]];
	return bytes;
}

/** Count all that is below the point, and what of it are its contents. */
static struct pyprof_error *count_below(struct finder *finder,
					struct stack *stack,
					struct tallies *tallies,
					struct pyprof_suspect *suspect)
{
	struct pyprof_error *err = enter(finder, stack, suspect->point);
	uint32_t node = suspect->point;
	suspect->point_objects = 1;
	if (!err && suspect->is_chain)
		err = count(finder, tallies, node, own_bytes(finder, node));
	while (!err && next_node(finder, stack, &node)) {
		/* All levels below are on the stack, the first one alone
		 * while its own nodes are handed out. */
		bool is_direct = stack->ranges.count == 1;
		suspect->point_objects++;
		if (suspect->is_chain)
			err = count(finder, tallies, node,
				    own_bytes(finder, node));
		else if (is_direct)
			err = count(finder, tallies, node,
				    finder->retained[node]);
		if (!err)
			err = enter(finder, stack, node);
		if (!err)
			err = tell(finder);
	}
	return err;
}

static struct pyprof_error *add_single(struct finder *finder, uint32_t node)
{
	struct stack stack = {};
	struct tallies tallies = {};
	struct pyprof_suspect suspect = {
		.object = node,
		.type = type_of(finder, node),
		.count = 1,
		.retained = finder->retained[node],
	};
	suspect.point = find_point(finder, node, &suspect.is_chain);
	suspect.point_retained = finder->retained[suspect.point];
	struct pyprof_error *err =
		count_below(finder, &stack, &tallies, &suspect);
	if (!err)
		err = keep_contents(finder, &tallies, &suspect);
	if (!err && !pyprof_vec_push(&finder->found->items, suspect))
		err = pyprof_error_oom();
	pyprof_vec_deinit(&stack.ranges);
	pyprof_vec_deinit(&tallies.by_type);
	return err;
}

static struct pyprof_error *add_groups(struct finder *finder,
				       const struct tallies *tallies)
{
	for (size_t i = 0; i < tallies->by_type.count; i++) {
		const struct tally *tally = &tallies->by_type.items[i];
		if (tally->count < 2 || tally->bytes <= finder->threshold)
			continue;
		struct pyprof_suspect suspect = {
			.object = tally->biggest,
			.type = (uint32_t)i,
			.count = tally->count,
			.retained = tally->bytes,
			.point = tally->biggest,
			.point_retained = finder->retained[tally->biggest],
		};
		if (!pyprof_vec_push(&finder->found->items, suspect))
			return pyprof_error_oom();
	}
	return NULL;
}

/** Look at all that is at the top. */
static struct pyprof_error *
look_at_top(struct finder *finder, struct stack *stack, struct tallies *tallies)
{
	const struct pyprof_suspects_input *input = finder->input;
	struct pyprof_error *err =
		enter(finder, stack, input->dominators->node_count);
	uint32_t node;
	while (!err && next_node(finder, stack, &node)) {
		if (input->is_open && input->is_open(input->context, node))
			err = enter(finder, stack, node);
		else if (finder->retained[node] > finder->threshold)
			err = add_single(finder, node);
		else
			err = count(finder, tallies, node,
				    finder->retained[node]);
		if (!err)
			err = tell(finder);
	}
	return err ? err : add_groups(finder, tallies);
}

static int by_retained(const void *a, const void *b)
{
	const struct pyprof_suspect *left = a, *right = b;
	if (left->retained != right->retained)
		return left->retained < right->retained ? 1 : -1;
	return (left->object > right->object) - (left->object < right->object);
}

struct pyprof_error *
pyprof_suspects_find(const struct pyprof_suspects_input *input,
		     struct pyprof_suspects *ret)
{
	struct pyprof_suspects found = {
		.reached_bytes = input->dominators->reached_bytes};
	struct finder finder = {
		.input = input,
		.retained = input->dominators->retained,
		.threshold = found.reached_bytes / 100 * input->percent,
		.found = &found,
	};
	struct stack stack = {};
	struct tallies tallies = {};
	struct pyprof_error *err = look_at_top(&finder, &stack, &tallies);
	pyprof_vec_deinit(&stack.ranges);
	pyprof_vec_deinit(&tallies.by_type);
	if (err) {
		pyprof_suspects_deinit(&found);
		return err;
	}
	if (found.items.count)
		qsort(found.items.items, found.items.count,
		      sizeof(*found.items.items), by_retained);
	*ret = found;
	return NULL;
}

void pyprof_suspects_deinit(struct pyprof_suspects *suspects)
{
	pyprof_vec_deinit(&suspects->items);
	pyprof_vec_deinit(&suspects->contents);
}
