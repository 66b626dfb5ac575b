// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/code.h"

#include <stdlib.h>
#include <string.h>

/* Running out of memory inside uthash must not end the debugger. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/base/clock.h"
#include "core/cpython/code_instr.h"
#include "core/cpython/code_load.h"

/* Code objects looked at in one vectored read; each takes three ranges. */
#define BATCH 512

/* Beyond so many, those that the last epoch did not use are dropped. */
#define ENTRIES_MAX 65536

struct entry {
	UT_hash_handle hh;
	struct pyprof_code code;
	struct pyprof_code_header header;
	struct pyprof_instrs instrs;
	/* When it was last compared with the target, and queued for that. */
	uint64_t checked, queued;
	bool is_loaded;
};

/* A code object that is being compared with the target. */
struct probe {
	struct entry *entry;
	/* How many of its ranges were read. */
	size_t read;
	struct pyprof_code_copy copy;
};

struct pyprof_code_cache {
	const struct pyprof_python *python;
	struct pyprof_strtab *strings;
	struct entry *entries;
	uint64_t epoch;
	size_t probe_count;
	struct probe probes[BATCH];
	struct pyprof_range ranges[3 * BATCH];
	/* Whom to tell what stays; may be NULL. */
	struct pyprof_known_codes *known;
};

struct pyprof_error *
pyprof_code_cache_create(const struct pyprof_python *python,
			 struct pyprof_strtab *strings,
			 struct pyprof_code_cache **ret)
{
	if (pyprof_code_span(&python->layout) > PYPROF_CODE_SPAN_MAX)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "code objects of this layout are "
					   "too large");
	struct pyprof_code_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return pyprof_error_oom();
	cache->python = python;
	cache->strings = strings;
	cache->epoch = 1;
	*ret = cache;
	return NULL;
}

static void unload(struct entry *entry)
{
	pyprof_code_unload(&entry->code);
	pyprof_instrs_deinit(&entry->instrs);
	entry->is_loaded = false;
}

static void drop(struct pyprof_code_cache *cache, struct entry *entry)
{
	if (cache->known)
		pyprof_known_codes_remove(cache->known, entry->code.address);
	HASH_DEL(cache->entries, entry);
	unload(entry);
	free(entry);
}

void pyprof_code_cache_destroy(struct pyprof_code_cache *cache)
{
	if (!cache)
		return;
	struct entry *entry, *next;
	HASH_ITER(hh, cache->entries, entry, next)
	drop(cache, entry);
	free(cache);
}

void pyprof_code_cache_publish(struct pyprof_code_cache *cache,
			       struct pyprof_known_codes *known)
{
	cache->known = known;
}

void pyprof_code_cache_next_epoch(struct pyprof_code_cache *cache)
{
	struct entry *entry, *next;
	if (HASH_COUNT(cache->entries) > ENTRIES_MAX) {
		HASH_ITER(hh, cache->entries, entry, next)
		if (entry->checked != cache->epoch)
			drop(cache, entry);
	}
	cache->epoch++;
}

