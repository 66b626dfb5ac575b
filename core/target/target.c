// SPDX-License-Identifier: Apache-2.0
#include "core/target/target.h"

#include <string.h>

/*
 * Memory is readable or not by whole pages, and no page is smaller than this.
 */
#define SMALLEST_PAGE UINT64_C(4096)

void pyprof_target_destroy(struct pyprof_target *target)
{
	if (target)
		target->ops->destroy(target);
}

const struct pyprof_mapping *
pyprof_mapping_find(const struct pyprof_mapping *mappings, size_t count,
		    uint64_t address)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pyprof_mapping *mapping = &mappings[middle];
		if (address < mapping->start)
			high = middle;
		else if (address >= mapping->end)
			low = middle + 1;
		else
			return mapping;
	}
	return NULL;
}

static bool wraps(uint64_t address, size_t size)
{
	return size && address + (size - 1) < address;
}

struct pyprof_error *pyprof_target_read(struct pyprof_target *target,
					uint64_t address, void *buffer,
					size_t size)
{
	if (!size)
		return NULL;
	if (size > PYPROF_READ_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "implausible read of %zu bytes", size);
	if (wraps(address, size))
		return pyprof_error_at(PYPROF_ERROR_FAULT, address,
				       "cannot read memory");
	return target->ops->read(target, address, buffer, size);
}

/* How many ranges, from the first on, may be asked for at all. */
static size_t count_plausible(const struct pyprof_range *ranges, size_t count)
{
	size_t i = 0;
	while (i < count && ranges[i].size <= PYPROF_READ_MAX &&
	       !wraps(ranges[i].address, ranges[i].size))
		i++;
	return i;
}

size_t pyprof_target_readv(struct pyprof_target *target,
			   const struct pyprof_range *ranges, size_t count)
{
	count = count_plausible(ranges, count);
	if (target->ops->readv)
		return count ? target->ops->readv(target, ranges, count) : 0;
	for (size_t i = 0; i < count; i++) {
		struct pyprof_error *err =
			pyprof_target_read(target, ranges[i].address,
					   ranges[i].buffer, ranges[i].size);
		if (err) {
			pyprof_error_destroy(err);
			return i;
		}
	}
	return count;
}

struct pyprof_error *pyprof_target_read_u8(struct pyprof_target *target,
					   uint64_t address, uint8_t *ret)
{
	uint8_t value;
	struct pyprof_error *err =
		pyprof_target_read(target, address, &value, sizeof(value));
	if (!err)
		*ret = value;
	return err;
}

struct pyprof_error *pyprof_target_read_u32(struct pyprof_target *target,
					    uint64_t address, uint32_t *ret)
{
	uint32_t value;
	struct pyprof_error *err =
		pyprof_target_read(target, address, &value, sizeof(value));
	if (!err)
		*ret = value;
	return err;
}

struct pyprof_error *pyprof_target_read_u64(struct pyprof_target *target,
					    uint64_t address, uint64_t *ret)
{
	uint64_t value;
	struct pyprof_error *err =
		pyprof_target_read(target, address, &value, sizeof(value));
	if (!err)
		*ret = value;
	return err;
}

struct pyprof_error *pyprof_target_read_cstr(struct pyprof_target *target,
					     uint64_t address, char *buffer,
					     size_t size)
{
	size_t done = 0;
	while (done < size) {
		uint64_t from = address + done;
		size_t piece = SMALLEST_PAGE - from % SMALLEST_PAGE;
		if (piece > size - done)
			piece = size - done;
		struct pyprof_error *err =
			pyprof_target_read(target, from, buffer + done, piece);
		if (err)
			return err;
		if (memchr(buffer + done, '\0', piece))
			return NULL;
		done += piece;
	}
	return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
			       "string longer than %zu bytes", size);
}
