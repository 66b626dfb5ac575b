// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"
#include "core/cpython/obmalloc.h"
#include "core/cpython/thread.h"

/* What stands before an object that is in a list. */
#define GC_HEAD 16
/* Marks of the collector in the low bits of links. */
#define LINK_MASK (~UINT64_C(3))

/* More lists than an interpreter has. */
#define LISTS_MAX 8

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
		if (!links || (at & 7)) {
			walk->cut++;
			return NULL;
		}
		at = pyprof_word(links, 0) & LINK_MASK;
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
			walk->object(walk->context, at + GC_HEAD);
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

static struct pyprof_error *walk_collector(struct walk *walk,
					   struct pyprof_python *python,
					   uint64_t gc, bool *is_collecting)
{
	const struct pyprof_layout *layout = &python->layout;
	uint64_t heads[LISTS_MAX];
	size_t count = heads_of(layout, gc, heads);
	for (size_t i = 0; i < count; i++) {
		struct pyprof_error *err = walk_list(walk, heads[i]);
		if (err)
			return err;
	}
	uint32_t collecting = 0;
	if (!pyprof_has(layout, gc.collecting))
		return NULL;
	struct pyprof_error *err = pyprof_target_read_u32(
		python->target, gc + (uint64_t)layout->at.gc.collecting,
		&collecting);
	*is_collecting |= !err && collecting;
	pyprof_error_destroy(err);
	return NULL;
}

static struct pyprof_error *walk_interps(struct walk *walk,
					 struct pyprof_python *python,
					 bool *is_collecting)
{
	const struct pyprof_layout *layout = &python->layout;
	struct pyprof_interps interps = {};
	struct pyprof_error *err = pyprof_interps_read(python, &interps);
	for (size_t i = 0; !err && i < interps.list.count; i++)
		err = walk_collector(walk, python,
				     interps.list.items[i].address +
					     (uint64_t)layout->at.interp.gc,
				     is_collecting);
	pyprof_interps_deinit(&interps);
	return err;
}

struct pyprof_error *pyprof_gc_lists_read(
	const struct pyprof_memory *memory, struct pyprof_python *python,
	struct pyprof_error *(*object)(void *context, uint64_t address),
	void *context, size_t *cut_ret, bool *is_collecting_ret)
{
	const struct pyprof_layout *layout = &python->layout;
	bool is_global = pyprof_has(layout, runtime.gc);
	bool is_collecting = false;
	if (layout->is_free_threaded ||
	    (!is_global && !pyprof_has(layout, interp.gc)))
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"this Python keeps no lists of objects");
	struct walk walk = {
		.memory = memory,
		.object = object,
		.context = context,
	};
	struct pyprof_error *err =
		is_global ? walk_collector(
				    &walk, python,
				    python->runtime +
					    (uint64_t)layout->at.runtime.gc,
				    &is_collecting)
			  : walk_interps(&walk, python, &is_collecting);
	if (err)
		return err;
	*cut_ret = walk.cut;
	*is_collecting_ret = is_collecting;
	return NULL;
}
