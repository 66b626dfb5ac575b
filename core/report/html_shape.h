// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The stacks and tallies of a profile as a page has them: those with no time
 * left out, exactnesses added up, and where there are too many, rare stacks
 * folded.
 *
 * A stack that is folded becomes its innermost location below "rare stacks"
 * below its nearest ancestor that is kept: self time stays with its line,
 * thread and state and the time of what is kept stays what it is; the total
 * time of what lay between is lost, and counted. Where there are too many
 * tallies even so, threads with little time become one, "rare threads": self
 * time stays with its line and state, whatever the limits are.
 */
#ifndef PYPROF_REPORT_HTML_SHAPE_H
#define PYPROF_REPORT_HTML_SHAPE_H

#include "core/profile/profile.h"

/** The location of a stack called "rare stacks". */
#define PYPROF_HTML_RARE UINT32_MAX

/** The thread of a tally called "rare threads". */
#define PYPROF_HTML_RARE_THREAD UINT32_MAX

/** How much a page may have; what has to be there comes whatever they say. */
struct pyprof_html_limits {
	size_t stacks, tallies, moments;
	/** Bytes of source text. */
	size_t source;
};

struct pyprof_html_stack {
	/** Below its own id; stack 0 is the empty one and its own parent. */
	uint32_t parent;
	/** Of the profile, or PYPROF_HTML_RARE. */
	uint32_t location;
};

struct pyprof_html_tally {
	/** The thread is of the profile, or PYPROF_HTML_RARE_THREAD. */
	uint32_t stack, thread;
	enum pyprof_state state;
	/** Of the profile; of merged ones the first. */
	uint32_t index;
	uint64_t samples, ns;
};

struct pyprof_html_shape {
	struct pyprof_html_stack *stacks;
	size_t stack_count;
	/** Ordered by stack, thread, state. */
	struct pyprof_html_tally *tallies;
	size_t tally_count;
	/** What the tallies of the profile became, by their index. */
	uint32_t *tally_of;
	/** Stacks with time that were folded, and their time. */
	size_t folded;
	uint64_t folded_samples, folded_ns;
	/** Threads that became one. */
	size_t folded_threads;
};

struct pyprof_error *
pyprof_html_shape_init(const struct pyprof_profile *profile,
		       const struct pyprof_html_limits *limits,
		       struct pyprof_html_shape *shape) PYPROF_MUST_CHECK;
void pyprof_html_shape_deinit(struct pyprof_html_shape *shape);

#endif /* PYPROF_REPORT_HTML_SHAPE_H */
