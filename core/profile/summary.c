// SPDX-License-Identifier: Apache-2.0
#include "core/profile/summary.h"

#include <stdlib.h>

#include "core/base/intern.h"
#include "core/profile/order.h"
#include "core/profile/spans.h"
#include "core/profile/tree.h"

/*
 * How it is done: tallies are added up by stack, then from children to their
 * parents, so that each stack knows the time of all stacks above it. One walk
 * over the tree of stacks, which counts how often each row is open on the way
 * from its root, then gives a row the time of exactly those stacks that enter
 * it first. All of it is linear in stacks and tallies, however deep they are.
 */

/* A line of a function; several functions may share a line. */
struct place {
	uint32_t function;
	int32_t line;
};

/* The rows of one table while they are made. */
struct axis {
	/* The row that a location belongs to. */
	uint32_t *row_of;
	struct pyprof_times *times;
	/* How often the row is on the way from the root. */
	uint32_t *open;
	size_t count;
};

enum { BY_PLACE, BY_LINE, BY_FUNCTION, BY_FILE, AXES };

struct builder {
	const struct pyprof_profile *profile;
	const struct pyprof_filter *filter;
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	const struct pyprof_stack *stacks;
	size_t location_count, stack_count;
	/* Self time of each stack; total with all stacks above it. */
	struct pyprof_times *times;
	uint32_t *first_child, *next_sibling;
	/* Keys of the rows of BY_PLACE, BY_LINE and BY_FILE. */
	struct pyprof_intern places, lines, files;
	struct axis axes[AXES];
};

bool pyprof_filter_accepts(const struct pyprof_filter *filter,
			   const struct pyprof_profile *profile,
			   const struct pyprof_tally *tally)
{
	const struct pyprof_profile_thread *threads;
	pyprof_profile_threads(profile, &threads);
	if (filter->tid && threads[tally->thread].tid != filter->tid)
		return false;
	bool waits = pyprof_states[tally->state].group == PYPROF_GROUP_WAIT;
	switch (filter->states) {
	case PYPROF_FILTER_RUNNING:
		return !waits;
	case PYPROF_FILTER_WAITING:
		return waits;
	case PYPROF_FILTER_ALL:
		break;
	}
	return true;
}

void pyprof_times_add_self(struct pyprof_times *to,
			   const struct pyprof_times *from)
{
	to->self_ns += from->self_ns;
	to->self_samples += from->self_samples;
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		to->self_group_ns[i] += from->self_group_ns[i];
}

void pyprof_times_add_total(struct pyprof_times *to,
			    const struct pyprof_times *from)
{
	to->total_ns += from->total_ns;
	to->total_samples += from->total_samples;
}

static void builder_deinit(struct builder *builder)
{
	free(builder->times);
	free(builder->first_child);
	free(builder->next_sibling);
	pyprof_intern_deinit(&builder->places);
	pyprof_intern_deinit(&builder->lines);
	pyprof_intern_deinit(&builder->files);
	for (unsigned i = 0; i < AXES; i++) {
		free(builder->axes[i].row_of);
		free(builder->axes[i].times);
		free(builder->axes[i].open);
	}
}

/* Which row of each table a location belongs to. */
static struct pyprof_error *place_location(struct builder *builder, size_t i)
{
	const struct pyprof_location *location = &builder->locations[i];
	const struct pyprof_function *function =
		&builder->functions[location->function];
	struct axis *axes = builder->axes;
	int32_t number =
		location->line >= 0 ? location->line : function->first_line;
	struct place place = {.function = location->function, .line = number};
	struct pyprof_line_row line = {.file = function->file, .line = number};
	axes[BY_FUNCTION].row_of[i] = location->function;
	struct pyprof_error *err = pyprof_intern(&builder->places, &place,
						 &axes[BY_PLACE].row_of[i]);
	if (!err)
		err = pyprof_intern(&builder->lines, &line,
				    &axes[BY_LINE].row_of[i]);
	if (!err)
		err = pyprof_intern(&builder->files, &function->file,
				    &axes[BY_FILE].row_of[i]);
	return err;
}

