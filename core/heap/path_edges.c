// SPDX-License-Identifier: Apache-2.0
//
// The references of many paths, found together.
#include <stdlib.h>

#include "core/heap/bits.h"
#include "core/heap/path_tree.h"

/** What refers to less is looked at each time. */
#define MANY 64

static int compare(const void *a, const void *b)
{
	const struct pyprof_edge_wanted *left = a, *right = b;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->target > right->target) - (left->target < right->target);
}

/** Note what holders of many refer to on the way to an object, as far as no
 * other was on that way. */
static struct pyprof_error *note_way(struct pyprof_paths *paths,
				     uint32_t object, uint64_t *is_noted)
{
	const struct pyprof_path_tree *tree = NULL;
	struct pyprof_error *err = pyprof_path_tree_of(paths, object, &tree);
	if (err || !tree)
		return err;
	for (uint32_t at = object, from; !err && !pyprof_bit(is_noted, at);
	     at = from) {
		pyprof_bit_set(is_noted, at);
		from = tree->parents[at];
		if (from == PYPROF_NO_NODE)
			break;
		struct pyprof_edge_wanted wanted = {
			.from = from,
			.target = pyprof_index_address(&paths->heap->index, at),
		};
		if (pyprof_heap_edge_count(paths->heap, from) >= MANY &&
		    !pyprof_vec_push(&paths->expected, wanted))
			return pyprof_error_oom();
		err = pyprof_paths_work(paths, 1);
	}
	return err;
}

struct pyprof_error *pyprof_paths_expect(struct pyprof_paths *paths,
					 const uint32_t *objects, size_t count)
{
	paths->expected.count = 0;
	_cleanup_free_ uint64_t *is_noted =
		pyprof_bits_alloc(paths->heap->index.count);
	struct pyprof_error *err = is_noted ? NULL : pyprof_error_oom();
	for (size_t i = 0; i < count && !err; i++)
		err = note_way(paths, objects[i], is_noted);
	if (!err && paths->expected.count) {
		qsort(paths->expected.items, paths->expected.count,
		      sizeof(*paths->expected.items), compare);
		err = pyprof_heap_edges(paths->heap, paths->expected.items,
					paths->expected.count, paths->progress);
	}
	if (err)
		paths->expected.count = 0;
	return err;
}

static bool is_expected(const struct pyprof_paths *paths, uint32_t from,
			struct pyprof_path_step *step)
{
	struct pyprof_edge_wanted wanted = {
		.from = from,
		.target =
			pyprof_index_address(&paths->heap->index, step->object),
	};
	const struct pyprof_edge_wanted *found =
		paths->expected.count ? bsearch(&wanted, paths->expected.items,
						paths->expected.count,
						sizeof(wanted), compare)
				      : NULL;
	if (!found)
		return false;
	step->edge = found->edge;
	step->is_unknown = found->rank == UINT32_MAX;
	return true;
}

struct pyprof_error *pyprof_path_edge(struct pyprof_paths *paths, uint32_t from,
				      struct pyprof_path_step *step)
{
	uint32_t count = pyprof_heap_edge_count(paths->heap, from);
	if (count >= MANY && is_expected(paths, from, step))
		return pyprof_paths_work(paths, 1);
	step->is_unknown =
		!pyprof_heap_edge(paths->heap, from, step->object, &step->edge);
	return pyprof_paths_work(paths, count + 1ul);
}
