// SPDX-License-Identifier: Apache-2.0
#include "core/base/large.h"
#include "core/heap/graph.h"

/* Rows up to this long are sorted by insertion. */
#define SHORT_ROW 24
/* Longer ones take milliseconds. */
#define LONG_ROW (1u << 16)

static void insertion_sort(const uint64_t *retained, uint32_t *nodes,
			   uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint32_t node = nodes[i], at = i;
		for (; at && retained[nodes[at - 1]] < retained[node]; at--)
			nodes[at] = nodes[at - 1];
		nodes[at] = node;
	}
}

/* By one byte of the key, the greatest first, else as they were. */
static void sort_by_byte(const uint64_t *retained, int shift,
			 const uint32_t *from, uint32_t *to, uint32_t count)
{
	uint32_t starts[256] = {};
	for (uint32_t i = 0; i < count; i++)
		starts[retained[from[i]] >> shift & 255]++;
	uint32_t start = 0;
	for (int byte = 256; byte-- > 0;) {
		uint32_t of_byte = starts[byte];
		starts[byte] = start;
		start += of_byte;
	}
	for (uint32_t i = 0; i < count; i++)
		to[starts[retained[from[i]] >> shift & 255]++] = from[i];
}

static struct pyprof_error *sort(const uint64_t *retained, uint32_t *nodes,
				 uint32_t count,
				 const struct pyprof_progress *progress)
{
	struct pyprof_error *err = NULL;
	if (count <= SHORT_ROW) {
		insertion_sort(retained, nodes, count);
		return NULL;
	}
	_cleanup_free_ uint32_t *other =
		pyprof_large_alloc(count, sizeof(*other));
	if (!other)
		return pyprof_error_oom();
	uint64_t all = 0;
	for (uint32_t i = 0; i < count; i++)
		all |= retained[nodes[i]];
	uint32_t *from = nodes, *to = other;
	for (int shift = 0; shift < 64 && all >> shift && !err; shift += 8) {
		sort_by_byte(retained, shift, from, to, count);
		uint32_t *sorted = to;
		to = from;
		from = sorted;
		if (count > LONG_ROW)
			err = pyprof_progress(progress, "what each holds", 0,
					      0);
	}
	if (from != nodes)
		memcpy(nodes, from, count * sizeof(*nodes));
	return err;
}

/* The row that a node stands in. */
static uint32_t row_of(const struct pyprof_dominators *dominators,
		       uint32_t node)
{
	return dominators->idom[node] == PYPROF_NO_NODE
		       ? dominators->node_count
		       : dominators->idom[node];
}

static struct pyprof_error *fill(const struct pyprof_dominators *dominators,
				 const struct pyprof_progress *progress,
				 struct pyprof_children *children)
{
	static const char what[] = "what each holds";
	struct pyprof_error *err = NULL;
	uint32_t count = dominators->node_count;
	uint32_t *first = children->first;
	for (uint32_t node = 0; node < count && !err; node++) {
		if (pyprof_is_reached(dominators, node))
			first[row_of(dominators, node)]++;
		err = pyprof_progress_of_many(progress, what, node, count);
	}
	for (uint32_t i = 1; i <= count; i++)
		first[i] += first[i - 1];
	first[count + 1] = first[count];
	for (uint32_t node = count; node-- > 0 && !err;) {
		if (pyprof_is_reached(dominators, node))
			children->nodes[--first[row_of(dominators, node)]] =
				node;
		err = pyprof_progress_of_many(progress, what, node, count);
	}
	for (uint32_t i = 0; !err && i <= count; i++) {
		if (first[i + 1] - first[i] > 1)
			err = sort(dominators->retained,
				   children->nodes + first[i],
				   first[i + 1] - first[i], progress);
		if (!err)
			err = pyprof_progress_of_many(progress, what, i, count);
	}
	return err;
}

struct pyprof_error *
pyprof_children_compute(const struct pyprof_dominators *dominators,
			const struct pyprof_progress *progress,
			struct pyprof_children *ret)
{
	size_t count = dominators->node_count;
	struct pyprof_children children = {
		.first = pyprof_large_filled(count + 2, sizeof(uint32_t), 0),
		.nodes = pyprof_large_alloc(dominators->reached_count,
					    sizeof(uint32_t)),
	};
	struct pyprof_error *err = NULL;
	if (children.first && children.nodes)
		err = fill(dominators, progress, &children);
	else
		err = pyprof_error_oom();
	if (err) {
		pyprof_children_deinit(&children);
		return err;
	}
	*ret = children;
	return NULL;
}

void pyprof_children_deinit(struct pyprof_children *children)
{
	free(children->first);
	free(children->nodes);
	*children = (struct pyprof_children){};
}
