// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What every report says before its figures: what was sampled and how, how
 * exact it is, what is missing, and what sampling cost.
 */
#ifndef PYPROF_REPORT_HEADER_H
#define PYPROF_REPORT_HEADER_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/profile/summary.h"

/** Words of enum pyprof_filter_states; end at a NULL. */
extern const char *const pyprof_filter_state_names[];

/**
 * Append a line of prose for people behind a "# ", broken at spaces so that it
 * fits; 0: not broken.
 */
void pyprof_report_prose(struct pyprof_buf *out, unsigned width,
			 const char *text);

/**
 * Append what was sampled: "1,234 samples in 12.3 s of python3 app.py (pid 42),
 * CPython 3.13.5 release, mode preempt".
 */
void pyprof_report_put_run(const struct pyprof_profile *profile,
			   struct pyprof_buf *out);
/** Append how much is missing of a profile whose file was cut off. */
void pyprof_report_put_lost(const struct pyprof_profile *profile,
			    struct pyprof_buf *out);

/** Append the header as lines of prose. */
void pyprof_report_header(const struct pyprof_profile *profile,
			  const struct pyprof_summary *summary,
			  const struct pyprof_filter *filter, unsigned width,
			  struct pyprof_buf *out);

/** Write a member of the open object: a string of the profile. */
void pyprof_report_string_member(const struct pyprof_profile *profile,
				 const char *key, uint32_t string,
				 struct pyprof_json *json);
/** The same of a number. */
void pyprof_report_uint_member(const char *key, uint64_t value,
			       struct pyprof_json *json);

/** Write the members "meta", "filter" and "totals" of the open object. */
void pyprof_report_header_json(const struct pyprof_profile *profile,
			       const struct pyprof_summary *summary,
			       const struct pyprof_filter *filter,
			       struct pyprof_json *json);

#endif /* PYPROF_REPORT_HEADER_H */
