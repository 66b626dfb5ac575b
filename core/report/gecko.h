// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The parts of a Firefox profile: its tables, which all threads share, and how
 * columns of them are written. For gecko.c alone.
 */
#ifndef PYPROF_REPORT_GECKO_H
#define PYPROF_REPORT_GECKO_H

#include "core/base/intern.h"
#include "core/base/json.h"
#include "core/base/vec.h"
#include "core/report/moments.h"

/** A row of the table of stacks behind those of the profile. */
struct pyprof_gecko_variant {
	uint32_t stack;
	enum pyprof_state_group group;
};

/** Zero-initialise; `json` and `frames` are the caller's. */
struct pyprof_gecko {
	struct pyprof_frames frames;
	struct pyprof_json json;
	PYPROF_VEC(struct pyprof_gecko_variant) variants;
	/** Of each tally that passes the filter, the row of its stack. */
	uint32_t *stack_of;
	/** The strings that are names of files, and the row of each function.
	 */
	struct pyprof_intern files;
	uint32_t *file_of;
	/** The string behind those of the profile. */
	uint32_t no_frame;
};

/** Find the rows of all tables. */
struct pyprof_error *pyprof_gecko_init(struct pyprof_gecko *gecko,
				       const struct pyprof_filter *filter)
	PYPROF_MUST_CHECK;
void pyprof_gecko_deinit(struct pyprof_gecko *gecko);

/** Write the member "shared". */
void pyprof_gecko_put_shared(struct pyprof_gecko *gecko);

/** Begin an object of columns, with their length. */
void pyprof_gecko_begin_table(struct pyprof_gecko *gecko, const char *key,
			      size_t rows);
/** Write a table without rows, of the columns named, up to a NULL. */
void pyprof_gecko_put_empty_table(struct pyprof_gecko *gecko, const char *key,
				  const char *const *columns);
void pyprof_gecko_begin_column(struct pyprof_gecko *gecko, const char *key);
void pyprof_gecko_end_column(struct pyprof_gecko *gecko);
void pyprof_gecko_put_nulls(struct pyprof_gecko *gecko, const char *key,
			    size_t rows);

#endif /* PYPROF_REPORT_GECKO_H */
