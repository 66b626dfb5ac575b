// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * How numbers, times and paths look in text for people, in any locale.
 */
#ifndef PYPROF_BASE_SHOW_H
#define PYPROF_BASE_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

/** "12.345": nanoseconds as seconds, rounded to milliseconds. */
void pyprof_show_seconds(struct pyprof_buf *out, uint64_t ns);

/** "850 ns", "11 us", "4.2 ms", "38.1 s", "2 min 5 s": three digits or so. */
void pyprof_show_duration(struct pyprof_buf *out, uint64_t ns);

/** "12,345,678". */
void pyprof_show_grouped(struct pyprof_buf *out, uint64_t number);

/** "512 bytes", "11.3 KB", "939 MB", "1.42 GB": three digits; a KB is 1024. */
void pyprof_show_size(struct pyprof_buf *out, uint64_t bytes);

/** A number with so many decimals (at most 9) and a point. */
void pyprof_show_decimal(struct pyprof_buf *out, double value,
			 unsigned decimals);

/** "12.3 %"; "<0.1 %" for less that is not nothing. */
void pyprof_show_percent(struct pyprof_buf *out, uint64_t part, uint64_t whole);

/** "python3 app.py (pid 4242)", "process 4242" for a `program` of "", or the
 * core's file. `core_path` is NULL for a process. */
void pyprof_show_program(struct pyprof_buf *out, const char *core_path,
			 const char *program, int32_t pid);

/** "# 20 of 10,000 objects shown", a line, unless all were. */
void pyprof_show_left_out(struct pyprof_buf *out, uint64_t shown, uint64_t all,
			  const char *noun);

/** "1 line", "2 lines". */
void pyprof_show_count(struct pyprof_buf *out, uint64_t count,
		       const char *noun);

/**
 * A path in at most `columns` columns: when it is too long, folders in its
 * middle give way to an ellipsis.
 */
void pyprof_show_path(struct pyprof_buf *out, const char *path, size_t length,
		      size_t columns);

#endif /* PYPROF_BASE_SHOW_H */
