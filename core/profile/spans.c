// SPDX-License-Identifier: Apache-2.0
#include "core/profile/spans.h"

#include <stdlib.h>

#include "core/base/intern.h"

/* The key of a row ends before the padding in front of its times. */
#define KEY_SIZE                                     \
	(offsetof(struct pyprof_span_row, columns) + \
	 sizeof(struct pyprof_columns))

static struct pyprof_error *add(struct pyprof_intern *rows,
				const struct pyprof_profile *profile,
				const struct pyprof_span *span)
{
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	pyprof_profile_functions(profile, &functions);
	pyprof_profile_locations(profile, &locations);
	const struct pyprof_location *location = &locations[span->location];
	const struct pyprof_span_row key = {
		.file = functions[location->function].file,
		.line = location->line,
		.columns = span->columns,
	};
	uint32_t id;
	struct pyprof_error *err = pyprof_intern(rows, &key, &id);
	if (err)
		return err;
	struct pyprof_span_row *row =
		&((struct pyprof_span_row *)rows->items)[id];
	row->times.self_ns += span->ns;
	row->times.self_samples += span->samples;
	row->times.self_group_ns[pyprof_states[span->state].group] += span->ns;
	return NULL;
}

static int compare(int64_t x, int64_t y)
{
	return x == y ? 0 : x < y ? -1 : 1;
}

static int compare_lines(const struct pyprof_span_row *row, uint32_t file,
			 int32_t line)
{
	int order = compare(row->file, file);
	return order ? order : compare(row->line, line);
}

/* By line; of one line most time first, then from left to right. */
static int compare_rows(const void *a, const void *b)
{
	const struct pyprof_span_row *x = a, *y = b;
	int order = compare_lines(x, y->file, y->line);
	if (!order && x->times.self_ns != y->times.self_ns)
		return x->times.self_ns > y->times.self_ns ? -1 : 1;
	if (!order)
		order = compare(x->columns.column, y->columns.column);
	if (!order)
		order = compare(x->columns.end_line, y->columns.end_line);
	return order ? order
		     : compare(x->columns.end_column, y->columns.end_column);
}

struct pyprof_error *pyprof_summary_spans(const struct pyprof_profile *profile,
					  const struct pyprof_filter *filter,
					  struct pyprof_summary *summary)
{
	const struct pyprof_span *spans;
	size_t count = pyprof_profile_spans(profile, &spans);
	struct pyprof_intern rows = {
		.item_size = sizeof(struct pyprof_span_row),
		.key_size = KEY_SIZE,
	};
	struct pyprof_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++) {
		const struct pyprof_tally tally = {
			.thread = spans[i].thread,
			.state = spans[i].state,
		};
		if (pyprof_filter_accepts(filter, profile, &tally))
			err = add(&rows, profile, &spans[i]);
	}
	summary->spans = rows.items;
	summary->span_count = rows.count;
	rows.items = NULL;
	pyprof_intern_deinit(&rows);
	if (summary->span_count)
		qsort(summary->spans, summary->span_count,
		      sizeof(*summary->spans), compare_rows);
	return err;
}

size_t pyprof_summary_line_spans(const struct pyprof_summary *summary,
				 uint32_t file, int32_t line,
				 const struct pyprof_span_row **ret)
{
	size_t low = 0, high = summary->span_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (compare_lines(&summary->spans[middle], file, line) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < summary->span_count &&
	       compare_lines(&summary->spans[end], file, line) == 0)
		end++;
	*ret = summary->spans + low;
	return end - low;
}

static void take(uint64_t *from, uint64_t part)
{
	*from -= *from < part ? *from : part;
}

void pyprof_times_take_self(struct pyprof_times *from,
			    const struct pyprof_times *part)
{
	take(&from->self_ns, part->self_ns);
	take(&from->self_samples, part->self_samples);
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		take(&from->self_group_ns[i], part->self_group_ns[i]);
}
