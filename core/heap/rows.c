// SPDX-License-Identifier: Apache-2.0
#include "core/heap/rows.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/large.h"
#include "core/heap/edges.h"

/* Threads, and objects that are worth one. */
#define PARTS_MAX 4
#define OBJECTS_PER_PART 200000

/* How often to tell of progress, in objects. */
#define STEP 0x3fff

/* How often to tell of it while others work. */
#define LOOK_NS (PYPROF_NS_PER_SECOND / 50)

/* How far ahead to have memory fetched, in references. */
#define AHEAD 16

/* What all parts share. */
struct reading {
	const struct pyprof_heap *heap;
	struct pyprof_rows *rows;
	atomic_uint_least64_t done;
	atomic_bool stop;
};

/* A run of objects, read by one thread. */
struct part {
	struct pyprof_edge_sink sink;
	struct reading *reading;
	pthread_t thread;
	struct pyprof_index_walk walk;
	uint32_t end;
	/* What it found; its rows begin at 0 here. */
	uint32_t *targets;
	size_t count, capacity;
	/* References into blocks of pools that are no objects. */
	uint64_t lost;
	/* The object looked at holds no counts of what it refers to. */
	bool is_uncounted;
	struct pyprof_error *err;
};

/*
 * A str that is a key and its own value has two counts of that dict's, unless
 * it is the table of interned strings, which has none.
 */
static bool has_no_counts(const struct pyprof_heap *heap, uint64_t string)
{
	bool is_immortal;
	const uint8_t *bytes =
		pyprof_memory_at(heap->memory, string,
				 (uint64_t)heap->types->layout->at.object.size);
	return bytes && pyprof_refcount(heap->types, bytes, &is_immortal) < 2 &&
	       !is_immortal;
}

static bool grow(struct part *part)
{
	size_t capacity = part->capacity + part->capacity / 2;
	uint32_t *targets =
		reallocarray(part->targets, capacity, sizeof(*targets));
	if (!targets || capacity / 2 > PYPROF_NO_NODE) {
		part->err = pyprof_error_oom();
		return false;
	}
	part->targets = targets;
	part->capacity = capacity;
	return true;
}

