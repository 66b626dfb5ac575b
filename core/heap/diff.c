// SPDX-License-Identifier: Apache-2.0
#include "core/heap/diff.h"

#include <stdlib.h>
#include <string.h>

/** Objects between two looks at whether the user wants it to end. */
#define PROGRESS_EVERY (1u << 20)

enum { OLD, NEW, SIDES };

/** Counts of objects, by index of type. */
struct counts {
	uint64_t *by_type;
	size_t count;
};

struct differ {
	const struct pyprof_heap *heaps[SIDES];
	const struct pyprof_progress *progress;
	/** Objects that only one side has. */
	struct counts only[SIDES];
	/** Of each object of the new heap: its id in the old one. */
	uint32_t *old_ids;
	struct pyprof_growth growth;
	/** New objects by nearest holder and type. */
	uint32_t *held_types;
	struct pyprof_diff *diff;
};

/** One end of the walk through both. */
struct side {
	const struct pyprof_heap *heap;
	struct pyprof_index_walk walk;
	int32_t type_offset;
	bool has;
	uint32_t id;
	uint64_t address;
};

static void step(struct side *side)
{
	side->has = pyprof_index_next(&side->heap->index, &side->walk,
				      &side->id, &side->address);
}

static struct side begin(const struct pyprof_heap *heap)
{
	struct side side = {
		.heap = heap,
		.type_offset = heap->types->layout->at.object.type,
	};
	step(&side);
	return side;
}

/** The address of the type of the object that a side stands at. */
static uint64_t type_at(const struct side *side)
{
	const uint8_t *bytes = pyprof_memory_at(
		side->heap->memory, side->address + side->type_offset, 8);
	return bytes ? pyprof_word(bytes, 0) : 0;
}

/** An object that only one heap has: count it, and say who holds it. */
static void count_single(struct differ *differ, const struct side *at,
			 int which)
{
	struct pyprof_diff *diff = differ->diff;
	struct pyprof_object object;
	struct pyprof_object_sizes sizes = {};
	bool is_known =
		pyprof_object_at(at->heap->types, at->address, 0, &object) &&
		object.type->index < differ->only[which].count;
	if (is_known) {
		pyprof_heap_sizes(at->heap, &object, &sizes);
		differ->only[which].by_type[object.type->index]++;
	}
	if (which == OLD) {
		diff->went++;
		diff->went_bytes += sizes.exclusive;
		return;
	}
	diff->came++;
	diff->came_bytes += sizes.exclusive;
	uint32_t index = differ->growth.nearest
				 ? pyprof_growth_holder(&differ->growth, at->id)
				 : PYPROF_NO_NODE;
	if (index == PYPROF_NO_NODE)
		return;
	struct pyprof_diff_holder *holder =
		&differ->growth.holders.items[index];
	holder->new_objects++;
	holder->new_bytes += sizes.exclusive;
	if (is_known)
		differ->held_types[index * differ->only[NEW].count +
				   object.type->index]++;
}

/** What to do with an object of one heap alone, or of both. */
typedef void meet_function(struct differ *differ, const struct side *old,
			   const struct side *new);

/** Walk both heaps in order of address. */
static struct pyprof_error *walk_both(struct differ *differ,
				      meet_function *meet)
{
	struct side old = begin(differ->heaps[OLD]);
	struct side new = begin(differ->heaps[NEW]);
	uint64_t all = (uint64_t)old.heap->index.count + new.heap->index.count;
	for (uint32_t steps = 1; old.has || new.has; steps++) {
		bool takes_old =
			old.has && (!new.has || old.address <= new.address);
		bool takes_new =
			new.has && (!old.has || new.address <= old.address);
		meet(differ, takes_old ? &old : NULL, takes_new ? &new : NULL);
		if (takes_old)
			step(&old);
		if (takes_new)
			step(&new);
		if (steps % PROGRESS_EVERY)
			continue;
		struct pyprof_error *err =
			pyprof_progress(differ->progress, "comparing",
					(uint64_t)old.id + new.id, all);
		if (err)
			return err;
	}
	return NULL;
}

