// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Reports of a heap: all that can be said of a snapshot in one file, as a page
 * for browsers or as JSON, schema "pyprof/heap/1".
 *
 * To add a format: one function like those below, and a row in
 * pyprof_heap_report_formats of heap_report.c.
 */
#ifndef PYPROF_REPORT_HEAP_REPORT_H
#define PYPROF_REPORT_HEAP_REPORT_H

#include "core/base/buf.h"
#include "core/heap/biggest.h"
#include "core/heap/garbage.h"
#include "core/heap/group_tree.h"
#include "core/heap/paths.h"
#include "core/heap/strings.h"
#include "core/heap/suspects.h"
#include "core/report/heap_header.h"

/** All that a report tells. */
struct pyprof_heap_report {
	struct pyprof_heap *heap;
	const struct pyprof_heap_facts *facts;
	struct pyprof_paths *paths;
	struct pyprof_suspects suspects;
	struct pyprof_strings strings;
	struct pyprof_garbage garbage;
	struct pyprof_group_tree tree;
	/** The biggest types first. */
	const struct pyprof_heap_type **types;
	size_t type_count;
	/** The biggest objects by themselves, the biggest first. */
	struct pyprof_biggest biggest;
};

/** Find it all; the heap is dominated when that was not done. */
struct pyprof_error *
pyprof_heap_report_init(struct pyprof_heap *heap,
			const struct pyprof_heap_facts *facts,
			const struct pyprof_progress *progress,
			struct pyprof_heap_report *report) PYPROF_MUST_CHECK;
void pyprof_heap_report_deinit(struct pyprof_heap_report *report);

struct pyprof_heap_report_format {
	/** As those of profiles: what `--format` takes, and the ending. */
	const char *name, *extension;
	struct pyprof_error *(*write)(struct pyprof_heap_report *report,
				      struct pyprof_buf *out);
};
/** Ends at a row without a name. */
extern const struct pyprof_heap_report_format pyprof_heap_report_formats[];

/** As pyprof_report_format_find(). */
struct pyprof_error *
pyprof_heap_report_format_find(const char *name, const char *file,
			       const struct pyprof_heap_report_format **ret)
	PYPROF_MUST_CHECK;

struct pyprof_error *pyprof_heap_report_json(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;
struct pyprof_error *pyprof_heap_report_html(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;
/** For pages whose scripts do not run: suspects and types. */
struct pyprof_error *pyprof_heap_report_text(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_HEAP_REPORT_H */