/* NULL when out of memory. */
static struct entry *find_or_add(struct pyprof_code_cache *cache,
				 uint64_t address)
{
	struct entry *entry;
	HASH_FIND(hh, cache->entries, &address, sizeof(address), entry);
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->code.address = address;
	HASH_ADD(hh, cache->entries, code.address, sizeof(address), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	return entry;
}

static void queue(struct pyprof_code_cache *cache, struct entry *entry)
{
	entry->queued = cache->epoch;
	cache->probes[cache->probe_count++].entry = entry;
}

/* What is not loaded yet has no line table and no name to compare. */
static size_t range_count(const struct probe *probe)
{
	return probe->entry->is_loaded ? 3 : 1;
}

static size_t fill_ranges(struct pyprof_code_cache *cache)
{
	const struct pyprof_layout *layout = &cache->python->layout;
	size_t count = 0;
	for (size_t i = 0; i < cache->probe_count; i++) {
		struct probe *probe = &cache->probes[i];
		const struct entry *entry = probe->entry;
		probe->read = 0;
		cache->ranges[count++] = (struct pyprof_range){
			.address = entry->code.address,
			.buffer = probe->copy.header,
			.size = pyprof_code_span(layout),
		};
		if (range_count(probe) == 1)
			continue;
		cache->ranges[count++] = pyprof_code_line_head_range(
			layout, &entry->header, &entry->code, &probe->copy);
		cache->ranges[count++] = pyprof_code_name_hash_range(
			layout, &entry->header, &probe->copy);
	}
	return count;
}

/* Read all that is queued, stepping over what cannot be read. */
static void read_queued(struct pyprof_code_cache *cache)
{
	size_t count = fill_ranges(cache), at = 0;
	size_t read = pyprof_target_readv(cache->python->target, cache->ranges,
					  count);
	for (size_t i = 0; i < cache->probe_count; i++) {
		struct probe *probe = &cache->probes[i];
		size_t end = at + range_count(probe);
		probe->read = read < end ? read - at : end - at;
		if (read < end)
			read = end + pyprof_target_readv(cache->python->target,
							 cache->ranges + end,
							 count - end);
		at = end;
	}
}

/* Whether what was loaded is what the target has now. */
static bool is_unchanged(const struct pyprof_layout *layout,
			 const struct probe *probe,
			 const struct pyprof_code_header *header)
{
	const struct entry *entry = probe->entry;
	return probe->read == 3 &&
	       !memcmp(&entry->header, header, sizeof(*header)) &&
	       pyprof_code_copy_matches(layout, &entry->code, &probe->copy);
}

/* Who takes samples is told of what was there at two checks. */
static void publish(struct pyprof_code_cache *cache, const struct entry *entry,
		    bool stays)
{
	if (!cache->known)
		return;
	if (stays)
		pyprof_known_codes_add(cache->known, entry->code.address);
	else
		pyprof_known_codes_remove(cache->known, entry->code.address);
}

static struct pyprof_error *check(struct pyprof_code_cache *cache,
				  const struct probe *probe)
{
	const struct pyprof_layout *layout = &cache->python->layout;
	struct entry *entry = probe->entry;
	if (!probe->read)
		return pyprof_error_at(PYPROF_ERROR_FAULT, entry->code.address,
				       "cannot read a code object");
	struct pyprof_code_header header;
	pyprof_code_header_decode(layout, probe->copy.header, &header);
	bool stays = is_unchanged(layout, probe, &header);
	publish(cache, entry, stays);
	if (!stays) {
		unload(entry);
		struct pyprof_error *err = pyprof_code_load(
			cache->python, cache->strings, &header, &entry->code);
		if (err)
			return err;
		entry->header = header;
		entry->code.read_ns = pyprof_clock_ns();
		entry->is_loaded = true;
	}
	entry->checked = cache->epoch;
	return NULL;
}

/* Compare all that is queued; returns the last error. */
static struct pyprof_error *check_queued(struct pyprof_code_cache *cache)
{
	struct pyprof_error *err = NULL;
	read_queued(cache);
	for (size_t i = 0; i < cache->probe_count; i++) {
		pyprof_error_destroy(err);
		err = check(cache, &cache->probes[i]);
		if (err)
			drop(cache, cache->probes[i].entry);
	}
	cache->probe_count = 0;
	return err;
}

void pyprof_code_cache_prefetch(struct pyprof_code_cache *cache,
				const struct pyprof_raw_frame *frames,
				size_t count)
{
	uint64_t last = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t address = frames[i].code;
		if (address == last || !pyprof_plausible_pointer(address))
			continue;
		last = address;
		struct entry *entry = find_or_add(cache, address);
		if (!entry)
			break;
		if (entry->checked != cache->epoch &&
		    entry->queued != cache->epoch)
			queue(cache, entry);
		/* Whoever asks for a code object gets its error. */
		if (cache->probe_count == BATCH)
			pyprof_error_destroy(check_queued(cache));
	}
	pyprof_error_destroy(check_queued(cache));
}

static struct pyprof_error *get(struct pyprof_code_cache *cache,
				uint64_t address, struct entry **ret)
{
	if (!pyprof_plausible_pointer(address))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not a code object");
	struct entry *entry = find_or_add(cache, address);
	if (!entry)
		return pyprof_error_oom();
	if (entry->checked != cache->epoch) {
		queue(cache, entry);
		struct pyprof_error *err = check_queued(cache);
		if (err)
			return err;
	}
	*ret = entry;
	return NULL;
}

struct pyprof_error *pyprof_code_get(struct pyprof_code_cache *cache,
				     uint64_t address,
				     const struct pyprof_code **ret)
{
	struct entry *entry;
	struct pyprof_error *err = get(cache, address, &entry);
	if (err)
		return err;
	*ret = &entry->code;
	return NULL;
}

struct pyprof_error *pyprof_frame_decode(struct pyprof_code_cache *cache,
					 const struct pyprof_raw_frame *raw,
					 bool want_opcode,
					 struct pyprof_frame *ret)
{
	struct entry *entry;
	struct pyprof_error *err = get(cache, raw->code, &entry);
	if (err)
		return err;
	if (!(raw->flags & PYPROF_RAW_LINE))
		return pyprof_instrs_decode(&entry->instrs, cache->python,
					    &entry->code, cache->epoch, raw,
					    want_opcode, ret);
	int32_t line = (int32_t)raw->instr;
	*ret = (struct pyprof_frame){
		.code = &entry->code,
		.position = {.line = line,
			     .end_line = line,
			     .column = -1,
			     .end_column = -1},
		.offset = -1,
	};
	return NULL;
}
