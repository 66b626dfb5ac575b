// SPDX-License-Identifier: Apache-2.0
#include "core/target/memory_plan.h"

#include <stdlib.h>
#include <string.h>

/* Pages asked about at a time: 1 GiB of addresses. */
#define PAGES_AT_ONCE (UINT64_C(1) << 18)

/*
 * Untouched memory of more than this is not mirrored: programs reserve
 * terabytes. Less of it reads as zeros.
 */
#define GAP_MAX (UINT64_C(4) << 20)

/*
 * Of a mapped file as large as this only the changed pages are copied; the
 * others are in the file.
 */
#define FILE_MAX (UINT64_C(64) << 20)

#define ADDRESSES_END (UINT64_C(1) << 47)

/* What of a mapping is wanted. */
enum wish {
	/** Nothing. */
	WISH_NOTHING,
	/** What was touched; the rest is zeros. */
	WISH_TOUCHED,
	/** What the process changed; the rest is the file's. */
	WISH_CHANGED,
	/** All, if the process changed any of it. */
	WISH_ALL_IF_CHANGED,
	WISH_ALL,
};

static bool is_device(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 &&
	       strncmp(path, "/dev/shm/", 9) != 0 &&
	       strcmp(path, "/dev/zero") != 0;
}

static enum wish wish_for(const struct pyprof_mapping *mapping)
{
	if (!mapping->readable || mapping->shared || is_device(mapping->path) ||
	    mapping->end > ADDRESSES_END)
		return WISH_NOTHING;
	uint64_t size = mapping->end - mapping->start;
	if (!*mapping->path)
		return mapping->writable ? WISH_TOUCHED : WISH_NOTHING;
	if (size > FILE_MAX)
		return WISH_CHANGED;
	if (mapping->writable)
		return WISH_ALL;
	/* What the loader relocated; a breakpoint in code is no data. */
	return mapping->executable ? WISH_NOTHING : WISH_ALL_IF_CHANGED;
}

/*
 * A segment grows while its mapping is gone through, and is closed when what
 * follows is not to be in it.
 */
struct planner {
	struct pyprof_plan *plan;
	const struct pyprof_mapping *mapping;
	/* The whole pages of it. */
	uint64_t start, end;
	size_t origin;
	enum wish wish;
	/* The last segment can still grow. */
	bool open;
};

static bool begin_segment(struct planner *planner, uint64_t start)
{
	struct pyprof_plan *plan = planner->plan;
	/* Bytes before the first that was touched belong to it. */
	if (planner->wish == WISH_TOUCHED &&
	    start - planner->start <= GAP_MAX && !planner->open)
		start = planner->start;
	planner->open = true;
	struct pyprof_memory_segment segment = {
		.start = start,
		.end = start,
		.writable = planner->mapping->writable,
		.executable = planner->mapping->executable,
	};
	return pyprof_vec_push(&plan->segments, segment) &&
	       pyprof_vec_push(&plan->origins, planner->origin);
}

static bool add_pieces(struct pyprof_plan *plan, uint64_t start, uint64_t end,
		       uint64_t offset)
{
	plan->wanted += end - start;
	if (plan->pieces.count) {
		struct pyprof_plan_piece *last =
			&plan->pieces.items[plan->pieces.count - 1];
		uint64_t more = end - start;
		if (more > PYPROF_PLAN_PIECE - last->size)
			more = PYPROF_PLAN_PIECE - last->size;
		if (last->address + last->size == start &&
		    last->offset + last->size == offset) {
			last->size += more;
			start += more;
			offset += more;
		}
	}
	while (start < end) {
		struct pyprof_plan_piece piece = {start, end - start, offset};
		if (piece.size > PYPROF_PLAN_PIECE)
			piece.size = PYPROF_PLAN_PIECE;
		if (!pyprof_vec_push(&plan->pieces, piece))
			return false;
		start += piece.size;
		offset += piece.size;
	}
	return true;
}

/* Say that pages, counted over all segments, are the process's own. */
static bool add_own(struct pyprof_plan *plan, uint64_t first, uint64_t count)
{
	struct pyprof_plan_own own = {first, count};
	return pyprof_vec_push(&plan->own, own);
}

/* The same for those, of the last pages wanted, that flags say it of. */
static bool add_flagged(struct pyprof_plan *plan, size_t count,
			const uint8_t *flags)
{
	uint64_t first = (plan->size >> PYPROF_PAGE_SHIFT) - count;
	for (size_t i = 0; i < count;) {
		size_t from = i;
		while (i < count && flags[i] & PYPROF_PAGE_PRIVATE)
			i++;
		if (i > from && !add_own(plan, first + from, i - from))
			return false;
		i += i == from;
	}
	return true;
}

/* Want [start, end), which lies behind all that was wanted before. */
static bool want(struct planner *planner, uint64_t start, uint64_t end)
{
	struct pyprof_plan *plan = planner->plan;
	uint64_t gap_max = planner->wish == WISH_TOUCHED ? GAP_MAX : 0;
	if (!planner->open ||
	    start - plan->segments.items[plan->segments.count - 1].end >
		    gap_max) {
		if (!begin_segment(planner, start))
			return false;
	}
	struct pyprof_memory_segment *segment =
		&plan->segments.items[plan->segments.count - 1];
	plan->size += end - segment->end;
	segment->end = end;
	segment->resident_pages += (end - start) >> PYPROF_PAGE_SHIFT;
	/* The segments lie one behind the other. */
	return add_pieces(plan, start, end, plan->size - (end - start));
}

