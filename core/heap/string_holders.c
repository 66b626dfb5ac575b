// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "core/heap/strings.h"
#include "core/heap/text_pool.h"

/** Nodes between two looks at whether the user wants it to end. */
#define PROGRESS_EVERY (1u << 18)

/** An object of a group. */
struct copy {
	uint32_t id, group;
};

struct finder {
	struct pyprof_heap *heap;
	const struct pyprof_strings *strings;
	/** The first of each group, in order of hash. */
	struct leader {
		struct pyprof_pooled_text text;
		uint32_t group;
	} * leaders;
	/** In order of id, and a bit for each. */
	PYPROF_VEC(struct copy) copies;
	uint64_t *is_copy;
	/** References by group and index of type. */
	uint64_t *references;
};

static int by_hash(const void *a, const void *b)
{
	const struct leader *left = a, *right = b;
	return (left->text.hash > right->text.hash) -
	       (left->text.hash < right->text.hash);
}

static struct pyprof_error *make_leaders(struct finder *finder)
{
	size_t count = finder->strings->groups.count;
	finder->leaders = calloc(count + 1, sizeof(*finder->leaders));
	if (!finder->leaders)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++) {
		finder->leaders[i].group = (uint32_t)i;
		if (!pyprof_text_pool_get(
			    finder->heap,
			    finder->strings->groups.items[i].object,
			    &finder->leaders[i].text))
			return pyprof_error_create(PYPROF_ERROR_CORRUPT,
						   "a str is gone");
	}
	qsort(finder->leaders, count, sizeof(*finder->leaders), by_hash);
	return NULL;
}

/** See which group a text is of. */
static struct pyprof_error *look(void *context,
				 const struct pyprof_pooled_text *text)
{
	struct finder *finder = context;
	size_t low = 0, high = finder->strings->groups.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (finder->leaders[middle].text.hash < text->hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < finder->strings->groups.count &&
	       finder->leaders[low].text.hash == text->hash;
	     low++) {
		if (!pyprof_text_is_equal(&finder->leaders[low].text, text))
			continue;
		struct copy copy = {text->id, finder->leaders[low].group};
		finder->is_copy[text->id >> 6] |= UINT64_C(1)
						  << (text->id & 63);
		return pyprof_vec_push(&finder->copies, copy)
			       ? NULL
			       : pyprof_error_oom();
	}
	return NULL;
}

static uint32_t group_of(const struct finder *finder, uint32_t id)
{
	size_t low = 0, high = finder->copies.count - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (finder->copies.items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return finder->copies.items[low].group;
}

/** Count the references of one object to copies. */
static void count_of(struct finder *finder, uint32_t id)
{
	const struct pyprof_graph *graph = &finder->heap->graph;
	struct pyprof_object object;
	bool is_known = false;
	for (uint32_t i = graph->first[id]; i < graph->first[id + 1]; i++) {
		uint32_t target = graph->targets[i];
		if (!(finder->is_copy[target >> 6] >> (target & 63) & 1))
			continue;
		if (!is_known && !pyprof_heap_object(finder->heap, id, &object))
			return;
		is_known = true;
		if (object.type->index < finder->heap->by_type.count)
			finder->references[group_of(finder, target) *
						   finder->heap->by_type.count +
					   object.type->index]++;
	}
}

static int by_references(const void *a, const void *b)
{
	const struct pyprof_string_holder *left = a, *right = b;
	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	if (left->references != right->references)
		return left->references < right->references ? 1 : -1;
	return pyprof_type_compare(left->type, right->type);
}

static struct pyprof_error *keep(const struct finder *finder,
				 struct pyprof_strings *strings)
{
	size_t types = finder->heap->by_type.count;
	for (size_t i = 0; i < strings->groups.count * types; i++) {
		struct pyprof_string_holder holder = {
			.group = (uint32_t)(i / types),
			.type = finder->heap->by_type.items[i % types].type,
			.references = finder->references[i],
		};
		if (holder.references && holder.type &&
		    !pyprof_vec_push(&strings->holders, holder))
			return pyprof_error_oom();
	}
	if (strings->holders.count)
		qsort(strings->holders.items, strings->holders.count,
		      sizeof(*strings->holders.items), by_references);
	return NULL;
}

static struct pyprof_error *find(struct finder *finder,
				 const struct pyprof_progress *progress)
{
	uint32_t count = finder->heap->index.count;
	finder->is_copy = calloc(count / 64ul + 1, sizeof(uint64_t));
	finder->references = calloc(
		finder->strings->groups.count * finder->heap->by_type.count + 1,
		sizeof(uint64_t));
	if (!finder->is_copy || !finder->references)
		return pyprof_error_oom();
	struct pyprof_error *err = make_leaders(finder);
	if (!err)
		err = pyprof_text_pool_walk(finder->heap, progress, look,
					    finder);
	for (uint32_t i = 0; i < count && !err; i++) {
		if (i % PROGRESS_EVERY == 0)
			err = pyprof_progress(progress, "finding holders", i,
					      count);
		if (!err)
			count_of(finder, i);
	}
	return err;
}

struct pyprof_error *
pyprof_strings_holders(struct pyprof_heap *heap, struct pyprof_strings *strings,
		       const struct pyprof_progress *progress)
{
	if (!strings->groups.count)
		return NULL;
	struct finder finder = {.heap = heap, .strings = strings};
	strings->holders.count = 0;
	struct pyprof_error *err = pyprof_heap_link(heap, progress);
	if (!err)
		err = find(&finder, progress);
	if (!err)
		err = keep(&finder, strings);
	free(finder.leaders);
	pyprof_vec_deinit(&finder.copies);
	free(finder.is_copy);
	free(finder.references);
	return err;
}