static void take(struct pyprof_edge_sink *sink, uint64_t target, unsigned kind,
		 uint64_t label)
{
	struct part *part = (struct part *)sink;
	const struct pyprof_heap *heap = part->reading->heap;
	if (!pyprof_edge_is_strong(kind))
		return;
	uint32_t id = pyprof_index_id(&heap->index, target);
	if (id == PYPROF_NO_OBJECT) {
		part->lost +=
			(kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_SCANNED &&
			pyprof_blocks_has(&heap->blocks, target);
		return;
	}
	if (part->count == part->capacity && (part->err || !grow(part)))
		return;
	part->targets[part->count++] = id;
	if ((kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_VALUE &&
	    label == target && has_no_counts(heap, target))
		part->is_uncounted = true;
}

static uint32_t count_of(const struct pyprof_heap *heap,
			 const struct pyprof_object *object)
{
	bool is_immortal;
	int64_t count =
		pyprof_refcount(heap->types, object->bytes, &is_immortal);
	if (is_immortal || pyprof_is_static(&heap->statics, object->address))
		return PYPROF_ROWS_STATIC;
	if (count >= PYPROF_ROWS_STATIC)
		return PYPROF_ROWS_STATIC - 1;
	return count < 0 ? 0 : (uint32_t)count;
}

static void read_object(struct part *part, uint32_t id, uint64_t address)
{
	struct reading *reading = part->reading;
	struct pyprof_object object;
	size_t first = part->count;
	reading->rows->graph.first[id] = (uint32_t)first;
	reading->rows->unexplained[id] = 0;
	if (!pyprof_object_known(reading->heap->types, address, &object))
		return;
	reading->rows->unexplained[id] = count_of(reading->heap, &object);
	part->is_uncounted = false;
	/* What a damaged object told until then stands. */
	(void)pyprof_object_edges(reading->heap->types, &object, &part->sink);
	if (part->is_uncounted)
		part->count = first;
}

/* Read objects for some milliseconds; false at the end. */
static bool read_some(struct part *part)
{
	struct reading *reading = part->reading;
	const struct pyprof_index *index = &reading->heap->index;
	for (uint32_t i = 0; i < STEP; i++) {
		uint32_t id;
		uint64_t address;
		if (part->walk.id >= part->end || part->err ||
		    !pyprof_index_next(index, &part->walk, &id, &address))
			return false;
		read_object(part, id, address);
	}
	atomic_fetch_add(&reading->done, STEP);
	return !atomic_load(&reading->stop);
}

static void *part_main(void *arg)
{
	while (read_some(arg))
		;
	return NULL;
}

/* Begin at the first page that has objects from `id` on. */
static void start_at(const struct pyprof_index *index, uint32_t id,
		     struct pyprof_index_walk *walk)
{
	uint32_t low = 0, high = index->memory->page_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (index->before[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	/* The walk goes on behind the last word of the page before. */
	if (low)
		*walk = (struct pyprof_index_walk){
			.page = low - 1,
			.word = 3,
			.id = index->before[low],
		};
}

static size_t part_count(uint32_t objects)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = objects / OBJECTS_PER_PART + 1;
	if (processors < (long)count)
		count = processors < 1 ? 1 : (size_t)processors;
	return count > PARTS_MAX ? PARTS_MAX : count;
}

static struct pyprof_error *make_parts(struct reading *reading,
				       struct part *parts, size_t count)
{
	const struct pyprof_index *index = &reading->heap->index;
	for (size_t i = 0; i < count; i++) {
		struct part *part = &parts[i];
		*part = (struct part){.sink = {take}, .reading = reading};
		uint64_t start = (uint64_t)index->count * i / count;
		start_at(index, (uint32_t)start, &part->walk);
		if (i)
			parts[i - 1].end = part->walk.id;
	}
	parts[count - 1].end = index->count;
	for (size_t i = 0; i < count; i++) {
		struct part *part = &parts[i];
		part->capacity = (part->end - part->walk.id) * 3ul + 64;
		part->targets =
			pyprof_large_alloc(part->capacity, sizeof(uint32_t));
		if (!part->targets)
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *tell(struct reading *reading,
				 const struct pyprof_progress *progress)
{
	return pyprof_progress(progress, "references",
			       atomic_load(&reading->done),
			       reading->heap->index.count + (uint64_t)STEP);
}

/* Wait until a thread has ended, which an error makes soon. */
static struct pyprof_error *wait_for(struct part *part,
				     const struct pyprof_progress *progress,
				     struct pyprof_error *err)
{
	for (;;) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NS;
		until.tv_sec += until.tv_nsec / PYPROF_NS_PER_SECOND;
		until.tv_nsec %= PYPROF_NS_PER_SECOND;
		if (err)
			atomic_store(&part->reading->stop, true);
		if (pthread_timedjoin_np(part->thread, NULL, &until) !=
		    ETIMEDOUT)
			return err;
		if (!err)
			err = tell(part->reading, progress);
	}
}

/* Let all parts run; the first one here, which tells of progress. */
static struct pyprof_error *run_parts(struct reading *reading,
				      struct part *parts, size_t count,
				      const struct pyprof_progress *progress)
{
	sigset_t all, before;
	size_t running = 1;
	/* Threads of ours take no signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (running < count && !pthread_create(&parts[running].thread, NULL,
						  part_main, &parts[running]))
		running++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && (i < 1 || i >= running) && i < count;) {
		if (!read_some(&parts[i]))
			i = i ? i + 1 : running;
		err = tell(reading, progress);
	}
	for (size_t i = 1; i < running; i++)
		err = wait_for(&parts[i], progress, err);
	return err;
}

/* All rows in one array. */
static struct pyprof_error *join(struct reading *reading, struct part *parts,
				 size_t count)
{
	struct pyprof_graph *graph = &reading->rows->graph;
	size_t all = 0;
	for (size_t i = 0; i < count; i++) {
		all += parts[i].count;
		reading->rows->lost += parts[i].lost;
	}
	if (all >= PYPROF_NO_NODE)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "more than %u references",
					   PYPROF_NO_NODE - 1);
	graph->targets = reallocarray(parts[0].targets, all + 1,
				      sizeof(*graph->targets));
	if (!graph->targets)
		return pyprof_error_oom();
	parts[0].targets = NULL;
	size_t at = parts[0].count;
	for (size_t i = 1; i < count; i++) {
		memcpy(graph->targets + at, parts[i].targets,
		       parts[i].count * sizeof(*graph->targets));
		free(no_cleanup_ptr(parts[i].targets));
		for (uint32_t id = parts[i - 1].end; id < parts[i].end; id++)
			graph->first[id] += (uint32_t)at;
		at += parts[i].count;
	}
	graph->first[graph->node_count] = (uint32_t)at;
	return NULL;
}

/* Take from each object's count what the rows tell of. */
static struct pyprof_error *explain(struct pyprof_rows *rows,
				    const struct pyprof_progress *progress)
{
	const struct pyprof_graph *graph = &rows->graph;
	uint32_t end = graph->first[graph->node_count];
	for (uint32_t at = 0; at < end; at++) {
		if (end - at > AHEAD)
			__builtin_prefetch(
				&rows->unexplained[graph->targets[at + AHEAD]],
				1);
		pyprof_rows_explain(&rows->unexplained[graph->targets[at]]);
		struct pyprof_error *err = pyprof_progress_of_many(
			progress, "counts of references", at, end);
		if (err)
			return err;
	}
	return NULL;
}

static struct pyprof_error *run(struct reading *reading,
				const struct pyprof_progress *progress)
{
	struct part parts[PARTS_MAX];
	struct pyprof_rows *rows = reading->rows;
	uint32_t objects = reading->heap->index.count;
	size_t count = part_count(objects);
	rows->graph.node_count = objects;
	rows->graph.first = pyprof_large_alloc(objects + 1ul, sizeof(uint32_t));
	rows->unexplained = pyprof_large_alloc(objects, sizeof(uint32_t));
	if (!rows->graph.first || !rows->unexplained)
		return pyprof_error_oom();
	struct pyprof_error *err = make_parts(reading, parts, count);
	if (!err)
		err = run_parts(reading, parts, count, progress);
	for (size_t i = 0; i < count; i++) {
		if (!err)
			err = no_cleanup_ptr(parts[i].err);
		pyprof_error_destroy(parts[i].err);
	}
	if (!err)
		err = join(reading, parts, count);
	for (size_t i = 0; i < count; i++)
		free(parts[i].targets);
	return err ? err : explain(rows, progress);
}

struct pyprof_error *pyprof_rows_read(const struct pyprof_heap *heap,
				      const struct pyprof_progress *progress,
				      struct pyprof_rows *ret)
{
	struct pyprof_rows rows = {};
	struct reading reading = {.heap = heap, .rows = &rows};
	struct pyprof_error *err = run(&reading, progress);
	if (err) {
		pyprof_graph_deinit(&rows.graph);
		free(rows.unexplained);
		return err;
	}
	*ret = rows;
	return NULL;
}
