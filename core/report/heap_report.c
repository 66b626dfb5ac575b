// SPDX-License-Identifier: Apache-2.0
#include "core/report/heap_report.h"

#include <stdlib.h>
#include <string.h>

/** Share of all that makes a suspect, percent. */
#define SUSPECT_PERCENT 10
/** Texts and kinds of cycles that a report has. */
#define STRINGS 200
#define CYCLES 50
/** Objects that are listed because they are big by themselves. */
#define BIGGEST 200

/* How much of the dominator tree a report has: what holds less than this part
 * of all is left out. */
#define TREE_PART 2000
#define TREE_WIDTH 40
/** One that holds this part of all is not lumped together with others. */
#define APART_PART 100
#define TREE_DEPTH 24
#define TREE_GROUPS 4000

const struct pyprof_heap_report_format pyprof_heap_report_formats[] = {
	{"html", ".html", pyprof_heap_report_html},
	{"json", ".json", pyprof_heap_report_json},
	{},
};

static bool is_format(const struct pyprof_heap_report_format *format,
		      const char *name, const char *file)
{
	size_t length = strlen(file), size = strlen(format->extension);
	if (name)
		return strcmp(format->name, name) == 0;
	/* Whoever saves it compresses it. */
	if (length > 3 && strcmp(file + length - 3, ".gz") == 0)
		length -= 3;
	return length > size &&
	       strncmp(file + length - size, format->extension, size) == 0;
}

struct pyprof_error *
pyprof_heap_report_format_find(const char *name, const char *file,
			       const struct pyprof_heap_report_format **ret)
{
	const struct pyprof_heap_report_format *format =
		pyprof_heap_report_formats;
	for (; format->name; format++) {
		if (is_format(format, name, file)) {
			*ret = format;
			return NULL;
		}
	}
	if (name)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "a heap is not written as %.60s; "
					   "there are html json",
					   name);
	return pyprof_error_create(PYPROF_ERROR_USAGE,
				   "%s does not say its format; of a heap, end "
				   "it in .html or .json, or give --format",
				   file);
}

static uint32_t type_of(void *context, uint32_t object)
{
	const struct pyprof_heap_report *report = context;
	return report->heap->type_of[object];
}

/** What is big, and modules: one wants to see which it is. */
static bool is_apart(void *context, uint32_t object)
{
	const struct pyprof_heap_report *report = context;
	const struct pyprof_dominators *dominators = &report->heap->dominators;
	return dominators->retained[object] >=
		       dominators->reached_bytes / APART_PART ||
	       pyprof_paths_is_module_part(report->paths, object);
}

static struct pyprof_error *make_tree(struct pyprof_heap_report *report,
				      const struct pyprof_progress *progress)
{
	struct pyprof_heap *heap = report->heap;
	struct pyprof_children children = {};
	struct pyprof_group_input input = {
		.dominators = &heap->dominators,
		.children = &children,
		.type = type_of,
		/* One more, for damaged objects. */
		.type_count = (uint32_t)heap->by_type.count + 1,
		.is_apart = is_apart,
		.context = report,
		.min_bytes = heap->dominators.reached_bytes / TREE_PART + 1,
		.width = TREE_WIDTH,
		.depth = TREE_DEPTH,
		.limit = TREE_GROUPS,
	};
	struct pyprof_error *err =
		pyprof_children_compute(&heap->dominators, progress, &children);
	if (!err)
		err = pyprof_group_tree_make(&input, progress, &report->tree);
	pyprof_children_deinit(&children);
	return err;
}

static struct pyprof_error *find_biggest(struct pyprof_heap_report *report,
					 const struct pyprof_progress *progress)
{
	struct pyprof_biggest *biggest = &report->biggest;
	struct pyprof_error *err =
		pyprof_biggest_init(report->heap, BIGGEST, biggest);
	if (!err)
		err = pyprof_biggest_objects(report->heap, progress, biggest);
	if (err)
		return err;
	pyprof_biggest_sort(biggest);
	/* Those damaged, and parts of programs, have no size. */
	while (biggest->count && !biggest->items[biggest->count - 1].size)
		biggest->count--;
	return NULL;
}

static struct pyprof_error *find_all(struct pyprof_heap_report *report,
				     const struct pyprof_progress *progress)
{
	struct pyprof_heap *heap = report->heap;
	struct pyprof_error *err = pyprof_heap_dominate(heap, progress);
	if (!err)
		err = pyprof_paths_create(heap, progress, &report->paths);
	if (!err)
		err = pyprof_heap_suspects(heap, report->paths, SUSPECT_PERCENT,
					   progress, &report->suspects);
	if (!err)
		err = pyprof_strings_find(heap, STRINGS, progress,
					  &report->strings);
	if (!err)
		err = pyprof_strings_holders(heap, &report->strings, progress);
	if (!err)
		err = pyprof_garbage_find(heap, CYCLES, progress,
					  &report->garbage);
	if (!err)
		err = make_tree(report, progress);
	if (!err)
		err = find_biggest(report, progress);
	return err ? err
		   : pyprof_heap_sort_types(heap, PYPROF_HEAP_BY_SIZE,
					    &report->types,
					    &report->type_count);
}

struct pyprof_error *
pyprof_heap_report_init(struct pyprof_heap *heap,
			const struct pyprof_heap_facts *facts,
			const struct pyprof_progress *progress,
			struct pyprof_heap_report *report)
{
	*report = (struct pyprof_heap_report){.heap = heap, .facts = facts};
	struct pyprof_error *err = find_all(report, progress);
	if (err)
		pyprof_heap_report_deinit(report);
	return err;
}

void pyprof_heap_report_deinit(struct pyprof_heap_report *report)
{
	pyprof_paths_destroy(report->paths);
	pyprof_suspects_deinit(&report->suspects);
	pyprof_strings_deinit(&report->strings);
	pyprof_garbage_deinit(&report->garbage);
	pyprof_group_tree_deinit(&report->tree);
	free(report->types);
	pyprof_biggest_deinit(&report->biggest);
	*report = (struct pyprof_heap_report){};
}
