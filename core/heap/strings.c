// SPDX-License-Identifier: Apache-2.0
#include "core/heap/strings.h"

#include <stdlib.h>
#include <string.h>

#include "core/heap/text_pool.h"

/** Texts that are sorted at a time, of 16 bytes each meanwhile: of more, each
 * pass takes those with some hashes. */
#define MAX_ENTRIES (UINT64_C(1) << 24)

/** Digits that hashes are sorted by. */
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

struct entry {
	uint32_t hash, id;
};

struct finder {
	const struct pyprof_heap *heap;
	/** Texts with hash % passes == pass are looked at. */
	uint32_t pass, passes;
	PYPROF_VEC(struct entry) entries;
	struct entry *sorted;
	size_t limit;
	struct pyprof_strings *found;
};

static struct pyprof_error *collect(void *context,
				    const struct pyprof_pooled_text *text)
{
	struct finder *finder = context;
	struct entry entry = {text->hash, text->id};
	if (text->hash % finder->passes != finder->pass)
		return NULL;
	return pyprof_vec_push(&finder->entries, entry) ? NULL
							: pyprof_error_oom();
}

/** Put entries in order of one digit of their hashes, keeping it otherwise. */
static void sort_digit(const struct entry *from, size_t count, unsigned shift,
		       size_t *starts, struct entry *to)
{
	memset(starts, 0, (DIGITS + 1ul) * sizeof(*starts));
	for (size_t i = 0; i < count; i++)
		starts[(from[i].hash >> shift) % DIGITS + 1]++;
	for (size_t i = 0; i < DIGITS; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < count; i++)
		to[starts[(from[i].hash >> shift) % DIGITS]++] = from[i];
}

static struct pyprof_error *sort(struct finder *finder)
{
	size_t count = finder->entries.count;
	if (!count)
		return NULL;
	_cleanup_free_ size_t *starts = calloc(DIGITS + 1ul, sizeof(*starts));
	_cleanup_free_ struct entry *other = calloc(count + 1, sizeof(*other));
	if (!starts || !other)
		return pyprof_error_oom();
	struct entry *from = finder->entries.items, *to = other;
	/* Three of 11 bits: an odd number, so that it ends in `other`. */
	for (unsigned shift = 0; shift < 32; shift += DIGIT_BITS) {
		sort_digit(from, count, shift, starts, to);
		struct entry *swap = from;
		from = to;
		to = swap;
	}
	finder->sorted = no_cleanup_ptr(other);
	return NULL;
}

static int by_waste(const void *a, const void *b)
{
	const struct pyprof_string_group *left = a, *right = b;
	if (left->wasted != right->wasted)
		return left->wasted < right->wasted ? 1 : -1;
	return (left->object > right->object) - (left->object < right->object);
}

static void cut(struct finder *finder)
{
	struct pyprof_strings *found = finder->found;
	if (found->groups.count)
		qsort(found->groups.items, found->groups.count,
		      sizeof(*found->groups.items), by_waste);
	if (found->groups.count > finder->limit)
		found->groups.count = finder->limit;
}

static struct pyprof_error *keep(struct finder *finder,
				 const struct pyprof_string_group *group)
{
	struct pyprof_strings *found = finder->found;
	found->distinct++;
	if (group->copies < 2)
		return NULL;
	found->group_count++;
	found->wasted += group->wasted;
	if (!pyprof_vec_push(&found->groups, *group))
		return pyprof_error_oom();
	if (found->groups.count > finder->limit * 2 + DIGITS)
		cut(finder);
	return NULL;
}

static uint64_t bytes_of(const struct finder *finder,
			 const struct pyprof_pooled_text *text)
{
	struct pyprof_object_sizes sizes = {};
	pyprof_heap_sizes(finder->heap, &text->object, &sizes);
	return sizes.exclusive;
}

/** All in a run that equal its first are one group; what is left of the run
 * moves to its front. */
static struct pyprof_error *take_group(struct finder *finder, struct entry *run,
				       size_t *count)
{
	struct pyprof_pooled_text first, other;
	size_t left = 0;
	if (!pyprof_text_pool_get(finder->heap, run[0].id, &first)) {
		run[0] = run[--*count];
		return NULL;
	}
	uint64_t biggest = bytes_of(finder, &first);
	struct pyprof_string_group group = {
		.object = first.id,
		.copies = 1,
		.length = first.view.length,
		.bytes = biggest,
	};
	for (size_t i = 1; i < *count; i++) {
		bool is_there =
			pyprof_text_pool_get(finder->heap, run[i].id, &other);
		if (!is_there || !pyprof_text_is_equal(&first, &other)) {
			run[left++] = run[i];
			continue;
		}
		uint64_t bytes = bytes_of(finder, &other);
		group.copies++;
		group.bytes += bytes;
		if (bytes > biggest)
			biggest = bytes;
	}
	group.wasted = group.bytes - biggest;
	*count = left;
	return keep(finder, &group);
}

/** Find groups among entries that are in order of hash. */
static struct pyprof_error *find_groups(struct finder *finder, size_t count,
					const struct pyprof_progress *progress)
{
	struct entry *entries = finder->sorted;
	struct pyprof_error *err = NULL;
	for (size_t i = 0, end; i < count && !err; i = end) {
		end = i + 1;
		while (end < count && entries[end].hash == entries[i].hash)
			end++;
		if (end / DIGITS != i / DIGITS)
			err = pyprof_progress(progress, "comparing text", i,
					      count);
		if (end - i == 1) {
			/* Most are. */
			finder->found->distinct++;
			continue;
		}
		for (size_t left = end - i; left && !err;)
			err = take_group(finder, entries + i, &left);
	}
	return err;
}

static struct pyprof_error *find_pass(struct finder *finder,
				      const struct pyprof_progress *progress)
{
	struct pyprof_error *err =
		pyprof_text_pool_walk(finder->heap, progress, collect, finder);
	size_t count = finder->entries.count;
	if (!err)
		err = sort(finder);
	if (!err)
		err = find_groups(finder, count, progress);
	pyprof_vec_deinit(&finder->entries);
	free(finder->sorted);
	finder->sorted = NULL;
	return err;
}

struct pyprof_error *pyprof_strings_find(const struct pyprof_heap *heap,
					 size_t limit,
					 const struct pyprof_progress *progress,
					 struct pyprof_strings *ret)
{
	struct pyprof_strings found = {};
	struct finder finder = {.heap = heap, .limit = limit, .found = &found};
	for (size_t i = 0; i < heap->by_type.count; i++) {
		const struct pyprof_heap_type *type = &heap->by_type.items[i];
		if (!type->type || !pyprof_text_is_plain(type->type))
			continue;
		found.objects += type->count;
		found.bytes += type->exclusive;
	}
	finder.passes = (uint32_t)(found.objects / MAX_ENTRIES) + 1;
	struct pyprof_error *err = NULL;
	for (; finder.pass < finder.passes && !err; finder.pass++)
		err = find_pass(&finder, progress);
	if (err) {
		pyprof_strings_deinit(&found);
		return err;
	}
	cut(&finder);
	*ret = found;
	return NULL;
}

void pyprof_strings_deinit(struct pyprof_strings *strings)
{
	pyprof_vec_deinit(&strings->groups);
	pyprof_vec_deinit(&strings->holders);
}
