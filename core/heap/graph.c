// SPDX-License-Identifier: Apache-2.0
#include "core/heap/graph.h"

#include "core/base/large.h"

/* How often to tell of progress, in nodes: some milliseconds. */
#define STEP 0x3ffff

void pyprof_graph_deinit(struct pyprof_graph *graph)
{
	free(graph->first);
	free(graph->targets);
	*graph = (struct pyprof_graph){};
}

/*
 * Fill rows from behind: first[i] is the end of row i before, and its start
 * afterwards. Rows are in order of the referrers that way.
 */
static struct pyprof_error *fill(const struct pyprof_graph *graph,
				 const struct pyprof_progress *progress,
				 struct pyprof_graph *reverse)
{
	for (uint32_t i = graph->node_count; i-- > 0;) {
		for (uint32_t at = graph->first[i + 1]; at-- > graph->first[i];)
			reverse->targets[--reverse->first[graph->targets[at]]] =
				i;
		if (i & STEP)
			continue;
		struct pyprof_error *err = pyprof_progress(
			progress, "turning references round",
			graph->node_count - i, graph->node_count);
		if (err)
			return err;
	}
	return NULL;
}

struct pyprof_error *
pyprof_graph_reverse(const struct pyprof_graph *graph,
		     const struct pyprof_progress *progress,
		     struct pyprof_graph *ret)
{
	uint32_t count = graph->node_count;
	uint32_t edges = graph->first[count];
	struct pyprof_graph reverse = {
		.node_count = count,
		.first = pyprof_large_filled(count + 1ul, sizeof(uint32_t), 0),
		.targets = pyprof_large_alloc(edges, sizeof(uint32_t)),
	};
	struct pyprof_error *err = NULL;
	if (reverse.first && reverse.targets) {
		for (uint32_t at = 0; at < edges; at++)
			reverse.first[graph->targets[at]]++;
		for (uint32_t i = 1; i <= count; i++)
			reverse.first[i] += reverse.first[i - 1];
		err = fill(graph, progress, &reverse);
	} else {
		err = pyprof_error_oom();
	}
	if (err) {
		pyprof_graph_deinit(&reverse);
		return err;
	}
	*ret = reverse;
	return NULL;
}
