// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/ring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Every record is preceded by its size; a size of 0 means: go on at the
 * beginning. Both ends only ever count up. */
struct pyprof_ring {
	pthread_mutex_t producers;
	_Atomic uint64_t written, read;
	size_t capacity;
	char *bytes;
};

#define HEADER sizeof(uint64_t)

struct pyprof_error *pyprof_ring_create(size_t bytes, struct pyprof_ring **ret)
{
	struct pyprof_ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return pyprof_error_oom();
	ring->capacity = bytes & ~(HEADER - 1);
	ring->bytes = malloc(ring->capacity);
	if (!ring->bytes) {
		free(ring);
		return pyprof_error_oom();
	}
	pthread_mutex_init(&ring->producers, NULL);
	*ret = ring;
	return NULL;
}

void pyprof_ring_destroy(struct pyprof_ring *ring)
{
	if (!ring)
		return;
	pthread_mutex_destroy(&ring->producers);
	free(ring->bytes);
	free(ring);
}

static void put_size(struct pyprof_ring *ring, uint64_t at, uint64_t size)
{
	memcpy(ring->bytes + at % ring->capacity, &size, HEADER);
}

static uint64_t get_size(const struct pyprof_ring *ring, uint64_t at)
{
	uint64_t size;
	memcpy(&size, ring->bytes + at % ring->capacity, HEADER);
	return size;
}

/* Where a record of `size` bytes goes, or false when there is no room. */
static bool place(struct pyprof_ring *ring, uint64_t size, uint64_t *ret)
{
	uint64_t at =
		atomic_load_explicit(&ring->written, memory_order_relaxed);
	uint64_t used =
		at - atomic_load_explicit(&ring->read, memory_order_acquire);
	uint64_t to_end = ring->capacity - at % ring->capacity;
	uint64_t skip = to_end < HEADER + size ? to_end : 0;
	if (used + skip + HEADER + size > ring->capacity)
		return false;
	if (skip)
		put_size(ring, at, 0);
	*ret = at + skip;
	return true;
}

bool pyprof_ring_push(struct pyprof_ring *ring,
		      const struct pyprof_raw_sample *head,
		      const struct pyprof_raw_frame *frames, size_t count)
{
	uint64_t size = sizeof(*head) + count * sizeof(*frames);
	size = (size + HEADER - 1) & ~(uint64_t)(HEADER - 1);
	pthread_mutex_lock(&ring->producers);
	uint64_t at;
	bool fits = place(ring, size, &at);
	if (fits) {
		put_size(ring, at, size);
		struct pyprof_raw_sample *record =
			(void *)(ring->bytes + (at + HEADER) % ring->capacity);
		*record = *head;
		record->count = count;
		if (count)
			memcpy(record->frames, frames, count * sizeof(*frames));
		atomic_store_explicit(&ring->written, at + HEADER + size,
				      memory_order_release);
	}
	pthread_mutex_unlock(&ring->producers);
	return fits;
}

const struct pyprof_raw_sample *pyprof_ring_peek(struct pyprof_ring *ring)
{
	uint64_t at = atomic_load_explicit(&ring->read, memory_order_relaxed);
	if (at == atomic_load_explicit(&ring->written, memory_order_acquire))
		return NULL;
	if (!get_size(ring, at)) {
		at += ring->capacity - at % ring->capacity;
		atomic_store_explicit(&ring->read, at, memory_order_release);
	}
	return (void *)(ring->bytes + (at + HEADER) % ring->capacity);
}

void pyprof_ring_pop(struct pyprof_ring *ring)
{
	uint64_t at = atomic_load_explicit(&ring->read, memory_order_relaxed);
	atomic_store_explicit(&ring->read, at + HEADER + get_size(ring, at),
			      memory_order_release);
}
