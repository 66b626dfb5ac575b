// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Whose heap a report tells of, and what is missing, damaged or in flux in it:
 * lines on top of text, members of JSON. One more thing to count is one more
 * row of find_damages().
 */
#ifndef PYPROF_REPORT_HEAP_HEADER_H
#define PYPROF_REPORT_HEAP_HEADER_H

#include "core/base/json.h"
#include "core/heap/heap.h"

/** What the heap itself does not know; all strings are borrowed. */
struct pyprof_heap_facts {
	/** The snapshot's name; NULL: it has none. */
	const char *name;
	/** Why this one is looked at although it was not asked for; or NULL. */
	const char *note;
	/** 0 for a core. */
	int32_t pid;
	/** NULL for a process. */
	const char *core_path;
	/** "" when unknown. */
	const char *program;
	/** Seconds since 1970. */
	int64_t taken_at;
	/** Bytes copied or mapped, and the time it took. */
	uint64_t memory_bytes;
	int64_t copy_ns;
};

/** "python3 app.py (pid 4242)", or the core's file. */
void pyprof_heap_put_title(const struct pyprof_heap_facts *facts,
			   struct pyprof_buf *out);

/** Append lines that begin with `#`; `heap` is NULL while not analysed. */
void pyprof_heap_put_header(const struct pyprof_heap_facts *facts,
			    const struct pyprof_heap *heap,
			    struct pyprof_buf *out);

/** The same facts as members of the object that was begun. */
void pyprof_heap_put_members(const struct pyprof_heap_facts *facts,
			     const struct pyprof_heap *heap,
			     struct pyprof_json *json);

/** Of them those that count what is missing, damaged or in flux. Whether
 * nothing is. */
bool pyprof_heap_put_damages(const struct pyprof_heap *heap,
			     struct pyprof_json *json);

#endif /* PYPROF_REPORT_HEAP_HEADER_H */
