// SPDX-License-Identifier: Apache-2.0
#include "core/profile/order.h"

#include <stdlib.h>
#include <string.h>

struct ordering {
	const struct pyprof_profile *profile;
	const struct pyprof_filter *filter;
	enum pyprof_sort sort;
};

static int larger_first(uint64_t x, uint64_t y)
{
	return x == y ? 0 : x > y ? -1 : 1;
}

static int smaller_first(int64_t x, int64_t y)
{
	return x == y ? 0 : x < y ? -1 : 1;
}

int pyprof_order_times(const struct pyprof_times *x,
		       const struct pyprof_times *y, enum pyprof_sort sort)
{
	int self = larger_first(x->self_ns, y->self_ns);
	int total = larger_first(x->total_ns, y->total_ns);
	if (sort == PYPROF_SORT_SELF)
		return self ? self : total;
	return total ? total : self;
}

static int by_string(const struct pyprof_profile *profile, uint32_t x,
		     uint32_t y)
{
	return x == y ? 0
		      : strcmp(pyprof_profile_string(profile, x),
			       pyprof_profile_string(profile, y));
}

int pyprof_order_functions(const struct pyprof_profile *profile, uint32_t x,
			   uint32_t y)
{
	const struct pyprof_function *functions;
	pyprof_profile_functions(profile, &functions);
	int order = by_string(profile, functions[x].file, functions[y].file);
	if (!order)
		order = smaller_first(functions[x].first_line,
				      functions[y].first_line);
	if (!order)
		order = by_string(profile, functions[x].qualname,
				  functions[y].qualname);
	return order ? order : smaller_first(x, y);
}

static int compare_lines(const void *a, const void *b, void *arg)
{
	const struct pyprof_line_row *x = a, *y = b;
	const struct ordering *ordering = arg;
	int order = pyprof_order_times(&x->times, &y->times, ordering->sort);
	if (!order)
		order = by_string(ordering->profile, x->file, y->file);
	return order ? order : smaller_first(x->line, y->line);
}

static int compare_functions(const void *a, const void *b, void *arg)
{
	const struct pyprof_function_row *x = a, *y = b;
	const struct ordering *ordering = arg;
	int order = pyprof_order_times(&x->times, &y->times, ordering->sort);
	return order ? order
		     : pyprof_order_functions(ordering->profile, x->function,
					      y->function);
}

static int compare_files(const void *a, const void *b, void *arg)
{
	const struct pyprof_file_row *x = a, *y = b;
	const struct ordering *ordering = arg;
	int order = pyprof_order_times(&x->times, &y->times, ordering->sort);
	return order ? order : by_string(ordering->profile, x->file, y->file);
}

static uint64_t filtered_ns(const struct pyprof_thread_row *row,
			    const struct ordering *ordering)
{
	uint64_t ns = 0;
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		struct pyprof_tally tally = {.thread = row->thread, .state = i};
		if (pyprof_filter_accepts(ordering->filter, ordering->profile,
					  &tally))
			ns += row->ns[i];
	}
	return ns;
}

static int compare_threads(const void *a, const void *b, void *arg)
{
	const struct pyprof_thread_row *x = a, *y = b;
	int order = larger_first(filtered_ns(x, arg), filtered_ns(y, arg));
	return order ? order : smaller_first(x->thread, y->thread);
}

void pyprof_summary_sort(struct pyprof_summary *summary,
			 const struct pyprof_profile *profile,
			 const struct pyprof_filter *filter,
			 enum pyprof_sort sort)
{
	struct ordering ordering = {
		.profile = profile,
		.filter = filter,
		.sort = sort,
	};
	qsort_r(summary->lines, summary->line_count, sizeof(*summary->lines),
		compare_lines, &ordering);
	qsort_r(summary->functions, summary->function_count,
		sizeof(*summary->functions), compare_functions, &ordering);
	qsort_r(summary->files, summary->file_count, sizeof(*summary->files),
		compare_files, &ordering);
	qsort_r(summary->threads, summary->thread_count,
		sizeof(*summary->threads), compare_threads, &ordering);
}
