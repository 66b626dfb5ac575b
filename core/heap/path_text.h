// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writing a path, step by step: what repeats (`.next.next.next…`) and the
 * middle of what is very long is left out, and how much it was is said.
 *
 * Pure text; what a step is called is edges.h's to say.
 */
#ifndef PYPROF_HEAP_PATH_TEXT_H
#define PYPROF_HEAP_PATH_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

/** Steps written before what is left out, and those behind it. */
#define PYPROF_PATH_TEXT_HEAD 24
#define PYPROF_PATH_TEXT_TAIL 8
/** The same step so often in a row is written; more are counted. */
#define PYPROF_PATH_TEXT_REPEATS 3

struct pyprof_path_text {
	/** Where the text goes; borrowed. */
	struct pyprof_buf *out;
	/** The last steps, in a ring; so many of them are waiting. */
	struct pyprof_buf last[PYPROF_PATH_TEXT_TAIL];
	uint64_t waiting, next;
	/** Steps written. */
	uint64_t written;
	/** The step that the newest one repeats, and how often it came. */
	struct pyprof_buf current;
	uint64_t repeats;
	uint64_t left_out;
};

void pyprof_path_text_begin(struct pyprof_path_text *text,
			    struct pyprof_buf *out);
/** Add a step: ".name", "[17]". */
void pyprof_path_text_step(struct pyprof_path_text *text, const char *step);
/** Write what is still to be written, and release what it holds. */
void pyprof_path_text_end(struct pyprof_path_text *text);
/** Go on from where another one is, in `out`, which has what that wrote. */
void pyprof_path_text_copy(const struct pyprof_path_text *text,
			   struct pyprof_buf *out,
			   struct pyprof_path_text *ret);
/** Release what it holds, and write nothing. */
void pyprof_path_text_deinit(struct pyprof_path_text *text);

/** Whether text can be written behind a point: `x.text`. */
bool pyprof_is_identifier(const char *text, size_t length);

#endif /* PYPROF_HEAP_PATH_TEXT_H */
