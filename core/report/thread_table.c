// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "core/base/show.h"
#include "core/report/cells.h"

/* Time of a thread in one state, for sorting. */
struct part {
	enum pyprof_state state;
	uint64_t ns;
};

static int compare(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->state < y->state ? -1 : 1;
}

/* "wait-sleep 61%, python 39%": all states, most time first. */
static void put_states(struct pyprof_table *table,
		       const struct pyprof_thread_row *row, uint64_t whole)
{
	struct part parts[PYPROF_STATE_COUNT];
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++)
		parts[i] = (struct part){i, row->ns[i]};
	qsort(parts, PYPROF_STATE_COUNT, sizeof(parts[0]), compare);
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	for (unsigned i = 0; i < PYPROF_STATE_COUNT && parts[i].ns; i++) {
		double share = 100.0 * (double)parts[i].ns / (double)whole;
		pyprof_buf_printf(&text, "%s%s ", i ? ", " : "",
				  pyprof_states[parts[i].state].word);
		if (share < 0.5)
			pyprof_buf_puts(&text, "<1");
		else
			pyprof_show_decimal(&text, share, 0);
		pyprof_buf_putc(&text, '%');
	}
	pyprof_table_text(table, text.data);
}

static void put_row(struct pyprof_table *table,
		    const struct pyprof_report_view *view,
		    const struct pyprof_thread_row *row)
{
	const struct pyprof_profile_thread *threads;
	pyprof_profile_threads(view->profile, &threads);
	const struct pyprof_profile_thread *thread = &threads[row->thread];
	uint64_t groups[PYPROF_GROUP_COUNT] = {}, whole = 0;
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		groups[pyprof_states[i].group] += row->ns[i];
		whole += row->ns[i];
	}
	pyprof_table_row(table);
	pyprof_table_uint(table, whole);
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		pyprof_table_part(table, groups[i], whole);
	pyprof_table_int(table, thread->tid);
	pyprof_table_uint(table, thread->ident);
	pyprof_table_int(table, thread->interp_id);
	pyprof_table_mark(table, thread->is_main);
	pyprof_cell_string(table, view, thread->name);
	put_states(table, row, whole);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++)
		pyprof_table_uint(table, row->ns[i]);
}

static bool is_too_little(const struct pyprof_report_view *view,
			  const struct pyprof_thread_row *row)
{
	uint64_t ns = 0;
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++)
		ns += row->ns[i];
	return 100.0 * (double)ns <
	       view->min_percent * (double)view->summary->all_ns;
}

struct pyprof_error *
pyprof_report_thread_table(const struct pyprof_report_view *view,
			   struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		{PYPROF_COLUMN_SECONDS, "ns", "Time s"},
		PYPROF_GROUP_COLUMNS,
		{PYPROF_COLUMN_COUNT, "tid", "TID"},
		{PYPROF_COLUMN_COUNT, "ident", NULL},
		{PYPROF_COLUMN_COUNT, "interpreter", NULL},
		{PYPROF_COLUMN_MARK, "is_main", NULL},
		{PYPROF_COLUMN_NAME, "name", "Thread"},
		{PYPROF_COLUMN_TEXT, NULL, "States"},
#define STATE(name, group, word, text) {PYPROF_COLUMN_COUNT, word "-ns", NULL},
#include "core/profile/states.def"
#undef STATE
	};
	const struct pyprof_summary *summary = view->summary;
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), ret);
	if (err)
		return err;
	for (size_t i = 0; i < summary->thread_count; i++) {
		if (view->limit && pyprof_table_rows(*ret) >= view->limit)
			break;
		if (!is_too_little(view, &summary->threads[i]))
			put_row(*ret, view, &summary->threads[i]);
	}
	return NULL;
}
