// SPDX-License-Identifier: Apache-2.0
#include "core/profile/profile_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/intern.h"
#include "core/base/vec.h"

#define OLD PYPROF_PROFILE_OLD
#define NEW PYPROF_PROFILE_NEW
#define SIDES PYPROF_PROFILE_SIDES

/* What makes two functions the same, as strings of both profiles. */
struct function_key {
	uint32_t file, title;
	int32_t first_line;
};

struct line_key {
	uint32_t function;
	/* Behind the first line of the function. */
	int32_t offset;
};

/* A row of one side; what is before `row` is the key. */
struct place_key {
	uint32_t file;
	int32_t line;
	uint32_t row;
};

/* A function that was not found by its line. */
struct left {
	struct function_key key;
	uint32_t function;
};
struct lefts {
	PYPROF_VEC(struct left) list;
};

struct builder {
	struct pyprof_profile_diff *diff;
	const struct pyprof_function *functions[SIDES];
	size_t function_counts[SIDES];
	/* Strings of both, and by function the number it has in both. */
	struct pyprof_strtab *strings;
	struct function_key *keys[SIDES];
	uint32_t *ids[SIDES];
	size_t id_count;
	struct lefts lefts[SIDES];
};

static void builder_deinit(struct builder *builder)
{
	pyprof_strtab_destroy(builder->strings);
	for (unsigned side = 0; side < SIDES; side++) {
		free(builder->keys[side]);
		free(builder->ids[side]);
		pyprof_vec_deinit(&builder->lefts[side].list);
	}
}

/*
 * Which functions are the same.
 */

static struct pyprof_error *common_string(struct builder *builder,
					  unsigned side, uint32_t id,
					  uint32_t *ret)
{
	const struct pyprof_profile *profile = builder->diff->profiles[side];
	return pyprof_strtab_intern(
		builder->strings, pyprof_profile_string(profile, id),
		pyprof_profile_string_length(profile, id), ret);
}

static struct pyprof_error *make_keys(struct builder *builder, unsigned side)
{
	size_t count = pyprof_profile_functions(builder->diff->profiles[side],
						&builder->functions[side]);
	builder->function_counts[side] = count;
	builder->keys[side] = calloc(count + 1, sizeof(*builder->keys[side]));
	builder->ids[side] = calloc(count + 1, sizeof(*builder->ids[side]));
	if (!builder->keys[side] || !builder->ids[side])
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_function *function =
			&builder->functions[side][i];
		struct function_key *key = &builder->keys[side][i];
		uint32_t title = function->qualname ? function->qualname
						    : function->name;
		key->first_line = function->first_line;
		struct pyprof_error *err = common_string(
			builder, side, function->file, &key->file);
		if (!err)
			err = common_string(builder, side, title, &key->title);
		if (err)
			return err;
	}
	return NULL;
}

/* Give equal numbers to functions with the same name and line. */
static struct pyprof_error *match_exactly(struct builder *builder)
{
	struct pyprof_intern table =
		PYPROF_INTERN_INIT_WHOLE(struct function_key);
	struct pyprof_error *err = NULL;
	for (unsigned side = 0; side < SIDES; side++)
		for (size_t i = 0; !err && i < builder->function_counts[side];
		     i++)
			err = pyprof_intern(&table, &builder->keys[side][i],
					    &builder->ids[side][i]);
	builder->id_count = table.count;
	pyprof_intern_deinit(&table);
	return err;
}

/* The functions of one side whose number the other has not. */
static struct pyprof_error *find_left(struct builder *builder, unsigned side,
				      const bool *in_other)
{
	for (size_t i = 0; i < builder->function_counts[side]; i++) {
		struct left left = {builder->keys[side][i], (uint32_t)i};
		if (!in_other[builder->ids[side][i]] &&
		    !pyprof_vec_push(&builder->lefts[side].list, left))
			return pyprof_error_oom();
	}
	return NULL;
}

static int compare_names(const struct left *x, const struct left *y)
{
	if (x->key.file != y->key.file)
		return x->key.file < y->key.file ? -1 : 1;
	return (x->key.title > y->key.title) - (x->key.title < y->key.title);
}