static bool is_same(const struct side *old, const struct side *new)
{
	return old && new &&type_at(old) == type_at(new);
}

static void remember(struct differ *differ, const struct side *old,
		     const struct side *new)
{
	if (is_same(old, new))
		differ->old_ids[new->id] = old->id;
}

static void count_meeting(struct differ *differ, const struct side *old,
			  const struct side *new)
{
	if (is_same(old, new))
		return;
	if (old)
		count_single(differ, old, OLD);
	if (new)
		count_single(differ, new, NEW);
}

static uint64_t before(void *context, uint32_t object)
{
	const struct differ *differ = context;
	uint32_t old = differ->old_ids[object];
	return old == PYPROF_NO_OBJECT
		       ? PYPROF_GROWTH_NEW
		       : differ->heaps[OLD]->dominators.retained[old];
}

static struct pyprof_error *find_growth(struct differ *differ, size_t limit)
{
	const struct pyprof_heap *new = differ->heaps[NEW];
	struct pyprof_growth_input input = {
		.dominators = &new->dominators,
		.before = before,
		.context = differ,
		.limit = limit,
	};
	differ->old_ids = malloc((new->index.count + 1ul) * sizeof(uint32_t));
	if (!differ->old_ids)
		return pyprof_error_oom();
	memset(differ->old_ids, 0xff,
	       (new->index.count + 1ul) * sizeof(uint32_t));
	struct pyprof_error *err = walk_both(differ, remember);
	if (!err)
		err = pyprof_growth_find(&input, &differ->growth);
	if (err)
		return err;
	differ->held_types = calloc(
		differ->growth.holders.count * differ->only[NEW].count + 1,
		sizeof(uint32_t));
	return differ->held_types ? NULL : pyprof_error_oom();
}

/** Say of what type most new objects of each holder are. */
static void name_held(struct differ *differ)
{
	size_t types = differ->only[NEW].count;
	for (size_t i = 0; i < differ->growth.holders.count; i++) {
		struct pyprof_diff_holder *holder =
			&differ->growth.holders.items[i];
		const uint32_t *counts = differ->held_types + i * types;
		for (size_t j = 0; j < types; j++) {
			const struct pyprof_type *type =
				differ->heaps[NEW]->by_type.items[j].type;
			bool is_first =
				holder->type && type &&
				pyprof_type_compare(type, holder->type) < 0;
			if (!counts[j] || counts[j] < holder->type_objects ||
			    (counts[j] == holder->type_objects && !is_first))
				continue;
			holder->type_objects = counts[j];
			holder->type = type;
		}
	}
}

/** A row of a heap's types, to be merged with those of its name. */
struct row {
	const struct pyprof_heap_type *type;
	uint64_t only;
	int side;
};

static int by_name(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	return strcmp(left->type->type->name, right->type->type->name);
}

static void add_row(struct pyprof_diff_type *to, const struct row *row)
{
	to->count[row->side] += row->type->count;
	to->shallow[row->side] += row->type->shallow;
	to->block[row->side] += row->type->block;
	to->exclusive[row->side] += row->type->exclusive;
	if (row->side == NEW)
		to->came += row->only;
	else
		to->went += row->only;
}

static int by_growth(const void *a, const void *b)
{
	const struct pyprof_diff_type *left = a, *right = b;
	int64_t x = (int64_t)(left->exclusive[NEW] - left->exclusive[OLD]);
	int64_t y = (int64_t)(right->exclusive[NEW] - right->exclusive[OLD]);
	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(left->name, right->name);
}

