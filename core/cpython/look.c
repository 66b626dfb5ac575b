// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/look.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"

/* Regions end on a multiple of this, so that a stack that grows a little does
 * not miss; a divisor of the page size, so that this reaches no other page. */
#define REGION_GRAIN 1024

/* No piece is larger: a data-stack chunk is the largest there is. */
#define PIECE_MAX (UINT64_C(64) << 20)

#define NO_PIECE UINT32_MAX

struct piece {
	uint64_t address;
	/* Size kept, and the largest size asked for in this look. */
	size_t size, asked;
	/* Where its copy starts in the arena. */
	size_t offset;
	/* Next piece of the same bucket. */
	uint32_t next;
	bool is_region;
	/* Holds what this look read; has been asked for in this look. */
	bool valid, used;
};

struct pyprof_look {
	struct pyprof_target *target;
	PYPROF_VEC(struct piece) pieces;
	PYPROF_VEC(struct pyprof_range) ranges;
	PYPROF_VEC(uint32_t) regions;
	/* Index in `regions` of the one that was hit last. */
	size_t last_region;
	uint32_t *buckets;
	size_t bucket_count;
	char *arena;
	size_t arena_size, arena_capacity;
	size_t misses;
	bool prepared;
};

struct pyprof_error *pyprof_look_create(struct pyprof_target *target,
					struct pyprof_look **ret)
{
	struct pyprof_look *look = calloc(1, sizeof(*look));
	if (!look)
		return pyprof_error_oom();
	look->target = target;
	*ret = look;
	return NULL;
}

void pyprof_look_destroy(struct pyprof_look *look)
{
	if (!look)
		return;
	pyprof_vec_deinit(&look->pieces);
	pyprof_vec_deinit(&look->ranges);
	pyprof_vec_deinit(&look->regions);
	free(look->buckets);
	free(look->arena);
	free(look);
}

static uint32_t *bucket_of(struct pyprof_look *look, uint64_t address)
{
	uint64_t hash = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
	return &look->buckets[(hash >> 32) & (look->bucket_count - 1)];
}

static void clear_buckets(struct pyprof_look *look)
{
	for (size_t i = 0; i < look->bucket_count; i++)
		look->buckets[i] = NO_PIECE;
}

static void link_piece(struct pyprof_look *look, uint32_t index)
{
	struct piece *piece = &look->pieces.items[index];
	uint32_t *bucket = bucket_of(look, piece->address);
	piece->next = *bucket;
	*bucket = index;
}

/* Keeps the table at most half full. */
static bool grow_buckets(struct pyprof_look *look)
{
	if (look->pieces.count * 2 < look->bucket_count)
		return true;
	size_t count = look->bucket_count ? look->bucket_count * 2 : 64;
	uint32_t *buckets =
		reallocarray(look->buckets, count, sizeof(*buckets));
	if (!buckets)
		return false;
	look->buckets = buckets;
	look->bucket_count = count;
	clear_buckets(look);
	for (size_t i = 0; i < look->pieces.count; i++)
		link_piece(look, (uint32_t)i);
	return true;
}

/* Space in the arena; false when out of memory. */
static bool take_space(struct pyprof_look *look, size_t size,
		       size_t *offset_ret)
{
	size_t offset = (look->arena_size + 7) & ~(size_t)7;
	if (!pyprof_vec_grow((void **)&look->arena, &look->arena_capacity,
			     offset + size, 1))
		return false;
	*offset_ret = offset;
	look->arena_size = offset + size;
	return true;
}

void pyprof_look_reset(struct pyprof_look *look)
{
	look->pieces.count = 0;
	look->regions.count = 0;
	look->arena_size = 0;
	look->prepared = false;
	clear_buckets(look);
}

/* A region that needs far less than it did is cut back. */
static void fit_region(struct piece *piece)
{
	if (piece->is_region && piece->asked < piece->size / 4)
		piece->size = piece->asked;
}

static bool add_range(struct pyprof_look *look, struct pyprof_range range)
{
	return pyprof_vec_push(&look->ranges, range);
}

void pyprof_look_prepare(struct pyprof_look *look)
{
	size_t kept = 0;
	look->regions.count = 0;
	look->arena_size = 0;
	clear_buckets(look);
	for (size_t i = 0; i < look->pieces.count; i++) {
		struct piece piece = look->pieces.items[i];
		if (!piece.used || !piece.valid)
			continue;
		fit_region(&piece);
		/* Cannot fail: no more pieces and bytes than there were. */
		if (!take_space(look, piece.size, &piece.offset) ||
		    (piece.is_region &&
		     !pyprof_vec_push(&look->regions, (uint32_t)kept)))
			continue;
		piece.valid = piece.used = false;
		piece.asked = 0;
		look->pieces.items[kept] = piece;
		link_piece(look, (uint32_t)kept);
		kept++;
	}
	look->pieces.count = kept;

	look->ranges.count = 0;
	static const struct pyprof_range none;
	for (size_t i = 0; i < PYPROF_LOOK_EXTRA; i++)
		if (!add_range(look, none))
			return;
	for (size_t i = 0; i < kept; i++) {
		const struct piece *piece = &look->pieces.items[i];
		if (!add_range(look,
			       (struct pyprof_range){
				       .address = piece->address,
				       .buffer = look->arena + piece->offset,
				       .size = piece->size,
			       }))
			return;
	}
	look->prepared = pyprof_vec_reserve(&look->ranges, PYPROF_LOOK_EXTRA);
}