static int compare_lefts(const void *a, const void *b)
{
	const struct left *x = a, *y = b;
	int order = compare_names(x, y);
	if (!order)
		order = (x->key.first_line > y->key.first_line) -
			(x->key.first_line < y->key.first_line);
	return order ? order
		     : (x->function > y->function) -
			       (x->function < y->function);
}

/* Of those left, match the n-th of a name with the n-th. */
static void match_in_order(struct builder *builder)
{
	const struct lefts *old_left = &builder->lefts[OLD];
	const struct lefts *new_left = &builder->lefts[NEW];
	for (unsigned side = 0; side < SIDES; side++)
		if (builder->lefts[side].list.count)
			qsort(builder->lefts[side].list.items,
			      builder->lefts[side].list.count,
			      sizeof(struct left), compare_lefts);
	for (size_t i = 0, j = 0;
	     i < old_left->list.count && j < new_left->list.count;) {
		const struct left *x = &old_left->list.items[i];
		const struct left *y = &new_left->list.items[j];
		int order = compare_names(x, y);
		if (!order)
			builder->ids[NEW][y->function] =
				builder->ids[OLD][x->function];
		i += order <= 0;
		j += order >= 0;
	}
}

static struct pyprof_error *match_functions(struct builder *builder)
{
	struct pyprof_error *err = pyprof_strtab_create(&builder->strings);
	for (unsigned side = 0; !err && side < SIDES; side++)
		err = make_keys(builder, side);
	if (!err)
		err = match_exactly(builder);
	for (unsigned side = 0; !err && side < SIDES; side++) {
		_cleanup_free_ bool *in_other =
			calloc(builder->id_count + 1, sizeof(*in_other));
		if (!in_other)
			return pyprof_error_oom();
		for (size_t i = 0; i < builder->function_counts[!side]; i++)
			in_other[builder->ids[!side][i]] = true;
		err = find_left(builder, side, in_other);
	}
	if (!err)
		match_in_order(builder);
	return err;
}

/*
 * Rows.
 */

static void add_times(struct pyprof_profile_diff_row *row, unsigned side,
		      uint32_t function, int32_t line,
		      const struct pyprof_times *times)
{
	struct pyprof_times *to = &row->times[side];
	row->has[side] = true;
	row->function[side] = function;
	row->line[side] = line;
	to->self_ns += times->self_ns;
	to->total_ns += times->total_ns;
	to->self_samples += times->self_samples;
	to->total_samples += times->total_samples;
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		to->self_group_ns[i] += times->self_group_ns[i];
}

/* The row that a table of keys has for a key, made when there is none. */
static struct pyprof_error *row_of(struct pyprof_profile_diff_rows *rows,
				   struct pyprof_intern *table, const void *key,
				   uint32_t *ret)
{
	size_t before = table->count;
	struct pyprof_error *err = pyprof_intern(table, key, ret);
	if (!err && table->count > before &&
	    !pyprof_vec_push(rows, (struct pyprof_profile_diff_row){}))
		return pyprof_error_oom();
	return err;
}

static struct pyprof_error *add_functions(struct builder *builder,
					  unsigned side,
					  const struct pyprof_summary *summary,
					  struct pyprof_intern *table)
{
	struct pyprof_profile_diff_rows *rows = &builder->diff->functions;
	for (size_t i = 0; i < summary->function_count; i++) {
		const struct pyprof_function_row *from = &summary->functions[i];
		uint32_t row;
		struct pyprof_error *err = row_of(
			rows, table, &builder->ids[side][from->function], &row);
		if (err)
			return err;
		add_times(&rows->items[row], side, from->function,
			  builder->functions[side][from->function].first_line,
			  &from->times);
	}
	return NULL;
}

static struct pyprof_error *add_lines(struct builder *builder, unsigned side,
				      const struct pyprof_summary *summary,
				      struct pyprof_intern *table)
{
	struct pyprof_profile_diff_rows *rows = &builder->diff->lines;
	for (size_t i = 0; i < summary->line_count; i++) {
		const struct pyprof_line_row *from = &summary->lines[i];
		int64_t first =
			builder->functions[side][from->function].first_line;
		struct line_key key = {
			.function = builder->ids[side][from->function],
			.offset = (int32_t)(uint32_t)(from->line - first),
		};
		uint32_t row;
		struct pyprof_error *err = row_of(rows, table, &key, &row);
		if (err)
			return err;
		add_times(&rows->items[row], side, from->function, from->line,
			  &from->times);
	}
	return NULL;
}