static struct pyprof_error *compare_types(struct differ *differ)
{
	PYPROF_VEC(struct row) rows = {};
	struct pyprof_error *err = NULL;
	for (int side = OLD; side < SIDES; side++) {
		const struct pyprof_heap *heap = differ->heaps[side];
		for (size_t i = 0; i < heap->by_type.count; i++) {
			struct row row = {&heap->by_type.items[i],
					  differ->only[side].by_type[i], side};
			if (row.type->type && !pyprof_vec_push(&rows, row))
				err = pyprof_error_oom();
		}
	}
	if (rows.count)
		qsort(rows.items, rows.count, sizeof(*rows.items), by_name);
	struct pyprof_diff *diff = differ->diff;
	for (size_t i = 0; i < rows.count && !err; i++) {
		if (i == 0 || by_name(&rows.items[i - 1], &rows.items[i])) {
			struct pyprof_diff_type type = {
				.name = rows.items[i].type->type->name};
			if (!pyprof_vec_push(&diff->types, type))
				err = pyprof_error_oom();
		}
		if (!err)
			add_row(&diff->types.items[diff->types.count - 1],
				&rows.items[i]);
	}
	pyprof_vec_deinit(&rows);
	if (!err && diff->types.count)
		qsort(diff->types.items, diff->types.count,
		      sizeof(*diff->types.items), by_growth);
	return err;
}

/** Where sys.modules is, which no program replaces; 0 when not known. */
static uint64_t find_modules(const struct pyprof_heap *heap)
{
	for (size_t i = 0; i < heap->roots.count; i++) {
		const struct pyprof_heap_root *root = &heap->roots.items[i];
		if (root->kind == PYPROF_HEAP_ROOT_INTERPRETER &&
		    strcmp(pyprof_strtab_get(heap->strings, root->name),
			   "sys.modules") == 0)
			return pyprof_index_address(&heap->index, root->object);
	}
	return 0;
}

static bool are_unrelated(const struct pyprof_heap *old,
			  const struct pyprof_heap *new)
{
	if (old->types->type_type != new->types->type_type)
		return true;
	uint64_t was = find_modules(old), is = find_modules(new);
	return was && is && was != is;
}

static struct pyprof_error *compare_objects(struct differ *differ, size_t limit)
{
	struct pyprof_error *err = NULL;
	if (limit && differ->heaps[OLD]->is_dominated &&
	    differ->heaps[NEW]->is_dominated)
		err = find_growth(differ, limit);
	if (!err)
		err = walk_both(differ, count_meeting);
	if (!err && differ->held_types)
		name_held(differ);
	return err;
}

static struct pyprof_error *compare(struct differ *differ, size_t limit)
{
	for (int side = OLD; side < SIDES; side++) {
		struct counts *only = &differ->only[side];
		only->count = differ->heaps[side]->by_type.count;
		only->by_type = calloc(only->count + 1, sizeof(uint64_t));
		if (!only->by_type)
			return pyprof_error_oom();
	}
	struct pyprof_error *err = NULL;
	if (!differ->diff->are_unrelated)
		err = compare_objects(differ, limit);
	return err ? err : compare_types(differ);
}

struct pyprof_error *pyprof_diff_find(const struct pyprof_heap *old,
				      const struct pyprof_heap *new,
				      size_t holder_limit,
				      const struct pyprof_progress *progress,
				      struct pyprof_diff *ret)
{
	struct pyprof_diff diff = {.are_unrelated = are_unrelated(old, new)};
	struct differ differ = {
		.heaps = {old, new},
		.progress = progress,
		.diff = &diff,
	};
	struct pyprof_error *err = compare(&differ, holder_limit);
	if (!err) {
		/* The same type; the vector moves over. */
		diff.holders.items = differ.growth.holders.items;
		diff.holders.count = differ.growth.holders.count;
		diff.holders_found = differ.growth.holders_found;
		diff.holders.capacity = differ.growth.holders.capacity;
		differ.growth.holders.items = NULL;
	}
	pyprof_growth_deinit(&differ.growth);
	free(differ.held_types);
	free(differ.old_ids);
	free(differ.only[OLD].by_type);
	free(differ.only[NEW].by_type);
	if (err) {
		pyprof_diff_deinit(&diff);
		return err;
	}
	*ret = diff;
	return NULL;
}

void pyprof_diff_deinit(struct pyprof_diff *diff)
{
	pyprof_vec_deinit(&diff->types);
	pyprof_vec_deinit(&diff->holders);
}