/* Read the ranges, stepping over pieces that cannot be read. */
static bool read_ranges(struct pyprof_look *look, size_t first, size_t count,
			size_t before_count, size_t after_count)
{
	const struct pyprof_range *ranges = look->ranges.items + first;
	struct piece *pieces = look->pieces.items;
	size_t piece_end = count - after_count;
	for (size_t at = 0; at < count;) {
		size_t read = pyprof_target_readv(look->target, ranges + at,
						  count - at);
		for (size_t i = 0; i < read; i++, at++)
			if (at >= before_count && at < piece_end)
				pieces[at - before_count].valid = true;
		if (at == count)
			return true;
		if (at < before_count || at >= piece_end)
			return false;
		at++;
	}
	return true;
}

bool pyprof_look_refresh(struct pyprof_look *look,
			 const struct pyprof_range *before, size_t before_count,
			 const struct pyprof_range *after, size_t after_count)
{
	if (before_count > PYPROF_LOOK_EXTRA || after_count > PYPROF_LOOK_EXTRA)
		return false;
	if (!look->prepared)
		pyprof_look_prepare(look);
	if (!look->prepared)
		return false;
	look->prepared = false;
	look->misses = 0;
	size_t first = PYPROF_LOOK_EXTRA - before_count;
	if (before_count)
		memcpy(look->ranges.items + first, before,
		       before_count * sizeof(*before));
	if (after_count)
		memcpy(look->ranges.items + look->ranges.count, after,
		       after_count * sizeof(*after));
	return read_ranges(look, first,
			   look->ranges.count - first + after_count,
			   before_count, after_count);
}

static struct piece *find_piece(struct pyprof_look *look, uint64_t address)
{
	if (!look->bucket_count)
		return NULL;
	uint32_t index = *bucket_of(look, address);
	while (index != NO_PIECE) {
		struct piece *piece = &look->pieces.items[index];
		if (piece->address == address)
			return piece;
		index = piece->next;
	}
	return NULL;
}

static bool holds(const struct piece *piece, uint64_t address, size_t size)
{
	return piece->valid && address >= piece->address &&
	       address - piece->address <= piece->size &&
	       size <= piece->size - (address - piece->address);
}

/* Neighbouring frames lie in the same region: begin with the last one hit. */
static struct piece *find_in_regions(struct pyprof_look *look, uint64_t address,
				     size_t size)
{
	size_t count = look->regions.count;
	for (size_t i = 0; i < count; i++) {
		size_t at = (look->last_region + i) % count;
		struct piece *piece =
			&look->pieces.items[look->regions.items[at]];
		if (holds(piece, address, size)) {
			look->last_region = at;
			return piece;
		}
	}
	return NULL;
}

static struct piece *add_piece(struct pyprof_look *look, uint64_t address)
{
	if (look->pieces.count >= NO_PIECE || !grow_buckets(look) ||
	    !pyprof_vec_reserve(&look->pieces, 1))
		return NULL;
	uint32_t index = (uint32_t)look->pieces.count++;
	look->pieces.items[index] = (struct piece){.address = address};
	link_piece(look, index);
	return &look->pieces.items[index];
}

/* Read a piece on its own; what it held is lost when that fails. */
static bool fetch(struct pyprof_look *look, struct piece *piece, size_t size)
{
	look->misses++;
	piece->valid = false;
	if (size > piece->size) {
		if (!take_space(look, size, &piece->offset))
			return false;
		piece->size = size;
	}
	struct pyprof_range range = {
		.address = piece->address,
		.buffer = look->arena + piece->offset,
		.size = piece->size,
	};
	piece->valid = pyprof_target_readv(look->target, &range, 1) == 1;
	return piece->valid;
}

static const void *get(struct pyprof_look *look, uint64_t address, size_t size,
		       bool is_region)
{
	if (!size || size > PIECE_MAX || address > UINT64_MAX - PIECE_MAX)
		return NULL;
	struct piece *piece = find_piece(look, address);
	if (!piece && !(piece = add_piece(look, address)))
		return NULL;
	if (is_region && !piece->is_region) {
		uint32_t index = (uint32_t)(piece - look->pieces.items);
		if (!pyprof_vec_push(&look->regions, index))
			return NULL;
		piece->is_region = true;
	}
	if (!piece->valid || piece->size < size) {
		size_t wanted = size;
		if (is_region) {
			uint64_t end = address + size + REGION_GRAIN - 1;
			wanted =
				(end & ~(uint64_t)(REGION_GRAIN - 1)) - address;
		}
		if (!fetch(look, piece, wanted))
			return NULL;
	}
	piece->used = true;
	if (size > piece->asked)
		piece->asked = size;
	return look->arena + piece->offset;
}

const void *pyprof_look_at(struct pyprof_look *look, uint64_t address,
			   size_t size)
{
	struct piece *region = find_in_regions(look, address, size);
	if (region) {
		region->used = true;
		return look->arena + region->offset +
		       (address - region->address);
	}
	return get(look, address, size, false);
}

const void *pyprof_look_region(struct pyprof_look *look, uint64_t address,
			       size_t size)
{
	return get(look, address, size, true);
}

size_t pyprof_look_misses(const struct pyprof_look *look)
{
	return look->misses;
}
