// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Where in a line its time went: rows that underline parts of it, and the same
 * as JSON; a part of the tables of lines.
 */
#ifndef PYPROF_REPORT_SPAN_ROWS_H
#define PYPROF_REPORT_SPAN_ROWS_H

#include "core/base/table.h"
#include "core/report/tables.h"

/** A line as it is shown. */
struct pyprof_span_line {
	uint32_t file;
	int32_t line;
	const struct pyprof_times *times;
	/** The text, whole; "" when it is not there. */
	const char *text;
	/** How many bytes of it are left out in front, and how many columns of
	 * something else are there. */
	size_t cut, indent;
};

/** Add a row of a table: a part's self time, and text to stand below that of
 * the line. */
typedef void pyprof_span_put(struct pyprof_table *table,
			     const struct pyprof_summary *summary,
			     const struct pyprof_times *times,
			     const char *text);

/**
 * Add the rows that go below a line: the parts with the most self time
 * underlined, one row each; what the rest of them has; what is not known. With
 * more than one row each says what share of the line's self time it is.
 *
 * Nothing is added where no part of the line is known.
 */
void pyprof_report_span_rows(const struct pyprof_summary *summary,
			     const struct pyprof_span_line *line,
			     pyprof_span_put *put, struct pyprof_table *table);

/** Append lines of prose: why parts of lines are not known. */
void pyprof_report_span_notes(const struct pyprof_profile *profile,
			      const struct pyprof_summary *summary,
			      unsigned width, struct pyprof_buf *out);

/**
 * Add a cell of PYPROF_COLUMN_JSON: all known parts of a line. Columns are
 * those of code.co_positions(): bytes of UTF-8.
 */
void pyprof_report_span_cell(const struct pyprof_summary *summary,
			     uint32_t file, int32_t line,
			     struct pyprof_table *table);

#endif /* PYPROF_REPORT_SPAN_ROWS_H */