static void end_mapping(struct planner *planner)
{
	struct pyprof_plan *plan = planner->plan;
	if (!planner->open || planner->wish != WISH_TOUCHED)
		return;
	struct pyprof_memory_segment *last =
		&plan->segments.items[plan->segments.count - 1];
	if (planner->end - last->end > GAP_MAX)
		return;
	plan->size += planner->end - last->end;
	last->end = planner->end;
}

static bool is_wanted(enum wish wish, uint8_t flags)
{
	return wish == WISH_TOUCHED ? flags != 0
				    : (flags & PYPROF_PAGE_PRIVATE) != 0;
}

/* Want [start, end), all of which is the process's own. */
static bool want_own(struct planner *planner, uint64_t start, uint64_t end)
{
	uint64_t count = (end - start) >> PYPROF_PAGE_SHIFT;
	if (!want(planner, start, end))
		return false;
	return add_own(planner->plan,
		       (planner->plan->size >> PYPROF_PAGE_SHIFT) - count,
		       count);
}

/* Want those of some pages that have the flags for it. */
static bool want_flagged(struct planner *planner, uint64_t start, size_t count,
			 const uint8_t *flags)
{
	size_t i = 0;
	while (i < count) {
		if (!is_wanted(planner->wish, flags[i])) {
			i++;
			continue;
		}
		size_t first = i;
		while (i < count && is_wanted(planner->wish, flags[i]))
			i++;
		if (!want_own(planner, start + first * PYPROF_PAGE_SIZE,
			      start + i * PYPROF_PAGE_SIZE))
			return false;
	}
	return true;
}

static bool any_changed(const uint8_t *flags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (flags[i] & PYPROF_PAGE_PRIVATE)
			return true;
	return false;
}

/* Which pages of a mapping are in use; false when nobody knows. */
static bool ask(struct pyprof_target *target, uint64_t start, size_t count,
		uint8_t *flags)
{
	if (!target->ops->resident)
		return false;
	struct pyprof_error *err =
		target->ops->resident(target, start, count, flags);
	pyprof_error_destroy(err);
	return !err;
}

static bool plan_pages(struct planner *planner, struct pyprof_target *target,
		       uint64_t start, uint64_t end, uint8_t *flags)
{
	size_t count = (end - start) >> PYPROF_PAGE_SHIFT;
	bool known = ask(target, start, count, flags);
	switch (planner->wish) {
	case WISH_ALL_IF_CHANGED:
		/* When nobody knows, the file will do. */
		if (!known || !any_changed(flags, count))
			return true;
		break;
	case WISH_ALL:
		break;
	case WISH_CHANGED:
		return !known || want_flagged(planner, start, count, flags);
	default:
		return known ? want_flagged(planner, start, count, flags)
			     : want_own(planner, start, end);
	}
	if (!known)
		return want_own(planner, start, end);
	return want(planner, start, end) &&
	       add_flagged(planner->plan, count, flags);
}

/* Sanitizers and runtimes of other languages reserve terabytes. */
static uint64_t skip_unused(const struct planner *planner,
			    struct pyprof_target *target, uint64_t at)
{
	uint64_t large = PAGES_AT_ONCE << PYPROF_PAGE_SHIFT;
	if (planner->wish != WISH_TOUCHED || planner->end - at <= large ||
	    !target->ops->next_resident)
		return at;
	uint64_t next = target->ops->next_resident(target, at, planner->end);
	return next & ~(PYPROF_PAGE_SIZE - 1);
}

static bool plan_mapping(struct planner *planner, struct pyprof_target *target,
			 uint8_t *flags)
{
	const struct pyprof_mapping *mapping = planner->mapping;
	uint64_t mask = ~(PYPROF_PAGE_SIZE - 1);
	planner->start = (mapping->start + ~mask) & mask;
	planner->end = mapping->end & mask;
	planner->wish = wish_for(mapping);
	if (planner->wish == WISH_NOTHING || planner->start >= planner->end)
		return true;
	for (uint64_t at = planner->start; at < planner->end;) {
		at = skip_unused(planner, target, at);
		if (at >= planner->end)
			break;
		uint64_t piece = PAGES_AT_ONCE << PYPROF_PAGE_SHIFT;
		if (piece > planner->end - at)
			piece = planner->end - at;
		if (!plan_pages(planner, target, at, at + piece, flags))
			return false;
		at += piece;
	}
	end_mapping(planner);
	return true;
}

struct pyprof_error *pyprof_plan_init(struct pyprof_plan *plan,
				      struct pyprof_target *target,
				      const struct pyprof_mapping *mappings,
				      size_t count)
{
	*plan = (struct pyprof_plan){};
	_cleanup_free_ uint8_t *flags = malloc(PAGES_AT_ONCE);
	if (!flags)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++) {
		struct planner planner = {
			.plan = plan,
			.mapping = &mappings[i],
			.origin = i,
		};
		if (!plan_mapping(&planner, target, flags))
			return pyprof_error_oom();
	}
	return NULL;
}

void pyprof_plan_deinit(struct pyprof_plan *plan)
{
	pyprof_vec_deinit(&plan->segments);
	pyprof_vec_deinit(&plan->origins);
	pyprof_vec_deinit(&plan->pieces);
	pyprof_vec_deinit(&plan->own);
}
