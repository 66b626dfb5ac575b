// SPDX-License-Identifier: Apache-2.0
#include "core/heap/bits.h"
#include "core/heap/graph.h"

/* How often to tell of progress, in nodes. */
#define STEP 0xffff

/*
 * Tarjan's walk in Pearce's form, with one number a node: 0 before it is seen;
 * the least number that it reaches while it is on a stack; then that of its
 * component, counted down from `wanted_count` and so greater than any number
 * in use.
 */
struct walk {
	const struct pyprof_graph *graph;
	const struct pyprof_progress *progress;
	const uint64_t *wanted;
	uint32_t wanted_count;
	uint32_t *numbers;
	/*
	 * Two stacks in one array, as no node is on both: the way to the
	 * current node, with the position in each row; and, from the end, nodes
	 * done whose component is not.
	 */
	uint32_t *stack, *positions;
	uint32_t depth, waiting;
	/* Bit a node: it reaches one further up. */
	uint64_t *reaches_up;
	uint32_t number, component;
	uint64_t done;
};

static bool is_wanted(const struct walk *walk, uint32_t node)
{
	return !walk->wanted || pyprof_bit(walk->wanted, node);
}

static void enter(struct walk *walk, uint32_t node)
{
	walk->numbers[node] = walk->number++;
	walk->stack[walk->depth] = node;
	walk->positions[walk->depth++] = walk->graph->first[node];
}

static void meet(struct walk *walk, uint32_t node, uint32_t target)
{
	if (walk->numbers[target] >= walk->numbers[node])
		return;
	walk->numbers[node] = walk->numbers[target];
	pyprof_bit_set(walk->reaches_up, node);
}

/* The next node of the current one's row that was not seen. */
static uint32_t next_unseen(struct walk *walk)
{
	const struct pyprof_graph *graph = walk->graph;
	uint32_t node = walk->stack[walk->depth - 1];
	uint32_t *at = &walk->positions[walk->depth - 1];
	while (*at < graph->first[node + 1]) {
		uint32_t target = graph->targets[(*at)++];
		if (!is_wanted(walk, target))
			continue;
		if (!walk->numbers[target])
			return target;
		meet(walk, node, target);
	}
	return PYPROF_NO_NODE;
}

static void leave(struct walk *walk)
{
	uint32_t node = walk->stack[--walk->depth];
	uint32_t *bottom = walk->stack + walk->wanted_count;
	if (pyprof_bit(walk->reaches_up, node)) {
		bottom[-(ptrdiff_t)++walk->waiting] = node;
	} else {
		uint32_t number = walk->numbers[node];
		walk->number--;
		while (walk->waiting) {
			uint32_t other = bottom[-(ptrdiff_t)walk->waiting];
			if (walk->numbers[other] < number)
				break;
			walk->waiting--;
			walk->number--;
			walk->numbers[other] = walk->component;
		}
		walk->numbers[node] = walk->component--;
	}
	if (walk->depth)
		meet(walk, walk->stack[walk->depth - 1], node);
}

static struct pyprof_error *run(struct walk *walk)
{
	for (uint32_t start = 0; start < walk->graph->node_count; start++) {
		if (!is_wanted(walk, start) || walk->numbers[start])
			continue;
		enter(walk, start);
		while (walk->depth) {
			uint32_t node = next_unseen(walk);
			if (node != PYPROF_NO_NODE) {
				enter(walk, node);
				continue;
			}
			leave(walk);
			struct pyprof_error *err =
				++walk->done & STEP
					? NULL
					: pyprof_progress(walk->progress,
							  "cycles", walk->done,
							  walk->wanted_count);
			if (err)
				return err;
		}
	}
	return NULL;
}

static uint32_t count_wanted(const struct pyprof_graph *graph,
			     const uint64_t *wanted)
{
	uint32_t count = 0;
	for (uint32_t node = 0; node < graph->node_count; node++)
		count += !wanted || pyprof_bit(wanted, node);
	return count;
}

struct pyprof_error *pyprof_components(const struct pyprof_graph *graph,
				       const uint64_t *wanted,
				       const struct pyprof_progress *progress,
				       uint32_t **components_ret,
				       uint32_t *count_ret)
{
	uint32_t all = graph->node_count, count = count_wanted(graph, wanted);
	_cleanup_free_ uint32_t *numbers =
		pyprof_large_filled(all, sizeof(*numbers), 0);
	_cleanup_free_ uint32_t *stack =
		pyprof_large_alloc(count, sizeof(*stack));
	_cleanup_free_ uint32_t *positions =
		pyprof_large_alloc(count, sizeof(*positions));
	_cleanup_free_ uint64_t *reaches_up = pyprof_bits_alloc(all);
	if (!numbers || !stack || !positions || !reaches_up)
		return pyprof_error_oom();
	struct walk walk = {
		.graph = graph,
		.progress = progress,
		.wanted = wanted,
		.wanted_count = count,
		.numbers = numbers,
		.stack = stack,
		.positions = positions,
		.reaches_up = reaches_up,
		.number = 1,
		.component = count,
	};
	struct pyprof_error *err = run(&walk);
	if (err)
		return err;
	for (uint32_t node = 0; node < all; node++)
		numbers[node] = is_wanted(&walk, node) ? count - numbers[node]
						       : PYPROF_NO_NODE;
	*components_ret = no_cleanup_ptr(numbers);
	*count_ret = count - walk.component;
	return NULL;
}
