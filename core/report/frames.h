// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a frame and a thread are called in files that other programs read, so
 * that all formats agree on it, and names as one line of text.
 */
#ifndef PYPROF_REPORT_FRAMES_H
#define PYPROF_REPORT_FRAMES_H

#include "core/base/buf.h"
#include "core/profile/summary.h"

/** What stands for time in which a thread had no Python frame. */
#define PYPROF_NO_FRAME "(no Python frame)"

/** A profile and its arrays; borrowed, but for `path`. */
struct pyprof_frames {
	const struct pyprof_profile *profile;
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	const struct pyprof_stack *stacks;
	const struct pyprof_profile_thread *threads;
	const struct pyprof_tally *tallies;
	size_t function_count, location_count, stack_count, thread_count;
	size_t tally_count;
	/** How many locations the deepest stack has; room for those. */
	size_t deepest;
	uint32_t *path;
};

struct pyprof_error *pyprof_frames_init(const struct pyprof_profile *profile,
					struct pyprof_frames *ret)
	PYPROF_MUST_CHECK;
void pyprof_frames_deinit(struct pyprof_frames *frames);

/** The string that a function is called: qualified where that is known. */
uint32_t pyprof_function_label(const struct pyprof_function *function);

/** The line of a place; where it has none that of its function, or 0. */
int32_t pyprof_frames_line(const struct pyprof_frames *frames,
			   uint32_t location);

/** Put the locations of a stack, outermost first, into `path`: how many. */
uint32_t pyprof_frames_path(const struct pyprof_frames *frames, uint32_t stack);

/** Append what a thread is called: "MainThread (4242)". */
void pyprof_frames_thread(const struct pyprof_frames *frames, uint32_t thread,
			  struct pyprof_buf *out);

/** Time that passes the filter and has no Python frame; as self time. */
struct pyprof_times pyprof_frames_frameless(const struct pyprof_frames *frames,
					    const struct pyprof_filter *filter);

/** Append text as valid UTF-8 without NUL: U+FFFD stands for the rest. */
void pyprof_put_utf8(struct pyprof_buf *out, const char *text, size_t length);

/**
 * Append text as valid UTF-8 on one line: controls are spaces, U+FFFD stands
 * for what is not UTF-8.
 */
void pyprof_put_one_line(struct pyprof_buf *out, const char *text,
			 size_t length);

#endif /* PYPROF_REPORT_FRAMES_H */
