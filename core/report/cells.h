// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Columns and cells that several tables of a profile share; a part of tables.c.
 */
#ifndef PYPROF_REPORT_CELLS_H
#define PYPROF_REPORT_CELLS_H

#include "core/base/table.h"
#include "core/report/tables.h"

#define PYPROF_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** The first columns of every row of times. */
#define PYPROF_TIME_COLUMNS(total_header)                           \
	{PYPROF_COLUMN_PERCENT, "self_percent", "Self%"},           \
		{PYPROF_COLUMN_PERCENT, "total_percent", "Total%"}, \
		{PYPROF_COLUMN_SECONDS, "self_ns", "Self s"},       \
		{PYPROF_COLUMN_SECONDS, "total_ns", total_header},  \
		{PYPROF_COLUMN_COUNT, "self_samples", NULL},        \
	{                                                           \
		PYPROF_COLUMN_COUNT, "total_samples", NULL          \
	}

/** What a row's own time was spent on, in percent of it. */
#define PYPROF_GROUP_COLUMNS                                     \
	{PYPROF_COLUMN_SHARE, "python_percent", "Py%"},          \
		{PYPROF_COLUMN_SHARE, "native_percent", "Nat%"}, \
	{                                                        \
		PYPROF_COLUMN_SHARE, "wait_percent", "Wait%"     \
	}

void pyprof_cells_times(struct pyprof_table *table,
			const struct pyprof_summary *summary,
			const struct pyprof_times *times);
void pyprof_cells_groups(struct pyprof_table *table,
			 const struct pyprof_times *times);
/** Keep the columns that were asked for, if any were. */
struct pyprof_error *pyprof_cells_choose(const struct pyprof_report_view *view,
					 struct pyprof_table *table)
	PYPROF_MUST_CHECK;
/** A string of the profile. */
void pyprof_cell_string(struct pyprof_table *table,
			const struct pyprof_report_view *view, uint32_t string);

/** What a function is called: its qualified name where it has one. */
static inline uint32_t
pyprof_function_title(const struct pyprof_function *function)
{
	return function->qualname ? function->qualname : function->name;
}

struct pyprof_error *
pyprof_report_tree_table(const struct pyprof_report_view *view,
			 struct pyprof_table **ret) PYPROF_MUST_CHECK;
struct pyprof_error *
pyprof_report_thread_table(const struct pyprof_report_view *view,
			   struct pyprof_table **ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_REPORT_CELLS_H */