static struct pyprof_error *make_axes(struct builder *builder)
{
	struct axis *axes = builder->axes;
	for (unsigned i = 0; i < AXES; i++) {
		axes[i].row_of = calloc(builder->location_count + 1,
					sizeof(*axes[i].row_of));
		if (!axes[i].row_of)
			return pyprof_error_oom();
	}
	for (size_t i = 0; i < builder->location_count; i++) {
		struct pyprof_error *err = place_location(builder, i);
		if (err)
			return err;
	}
	axes[BY_PLACE].count = builder->places.count;
	axes[BY_LINE].count = builder->lines.count;
	axes[BY_FILE].count = builder->files.count;
	axes[BY_FUNCTION].count =
		pyprof_profile_functions(builder->profile, &builder->functions);
	for (unsigned i = 0; i < AXES; i++) {
		axes[i].times =
			calloc(axes[i].count + 1, sizeof(*axes[i].times));
		axes[i].open = calloc(axes[i].count + 1, sizeof(*axes[i].open));
		if (!axes[i].times || !axes[i].open)
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *builder_init(struct builder *builder,
					 const struct pyprof_profile *profile,
					 const struct pyprof_filter *filter)
{
	*builder = (struct builder){
		.profile = profile,
		.filter = filter,
		.places = PYPROF_INTERN_INIT_WHOLE(struct place),
		.lines = PYPROF_INTERN_INIT(struct pyprof_line_row, function),
		.files = PYPROF_INTERN_INIT_WHOLE(uint32_t),
	};
	pyprof_profile_functions(profile, &builder->functions);
	builder->location_count =
		pyprof_profile_locations(profile, &builder->locations);
	size_t count = pyprof_profile_stacks(profile, &builder->stacks);
	builder->stack_count = count;
	builder->times = calloc(count, sizeof(*builder->times));
	builder->first_child = calloc(count, sizeof(*builder->first_child));
	builder->next_sibling = calloc(count, sizeof(*builder->next_sibling));
	if (!builder->times || !builder->first_child || !builder->next_sibling)
		return pyprof_error_oom();
	return make_axes(builder);
}

/* Add up tallies: by stack what passes the filter, by thread all. */
static void add_tallies(struct builder *builder, struct pyprof_summary *summary)
{
	const struct pyprof_tally *tallies;
	size_t count = pyprof_profile_tallies(builder->profile, &tallies);
	const struct pyprof_filter any_state = {
		.states = PYPROF_FILTER_ALL,
		.tid = builder->filter->tid,
	};
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_tally *tally = &tallies[i];
		if (!pyprof_filter_accepts(&any_state, builder->profile, tally))
			continue;
		enum pyprof_state_group group =
			pyprof_states[tally->state].group;
		struct pyprof_thread_row *thread =
			&summary->threads[tally->thread];
		thread->ns[tally->state] += tally->ns;
		thread->samples[tally->state] += tally->samples;
		summary->all_ns += tally->ns;
		summary->all_samples += tally->samples;
		summary->group_ns[group] += tally->ns;
		if (!pyprof_filter_accepts(builder->filter, builder->profile,
					   tally))
			continue;
		summary->ns += tally->ns;
		summary->samples += tally->samples;
		if (!tally->stack)
			summary->frameless_ns += tally->ns;
		struct pyprof_times *times = &builder->times[tally->stack];
		times->self_ns += tally->ns;
		times->self_samples += tally->samples;
		times->self_group_ns[group] += tally->ns;
	}
}

/* Add children to their parents, which have smaller ids, and link them. */
static void roll_up(struct builder *builder)
{
	struct pyprof_times *times = builder->times;
	for (size_t i = builder->stack_count; i-- > 1;) {
		uint32_t parent = builder->stacks[i].parent;
		times[i].total_ns += times[i].self_ns;
		times[i].total_samples += times[i].self_samples;
		if (!times[i].total_samples)
			continue;
		pyprof_times_add_total(&times[parent], &times[i]);
		builder->next_sibling[i] = builder->first_child[parent];
		builder->first_child[parent] = (uint32_t)i;
	}
}

static void enter(struct builder *builder, uint32_t stack)
{
	uint32_t location = builder->stacks[stack].location;
	const struct pyprof_times *times = &builder->times[stack];
	for (unsigned i = 0; i < AXES; i++) {
		struct axis *axis = &builder->axes[i];
		uint32_t row = axis->row_of[location];
		pyprof_times_add_self(&axis->times[row], times);
		if (axis->open[row]++ == 0)
			pyprof_times_add_total(&axis->times[row], times);
	}
}

static void leave(struct builder *builder, uint32_t stack)
{
	uint32_t location = builder->stacks[stack].location;
	for (unsigned i = 0; i < AXES; i++) {
		struct axis *axis = &builder->axes[i];
		axis->open[axis->row_of[location]]--;
	}
}

static void walk_stacks(struct builder *builder)
{
	uint32_t stack = builder->first_child[0];
	while (stack) {
		enter(builder, stack);
		if (builder->first_child[stack]) {
			stack = builder->first_child[stack];
			continue;
		}
		leave(builder, stack);
		while (stack && !builder->next_sibling[stack]) {
			stack = builder->stacks[stack].parent;
			if (stack)
				leave(builder, stack);
		}
		stack = builder->next_sibling[stack];
	}
}

/* Give each line the function that spends the most on it. */
static struct pyprof_error *name_lines(struct builder *builder)
{
	struct pyprof_line_row *lines = builder->lines.items;
	const struct place *places = builder->places.items;
	const struct axis *axes = builder->axes;
	const struct pyprof_times *times = axes[BY_PLACE].times;
	/* The best place of each line, plus one. */
	_cleanup_free_ uint32_t *best =
		calloc(builder->lines.count + 1, sizeof(*best));
	if (!best)
		return pyprof_error_oom();
	for (size_t i = 0; i < builder->location_count; i++) {
		uint32_t place = axes[BY_PLACE].row_of[i];
		uint32_t line = axes[BY_LINE].row_of[i];
		if (best[line] &&
		    pyprof_order_times(&times[best[line] - 1], &times[place],
				       PYPROF_SORT_SELF) <= 0)
			continue;
		best[line] = place + 1;
		lines[line].function = places[place].function;
	}
	return NULL;
}

/* The rows of each table are those of its axis that have time. */
static bool make_lines(const struct builder *builder,
		       struct pyprof_summary *summary)
{
	const struct axis *axis = &builder->axes[BY_LINE];
	const struct pyprof_line_row *lines = builder->lines.items;
	summary->lines = calloc(axis->count + 1, sizeof(*summary->lines));
	if (!summary->lines)
		return false;
	for (size_t i = 0; i < axis->count; i++) {
		if (!axis->times[i].total_samples)
			continue;
		struct pyprof_line_row *row =
			&summary->lines[summary->line_count++];
		*row = lines[i];
		row->times = axis->times[i];
	}
	return true;
}

static bool make_functions(const struct builder *builder,
			   struct pyprof_summary *summary)
{
	const struct axis *axis = &builder->axes[BY_FUNCTION];
	summary->functions =
		calloc(axis->count + 1, sizeof(*summary->functions));
	if (!summary->functions)
		return false;
	for (size_t i = 0; i < axis->count; i++) {
		if (axis->times[i].total_samples)
			summary->functions[summary->function_count++] =
				(struct pyprof_function_row){
					.function = (uint32_t)i,
					.times = axis->times[i],
				};
	}
	return true;
}

static bool make_files(const struct builder *builder,
		       struct pyprof_summary *summary)
{
	const struct axis *axis = &builder->axes[BY_FILE];
	const uint32_t *files = builder->files.items;
	summary->files = calloc(axis->count + 1, sizeof(*summary->files));
	if (!summary->files)
		return false;
	for (size_t i = 0; i < axis->count; i++) {
		if (axis->times[i].total_samples)
			summary->files[summary->file_count++] =
				(struct pyprof_file_row){
					.file = files[i],
					.times = axis->times[i],
				};
	}
	return true;
}

static bool start_threads(const struct pyprof_profile *profile,
			  struct pyprof_summary *summary)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	summary->threads = calloc(count + 1, sizeof(*summary->threads));
	if (!summary->threads)
		return false;
	for (size_t i = 0; i < count; i++)
		summary->threads[i].thread = (uint32_t)i;
	summary->thread_count = count;
	return true;
}

