// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "core/report/cells.h"

/*
 * How the tree is drawn: siblings branch off, an only child stands right
 * below its parent without going further to the right, so that long chains of
 * calls stay readable.
 */

/* Of deeper ones, only the innermost branches are drawn. */
#define BRANCHES_MAX 24
#define NONE UINT32_MAX

/* What is known of a row of the summary's tree. */
struct mark {
	bool is_shown;
	/** Another child of its parent comes below it. */
	bool has_next;
	/** Shown children, and how many of them have been drawn. */
	uint32_t children, drawn;
	/** The nearest row, from itself upwards, that has siblings; NONE. */
	uint32_t branch;
	/** Number of its row in the table. */
	uint32_t row;
};

struct drawing {
	const struct pyprof_report_view *view;
	const struct pyprof_tree_row *rows;
	size_t count;
	/** One a row, and one more for what is above the roots. */
	struct mark *marks;
};

static size_t parent_of(const struct drawing *drawing, size_t i)
{
	uint32_t parent = drawing->rows[i].parent;
	return parent == i ? drawing->count : parent;
}

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x == y ? 0 : x > y ? -1 : 1;
}

/*
 * The total time that a row needs to be among the `limit` first; a parent has
 * no less than its children, so that these rows are a tree again.
 *
 * @param[out] ties_ret How many of exactly that time there is room for.
 */
static struct pyprof_error *find_least(const struct drawing *drawing,
				       size_t limit, uint64_t *least_ret,
				       size_t *ties_ret)
{
	*least_ret = 0;
	*ties_ret = drawing->count;
	if (!limit || limit >= drawing->count)
		return NULL;
	_cleanup_free_ uint64_t *totals =
		calloc(drawing->count, sizeof(*totals));
	if (!totals)
		return pyprof_error_oom();
	for (size_t i = 0; i < drawing->count; i++)
		totals[i] = drawing->rows[i].times.total_ns;
	qsort(totals, drawing->count, sizeof(*totals), descending);
	*least_ret = totals[limit - 1];
	*ties_ret = 0;
	for (size_t i = limit; i-- > 0 && totals[i] == *least_ret;)
		++*ties_ret;
	return NULL;
}

static struct pyprof_error *choose(struct drawing *drawing)
{
	const struct pyprof_report_view *view = drawing->view;
	double enough = view->min_percent / 100 * (double)view->summary->ns;
	uint64_t least;
	size_t ties;
	struct pyprof_error *err =
		find_least(drawing, view->limit, &least, &ties);
	if (err)
		return err;
	drawing->marks[drawing->count].is_shown = true;
	for (size_t i = 0; i < drawing->count; i++) {
		uint64_t total = drawing->rows[i].times.total_ns;
		struct mark *above = &drawing->marks[parent_of(drawing, i)];
		if ((double)total < enough || total < least ||
		    !above->is_shown || (total == least && !ties))
			continue;
		ties -= total == least;
		drawing->marks[i].is_shown = true;
		above->children++;
	}
	return NULL;
}

/* Find out what a row branches off from; rows above it are done. */
static void link_row(struct drawing *drawing, size_t i)
{
	struct mark *mark = &drawing->marks[i];
	struct mark *above = &drawing->marks[parent_of(drawing, i)];
	mark->has_next = ++above->drawn < above->children;
	mark->branch = above->children > 1 ? (uint32_t)i : above->branch;
}

static void put_branches(const struct drawing *drawing, size_t i,
			 struct pyprof_buf *out)
{
	uint32_t branches[BRANCHES_MAX];
	unsigned count = 0;
	uint32_t branch = drawing->marks[i].branch;
	while (branch != NONE && count < BRANCHES_MAX) {
		branches[count++] = branch;
		branch = drawing->marks[parent_of(drawing, branch)].branch;
	}
	if (branch != NONE)
		pyprof_buf_puts(out, "\xe2\x80\xa6 ");
	while (count--) {
		bool has_next = drawing->marks[branches[count]].has_next;
		if (branches[count] == i)
			pyprof_buf_puts(out,
					has_next ? "\xe2\x94\x9c\xe2\x94\x80 "
						 : "\xe2\x94\x94\xe2\x94\x80 ");
		else
			pyprof_buf_puts(out,
					has_next ? "\xe2\x94\x82  " : "   ");
	}
}

