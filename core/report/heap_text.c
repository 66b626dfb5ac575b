// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/table.h"
#include "core/report/heap_report.h"

/** Types that the text has. */
#define TYPES 100

static const struct pyprof_column columns[] = {
	{PYPROF_COLUMN_BIG, NULL, "Count"},
	{PYPROF_COLUMN_BIG, NULL, "Shallow bytes"},
	{PYPROF_COLUMN_BIG, NULL, "Block bytes"},
	{PYPROF_COLUMN_PERCENT, NULL, "%"},
	{PYPROF_COLUMN_BIG, NULL, "Retained bytes"},
	{PYPROF_COLUMN_NAME, NULL, "Type"},
};

static struct pyprof_error *put_types(const struct pyprof_heap_report *report,
				      struct pyprof_buf *out)
{
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err = pyprof_table_create(
		columns, sizeof(columns) / sizeof(*columns), &table);
	if (err)
		return err;
	for (size_t i = 0; i < report->type_count && i < TYPES; i++) {
		const struct pyprof_heap_type *type = report->types[i];
		pyprof_table_row(table);
		pyprof_table_uint(table, type->count);
		pyprof_table_uint(table, type->shallow);
		pyprof_table_uint(table, type->exclusive);
		pyprof_table_part(table, type->exclusive,
				  report->heap->exclusive);
		pyprof_table_uint(table, type->retained);
		pyprof_table_text(table, type->type->name);
	}
	return pyprof_table_write_text(table, 0, out);
}

struct pyprof_error *pyprof_heap_report_text(struct pyprof_heap_report *report,
					     struct pyprof_buf *out)
{
	const struct pyprof_heap *heap = report->heap;
	struct pyprof_error *err = NULL;
	pyprof_heap_put_header(report->facts, heap, out);
	pyprof_buf_puts(out, "# ");
	pyprof_show_size(out, heap->exclusive);
	pyprof_buf_puts(out, " in ");
	pyprof_show_grouped(out, heap->index.count);
	pyprof_buf_puts(out, " objects\n");
	for (size_t i = 0; i < report->suspects.items.count && !err; i++) {
		pyprof_buf_printf(out, "\n%zu. ", i + 1);
		err = pyprof_suspect_put(heap, report->paths, &report->suspects,
					 i, out);
	}
	pyprof_buf_puts(out, "\n\n");
	return err ? err : put_types(report, out);
}