static void drop_idle_threads(struct pyprof_summary *summary)
{
	size_t kept = 0;
	for (size_t i = 0; i < summary->thread_count; i++) {
		uint64_t samples = 0;
		for (unsigned s = 0; s < PYPROF_STATE_COUNT; s++)
			samples += summary->threads[i].samples[s];
		if (samples)
			summary->threads[kept++] = summary->threads[i];
	}
	summary->thread_count = kept;
}

static struct pyprof_error *build(struct builder *builder,
				  struct pyprof_summary *summary)
{
	if (!start_threads(builder->profile, summary))
		return pyprof_error_oom();
	add_tallies(builder, summary);
	drop_idle_threads(summary);
	roll_up(builder);
	walk_stacks(builder);
	struct pyprof_error *err = name_lines(builder);
	if (err)
		return err;
	if (!make_lines(builder, summary) ||
	    !make_functions(builder, summary) || !make_files(builder, summary))
		return pyprof_error_oom();
	err = pyprof_summary_spans(builder->profile, builder->filter, summary);
	if (err)
		return err;
	return pyprof_summary_tree(builder->profile, builder->times, summary);
}

struct pyprof_error *pyprof_summary_create(const struct pyprof_profile *profile,
					   const struct pyprof_filter *filter,
					   enum pyprof_sort sort,
					   struct pyprof_summary **ret)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary =
		calloc(1, sizeof(*summary));
	if (!summary)
		return pyprof_error_oom();
	struct builder builder;
	struct pyprof_error *err = builder_init(&builder, profile, filter);
	if (!err)
		err = build(&builder, summary);
	builder_deinit(&builder);
	if (err)
		return err;
	pyprof_summary_sort(summary, profile, filter, sort);
	*ret = no_cleanup_ptr(summary);
	return NULL;
}

void pyprof_summary_destroy(struct pyprof_summary *summary)
{
	if (!summary)
		return;
	free(summary->lines);
	free(summary->functions);
	free(summary->files);
	free(summary->threads);
	free(summary->tree);
	free(summary->spans);
	free(summary);
}
