// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"
#include "core/cpython/obmalloc.h"
#include "core/cpython/thread.h"

/* More lists than an interpreter has. */
#define LISTS_MAX 8
/* Heads are declared to lie so in late releases of 3.13, and do. */
#define HEAD_ALIGNMENT 4

struct walk {
	const struct pyprof_memory *memory;
	struct pyprof_error *(*object)(void *context, uint64_t address);
	void *context;
	size_t cut;
};

/*
 * Follow one list. A cycle that leaves the head out is found by a mark, which
 * moves on to where the walk is at each power of two.
 */
static struct pyprof_error *walk_list(struct walk *walk, uint64_t head)
{
	uint64_t mark = head, at = head;
	for (uint64_t steps = 0, next_mark = 1;; steps++) {
		const uint8_t *links = pyprof_memory_at(walk->memory, at, 16);
		if (!links || (at & (HEAD_ALIGNMENT - 1))) {
			walk->cut++;
			return NULL;
		}
		at = pyprof_word(links, 0) & PYPROF_GC_LINK_MASK;
		if (at == head)
			return NULL;
		if (at == mark) {
			walk->cut++;
			return NULL;
		}
		if (steps == next_mark) {
			mark = at;
			next_mark *= 2;
		}
		struct pyprof_error *err =
			walk->object(walk->context, at + PYPROF_GC_HEAD);
		if (err)
			return err;
	}
}

/* Addresses of the heads of a collector's lists; returns how many. */
static size_t heads_of(const struct pyprof_layout *layout, uint64_t gc,
		       uint64_t heads[static LISTS_MAX])
{
	uint64_t size = (uint64_t)layout->at.generation.size;
	uint64_t head = gc + (uint64_t)layout->at.generation.head;
	size_t count = 0;
	if (pyprof_has(layout, gc.young))
		heads[count++] = head + (uint64_t)layout->at.gc.young;
	if (pyprof_has(layout, gc.old))
		for (uint64_t i = 0; i < 2; i++)
			heads[count++] =
				head + (uint64_t)layout->at.gc.old + i * size;
	if (pyprof_has(layout, gc.generations))
		for (uint64_t i = 0; i < 3; i++)
			heads[count++] = head +
					 (uint64_t)layout->at.gc.generations +
					 i * size;
	if (pyprof_has(layout, gc.permanent))
		heads[count++] = head + (uint64_t)layout->at.gc.permanent;
	return count;
}

/* Add the heads of one collector, and whether it is at work. */
static struct pyprof_error *read_collector(struct pyprof_python *python,
					   uint64_t gc,
					   struct pyprof_gc_heads *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	uint64_t heads[LISTS_MAX];
	size_t count = heads_of(layout, gc, heads);
	for (size_t i = 0; i < count; i++)
		if (!pyprof_vec_push(&ret->list, heads[i]))
			return pyprof_error_oom();
	uint32_t collecting = 0;
	if (!pyprof_has(layout, gc.collecting))
		return NULL;
	struct pyprof_error *err = pyprof_target_read_u32(
		python->target, gc + (uint64_t)layout->at.gc.collecting,
		&collecting);
	ret->is_collecting |= !err && collecting;
	pyprof_error_destroy(err);
	return NULL;
}

static struct pyprof_error *read_interps(struct pyprof_python *python,
					 struct pyprof_gc_heads *ret)
{
	struct pyprof_interps interps = {};
	struct pyprof_error *err = pyprof_interps_read(python, &interps);
	for (size_t i = 0; !err && i < interps.list.count; i++)
		err = read_collector(
			python,
			interps.list.items[i].address +
				(uint64_t)python->layout.at.interp.gc,
			ret);
	pyprof_interps_deinit(&interps);
	return err;
}

struct pyprof_error *pyprof_gc_heads_read(struct pyprof_python *python,
					  struct pyprof_gc_heads *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	bool is_global = pyprof_has(layout, runtime.gc);
	if (layout->is_free_threaded ||
	    (!is_global && !pyprof_has(layout, interp.gc)))
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"this Python keeps no lists of objects");
	struct pyprof_gc_heads heads = {};
	struct pyprof_error *err =
		is_global ? read_collector(
				    python,
				    python->runtime +
					    (uint64_t)layout->at.runtime.gc,
				    &heads)
			  : read_interps(python, &heads);
	if (err) {
		pyprof_gc_heads_deinit(&heads);
		return err;
	}
	*ret = heads;
	return NULL;
}

void pyprof_gc_heads_deinit(struct pyprof_gc_heads *heads)
{
	pyprof_vec_deinit(&heads->list);
}

struct pyprof_error *pyprof_gc_lists_read(
	const struct pyprof_memory *memory, const struct pyprof_gc_heads *heads,
	struct pyprof_error *(*object)(void *context, uint64_t address),
	void *context, size_t *cut_ret)
{
	struct walk walk = {
		.memory = memory,
		.object = object,
		.context = context,
	};
	for (size_t i = 0; i < heads->list.count; i++) {
		struct pyprof_error *err =
			walk_list(&walk, heads->list.items[i]);
		if (err)
			return err;
	}
	*cut_ret = walk.cut;
	return NULL;
}
