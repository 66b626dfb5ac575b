// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Tables made of a profile: self and total time by line, function, file and
 * thread, and the call tree. Every text and file report is written from these,
 * so that all of them agree.
 *
 * Self time is that of samples whose innermost frame is there; total time that
 * of samples with it anywhere in the stack, counted once however often the
 * stack passes through it.
 */
#ifndef PYPROF_PROFILE_SUMMARY_H
#define PYPROF_PROFILE_SUMMARY_H

#include "core/profile/profile.h"

/** Which samples count. */
enum pyprof_filter_states {
	/** Threads that ran: python and native. The default. */
	PYPROF_FILTER_RUNNING,
	PYPROF_FILTER_WAITING,
	PYPROF_FILTER_ALL,
};

struct pyprof_filter {
	enum pyprof_filter_states states;
	/** Thread by its tid; 0 for all. */
	int32_t tid;
};

/** Whether a tally passes a filter. */
bool pyprof_filter_accepts(const struct pyprof_filter *filter,
			   const struct pyprof_profile *profile,
			   const struct pyprof_tally *tally);

/** Time of one row. */
struct pyprof_times {
	uint64_t self_ns, total_ns;
	uint64_t self_samples, total_samples;
	/** Self time by group. */
	uint64_t self_group_ns[PYPROF_GROUP_COUNT];
};

/** A place without a line counts to its function's first. */
struct pyprof_line_row {
	uint32_t file;
	int32_t line;
	/** The function with the most self time (then total) on the line. */
	uint32_t function;
	struct pyprof_times times;
};
/** Self time of a part of a line. */
struct pyprof_span_row {
	uint32_t file;
	int32_t line;
	struct pyprof_columns columns;
	/** Has no total time. */
	struct pyprof_times times;
};
struct pyprof_function_row {
	uint32_t function;
	struct pyprof_times times;
};
struct pyprof_file_row {
	uint32_t file;
	struct pyprof_times times;
};
/** Time in every state, whichever states the filter takes. */
struct pyprof_thread_row {
	uint32_t thread;
	uint64_t ns[PYPROF_STATE_COUNT];
	uint64_t samples[PYPROF_STATE_COUNT];
};

/**
 * One node of the call tree, by function: a parent, then its children with
 * theirs, the one with the most total time first.
 */
struct pyprof_tree_row {
	/** Index of the parent row; its own index for a root. */
	uint32_t parent;
	uint32_t depth;
	uint32_t function;
	struct pyprof_times times;
};

enum pyprof_sort {
	PYPROF_SORT_SELF,
	PYPROF_SORT_TOTAL,
};

struct pyprof_summary {
	struct pyprof_line_row *lines;
	size_t line_count;
	struct pyprof_function_row *functions;
	size_t function_count;
	struct pyprof_file_row *files;
	size_t file_count;
	struct pyprof_thread_row *threads;
	size_t thread_count;
	struct pyprof_tree_row *tree;
	size_t tree_count;
	/** By line, see pyprof_summary_line_spans(). */
	struct pyprof_span_row *spans;
	size_t span_count;
	/** All that passed the filter, and all of its threads in any state. */
	uint64_t ns, all_ns;
	/** The part of `ns` in which a thread had no Python frame: no line and
	 * no function stands for it. */
	uint64_t frameless_ns;
	uint64_t samples, all_samples;
	/** `all_ns` by group. */
	uint64_t group_ns[PYPROF_GROUP_COUNT];
};

/**
 * Sum up a profile. Rows are sorted as asked, ties by name; threads by their
 * time that passed the filter. What has no time in the filter has no row.
 */
struct pyprof_error *pyprof_summary_create(const struct pyprof_profile *profile,
					   const struct pyprof_filter *filter,
					   enum pyprof_sort sort,
					   struct pyprof_summary **ret)
	PYPROF_MUST_CHECK;
void pyprof_summary_destroy(struct pyprof_summary *summary);
PYPROF_DEFINE_CLEANUP(pyprof_summary, struct pyprof_summary *,
		      pyprof_summary_destroy)

/**
 * The parts of a line that are known, the one with the most self time first;
 * parts can be inside of others. Self time of the line beyond theirs is of
 * parts that are not known.
 */
size_t pyprof_summary_line_spans(const struct pyprof_summary *summary,
				 uint32_t file, int32_t line,
				 const struct pyprof_span_row **ret);

/** Add the self time of `from` to that of `to`. */
void pyprof_times_add_self(struct pyprof_times *to,
			   const struct pyprof_times *from);
/** Take the self time of a part away from that of what it is a part of. */
void pyprof_times_take_self(struct pyprof_times *from,
			    const struct pyprof_times *part);

#endif /* PYPROF_PROFILE_SUMMARY_H */