static struct place_key place_of(const struct builder *builder,
				 const struct pyprof_profile_diff_row *row,
				 unsigned side, size_t number)
{
	return (struct place_key){
		.file = builder->keys[side][row->function[side]].file,
		.line = row->line[side],
		.row = (uint32_t)number,
	};
}

/* Lines that one alone has, under two functions, may be one in the file. */
static struct pyprof_error *match_places(struct builder *builder,
					 struct pyprof_intern *table)
{
	struct pyprof_profile_diff_rows *rows = &builder->diff->lines;
	struct pyprof_error *err = NULL;
	uint32_t id;
	for (size_t i = 0; !err && i < rows->count; i++) {
		if (rows->items[i].has[NEW])
			continue;
		struct place_key key =
			place_of(builder, &rows->items[i], OLD, i);
		err = pyprof_intern(table, &key, &id);
	}
	size_t old_count = table->count, kept = 0;
	for (size_t i = 0; !err && i < rows->count; i++) {
		struct pyprof_profile_diff_row *row = &rows->items[i];
		id = UINT32_MAX;
		if (!row->has[OLD]) {
			struct place_key key = place_of(builder, row, NEW, i);
			err = pyprof_intern(table, &key, &id);
		}
		if (err || id >= old_count)
			continue;
		const struct place_key *keys = table->items;
		add_times(&rows->items[keys[id].row], NEW, row->function[NEW],
			  row->line[NEW], &row->times[NEW]);
		row->has[NEW] = false;
	}
	for (size_t i = 0; !err && i < rows->count; i++)
		if (rows->items[i].has[OLD] || rows->items[i].has[NEW])
			rows->items[kept++] = rows->items[i];
	if (!err)
		rows->count = kept;
	return err;
}