/* The name of a file; of "__init__.py" and the like, with its folder. */
static const char *short_name(const char *path)
{
	const char *name = strrchr(path, '/');
	if (!name)
		return path;
	if (strncmp(name, "/__", 3) == 0)
		while (name > path && name[-1] != '/')
			name--;
	return name + (*name == '/');
}

static void put_row(struct drawing *drawing, size_t i,
		    struct pyprof_table *table)
{
	const struct pyprof_report_view *view = drawing->view;
	const struct pyprof_tree_row *row = &drawing->rows[i];
	const struct pyprof_function *functions;
	pyprof_profile_functions(view->profile, &functions);
	const struct pyprof_function *function = &functions[row->function];
	size_t parent = parent_of(drawing, i);
	drawing->marks[i].row = (uint32_t)pyprof_table_rows(table);
	pyprof_table_row(table);
	pyprof_cells_times(table, view->summary, &row->times);
	pyprof_table_uint(table, row->depth);
	if (parent == drawing->count)
		pyprof_table_skip(table);
	else
		pyprof_table_uint(table, drawing->marks[parent].row);
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	put_branches(drawing, i, &text);
	uint32_t title = pyprof_function_title(function);
	const char *file = pyprof_profile_string(view->profile, function->file);
	pyprof_buf_append(&text, pyprof_profile_string(view->profile, title),
			  pyprof_profile_string_length(view->profile, title));
	if (function->first_line > 0)
		pyprof_buf_printf(&text, " (%s:%d)", short_name(file),
				  (int)function->first_line);
	pyprof_table_bytes(table, text.data, text.length);
	pyprof_cell_string(table, view, title);
	pyprof_cell_string(table, view, function->file);
	pyprof_table_int(table, function->first_line);
}

static struct pyprof_error *draw(const struct pyprof_report_view *view,
				 struct pyprof_table *table)
{
	const struct pyprof_summary *summary = view->summary;
	_cleanup_free_ struct mark *marks =
		calloc(summary->tree_count + 1, sizeof(*marks));
	struct drawing drawing = {
		.view = view,
		.rows = summary->tree,
		.count = summary->tree_count,
		.marks = marks,
	};
	if (!marks)
		return pyprof_error_oom();
	marks[drawing.count].branch = NONE;
	struct pyprof_error *err = choose(&drawing);
	for (size_t i = 0; !err && i < drawing.count; i++) {
		if (marks[i].is_shown) {
			link_row(&drawing, i);
			put_row(&drawing, i, table);
		}
	}
	return err;
}

struct pyprof_error *
pyprof_report_tree_table(const struct pyprof_report_view *view,
			 struct pyprof_table **ret)
{
	static const struct pyprof_column columns[] = {
		PYPROF_TIME_COLUMNS("Total s"),
		{PYPROF_COLUMN_COUNT, "depth", NULL},
		{PYPROF_COLUMN_COUNT, "parent", NULL},
		{PYPROF_COLUMN_NAME, NULL, "Calls"},
		{PYPROF_COLUMN_NAME, "function", NULL},
		{PYPROF_COLUMN_PATH, "file", NULL},
		{PYPROF_COLUMN_COUNT, "first_line", NULL},
	};
	_cleanup_(pyprof_table_cleanup) struct pyprof_table *table = NULL;
	struct pyprof_error *err =
		pyprof_table_create(columns, PYPROF_COUNT_OF(columns), &table);
	if (!err)
		err = draw(view, table);
	if (err)
		return err;
	*ret = no_cleanup_ptr(table);
	return NULL;
}
