// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What differs between two snapshots of a heap, for people, programs and
 * browsers: by who holds more, and by type.
 *
 * All three writers tell the same; the page carries the JSON, schema
 * "pyprof/heap-diff/1". To tell more of a type or a holder: a column of the
 * table in heap_diff_report.c, which text and JSON are made of, and one in
 * core/report/web/src/views/growth.tsx.
 */
#ifndef PYPROF_REPORT_HEAP_DIFF_REPORT_H
#define PYPROF_REPORT_HEAP_DIFF_REPORT_H

#include "core/heap/diff.h"
#include "core/heap/paths.h"
#include "core/report/heap_header.h"

/** Old, new; all pointers are borrowed. */
struct pyprof_heap_diff_view {
	const struct pyprof_diff *diff;
	struct pyprof_heap *heaps[2];
	struct pyprof_heap_facts facts[2];
	/** Of the new heap; NULL when there is no holder. */
	struct pyprof_paths *paths;
	/** At most so many types that changed: half of them such that shrank,
	 * if there are as many. */
	size_t type_limit;
};

/** @param width Columns of the terminal; 0: as wide as it takes. */
struct pyprof_error *
pyprof_heap_diff_text(const struct pyprof_heap_diff_view *view, unsigned width,
		      struct pyprof_buf *out) PYPROF_MUST_CHECK;
struct pyprof_error *
pyprof_heap_diff_json(const struct pyprof_heap_diff_view *view,
		      struct pyprof_buf *out) PYPROF_MUST_CHECK;
struct pyprof_error *
pyprof_heap_diff_html(const struct pyprof_heap_diff_view *view,
		      struct pyprof_buf *out) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HEAP_DIFF_REPORT_H */