static struct pyprof_error *add_side(struct builder *builder, unsigned side,
				     struct pyprof_intern *functions,
				     struct pyprof_intern *lines)
{
	struct pyprof_profile_diff *diff = builder->diff;
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err =
		pyprof_summary_create(diff->profiles[side], &diff->filter,
				      PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(diff->profiles[side]);
	diff->ns[side] = summary->ns;
	diff->sampled_ns[side] = meta->sampled_ns ? meta->sampled_ns : 1;
	err = add_functions(builder, side, summary, functions);
	return err ? err : add_lines(builder, side, summary, lines);
}

static struct pyprof_error *add_rows(struct builder *builder)
{
	struct pyprof_intern functions = PYPROF_INTERN_INIT_WHOLE(uint32_t);
	struct pyprof_intern lines = PYPROF_INTERN_INIT_WHOLE(struct line_key);
	struct pyprof_intern places = PYPROF_INTERN_INIT(struct place_key, row);
	struct pyprof_error *err = NULL;
	for (unsigned side = 0; !err && side < SIDES; side++)
		err = add_side(builder, side, &functions, &lines);
	if (!err)
		err = match_places(builder, &places);
	pyprof_intern_deinit(&functions);
	pyprof_intern_deinit(&lines);
	pyprof_intern_deinit(&places);
	return err;
}

/*
 * Order.
 */

struct ordering {
	const struct pyprof_profile_diff *diff;
	enum pyprof_sort sort;
};

static double change_of(const struct ordering *ordering,
			const struct pyprof_profile_diff_row *row, bool self)
{
	return fabs(pyprof_profile_diff_change(
		ordering->diff,
		self ? row->times[OLD].self_ns : row->times[OLD].total_ns,
		self ? row->times[NEW].self_ns : row->times[NEW].total_ns));
}

static const char *name_of(const struct pyprof_profile_diff *diff,
			   const struct pyprof_profile_diff_row *row, bool file)
{
	unsigned side = row->has[NEW] ? NEW : OLD;
	const struct pyprof_function *functions;
	pyprof_profile_functions(diff->profiles[side], &functions);
	const struct pyprof_function *function =
		&functions[row->function[side]];
	return pyprof_profile_string(diff->profiles[side],
				     file ? function->file : function->name);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct pyprof_profile_diff_row *x = a, *y = b;
	const struct ordering *ordering = arg;
	bool self = ordering->sort == PYPROF_SORT_SELF;
	for (int i = 0; i < 2; i++, self = !self) {
		double of_x = change_of(ordering, x, self);
		double of_y = change_of(ordering, y, self);
		if (of_x != of_y)
			return of_x > of_y ? -1 : 1;
	}
	int order = strcmp(name_of(ordering->diff, x, true),
			   name_of(ordering->diff, y, true));
	int32_t line_x = x->line[x->has[NEW]], line_y = y->line[y->has[NEW]];
	if (!order)
		order = (line_x > line_y) - (line_x < line_y);
	return order ? order
		     : strcmp(name_of(ordering->diff, x, false),
			      name_of(ordering->diff, y, false));
}

double pyprof_profile_diff_change(const struct pyprof_profile_diff *diff,
				  uint64_t old_ns, uint64_t new_ns)
{
	double change[SIDES] = {(double)old_ns, (double)new_ns};
	for (unsigned i = 0; i < SIDES && diff->by == PYPROF_DIFF_BY_SHARE; i++)
		change[i] = 100 * change[i] / (double)diff->sampled_ns[i];
	return change[NEW] - change[OLD];
}

struct pyprof_error *pyprof_profile_diff_create(
	const struct pyprof_profile *old_profile,
	const struct pyprof_profile *new_profile,
	const struct pyprof_filter *filter, enum pyprof_profile_diff_by by,
	enum pyprof_sort sort, struct pyprof_profile_diff **ret)
{
	_cleanup_(
		pyprof_profile_diff_cleanup) struct pyprof_profile_diff *diff =
		calloc(1, sizeof(*diff));
	if (!diff)
		return pyprof_error_oom();
	diff->profiles[OLD] = old_profile;
	diff->profiles[NEW] = new_profile;
	diff->filter = *filter;
	diff->by = by;
	struct builder builder = {.diff = diff};
	struct pyprof_error *err = match_functions(&builder);
	if (!err)
		err = add_rows(&builder);
	builder_deinit(&builder);
	if (err)
		return err;
	struct ordering ordering = {.diff = diff, .sort = sort};
	if (diff->functions.count)
		qsort_r(diff->functions.items, diff->functions.count,
			sizeof(*diff->functions.items), compare_rows,
			&ordering);
	if (diff->lines.count)
		qsort_r(diff->lines.items, diff->lines.count,
			sizeof(*diff->lines.items), compare_rows, &ordering);
	*ret = no_cleanup_ptr(diff);
	return NULL;
}

void pyprof_profile_diff_destroy(struct pyprof_profile_diff *diff)
{
	if (!diff)
		return;
	pyprof_vec_deinit(&diff->functions);
	pyprof_vec_deinit(&diff->lines);
	free(diff);
}

bool pyprof_profile_unlike(const struct pyprof_profile *old_profile,
			   const struct pyprof_profile *new_profile,
			   struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *x =
		pyprof_profile_meta_const(old_profile);
	const struct pyprof_profile_meta *y =
		pyprof_profile_meta_const(new_profile);
	const struct {
		const char *what;
		uint32_t old_text, new_text;
	} facts[] = {
		{"mode", x->mode, y->mode},
		{"CPython", x->python_version, y->python_version},
		{"build", x->python_build, y->python_build},
	};
	bool unlike = false;
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *before =
			pyprof_profile_string(old_profile, facts[i].old_text);
		const char *after =
			pyprof_profile_string(new_profile, facts[i].new_text);
		if (strcmp(before, after) == 0)
			continue;
		pyprof_buf_printf(out, "%s%s %s and %s", unlike ? ", " : "",
				  facts[i].what, *before ? before : "unknown",
				  *after ? after : "unknown");
		unlike = true;
	}
	return unlike;
}
