// SPDX-License-Identifier: Apache-2.0
//
// Collapsed stacks, the input of flamegraph.pl and of many viewers: a line a
// stack, outermost frame first, and its time in microseconds. Time and not
// samples: those of different threads need not stand for equal times.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/intern.h"
#include "core/report/formats.h"

/* Names may hold what separates frames and lines here. */
static void put_name(const struct pyprof_profile *profile, uint32_t string,
		     struct pyprof_buf *out)
{
	const char *name = pyprof_profile_string(profile, string);
	size_t length = pyprof_profile_string_length(profile, string);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];
		pyprof_buf_putc(out, c == ';'		     ? ':'
				     : c < 0x20 || c == 0x7f ? ' '
							     : (char)c);
	}
}

static void put_thread(const struct pyprof_profile *profile, uint32_t thread,
		       struct pyprof_buf *out)
{
	const struct pyprof_profile_thread *threads;
	pyprof_profile_threads(profile, &threads);
	if (pyprof_profile_string_length(profile, threads[thread].name)) {
		put_name(profile, threads[thread].name, out);
		pyprof_buf_printf(out, " (%" PRId32 ")", threads[thread].tid);
	} else {
		pyprof_buf_printf(out, "thread %" PRId32, threads[thread].tid);
	}
}

static void put_frame(const struct pyprof_profile *profile, uint32_t location,
		      struct pyprof_buf *out)
{
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	pyprof_profile_functions(profile, &functions);
	pyprof_profile_locations(profile, &locations);
	const struct pyprof_location *at = &locations[location];
	const struct pyprof_function *function = &functions[at->function];
	pyprof_buf_putc(out, ';');
	put_name(profile,
		 function->qualname ? function->qualname : function->name, out);
	pyprof_buf_puts(out, " (");
	put_name(profile, function->file, out);
	pyprof_buf_printf(out, ":%" PRId32 ")",
			  at->line >= 0 ? at->line : function->first_line);
}

/* Time of a stack in a thread, in all states that pass the filter. */
struct weight {
	uint32_t thread, stack;
	uint64_t ns;
};

static struct pyprof_error *add_weights(const struct pyprof_profile *profile,
					const struct pyprof_filter *filter,
					struct pyprof_intern *weights)
{
	const struct pyprof_tally *tallies;
	size_t count = pyprof_profile_tallies(profile, &tallies);
	for (size_t i = 0; i < count; i++) {
		if (!pyprof_filter_accepts(filter, profile, &tallies[i]))
			continue;
		struct weight weight = {
			.thread = tallies[i].thread,
			.stack = tallies[i].stack,
		};
		uint32_t id;
		struct pyprof_error *err = pyprof_intern(weights, &weight, &id);
		if (err)
			return err;
		struct weight *items = weights->items;
		items[id].ns += tallies[i].ns;
	}
	return NULL;
}

/* Append the frames of a stack; `path` has room for the deepest. */
static void put_stack(const struct pyprof_profile *profile, uint32_t stack,
		      uint32_t *path, struct pyprof_buf *out)
{
	const struct pyprof_stack *stacks;
	pyprof_profile_stacks(profile, &stacks);
	uint32_t depth = stacks[stack].depth;
	for (uint32_t i = depth; i-- > 0; stack = stacks[stack].parent)
		path[i] = stacks[stack].location;
	for (uint32_t i = 0; i < depth; i++)
		put_frame(profile, path[i], out);
}

static uint32_t deepest(const struct pyprof_profile *profile,
			const struct pyprof_intern *weights)
{
	const struct pyprof_stack *stacks;
	pyprof_profile_stacks(profile, &stacks);
	const struct weight *items = weights->items;
	uint32_t depth = 0;
	for (size_t i = 0; i < weights->count; i++) {
		if (stacks[items[i].stack].depth > depth)
			depth = stacks[items[i].stack].depth;
	}
	return depth;
}

static struct pyprof_error *put_weights(const struct pyprof_profile *profile,
					const struct pyprof_intern *weights,
					struct pyprof_buf *out)
{
	_cleanup_free_ uint32_t *path =
		calloc(deepest(profile, weights) + 1, sizeof(*path));
	if (!path)
		return pyprof_error_oom();
	const struct weight *items = weights->items;
	for (size_t i = 0; i < weights->count; i++) {
		uint64_t us = (items[i].ns + 500) / 1000;
		put_thread(profile, items[i].thread, out);
		put_stack(profile, items[i].stack, path, out);
		pyprof_buf_printf(out, " %" PRIu64 "\n", us ? us : 1);
	}
	return pyprof_buf_error(out);
}

static struct pyprof_error *
write_collapsed(const struct pyprof_profile *profile,
		const struct pyprof_report_options *options,
		struct pyprof_buf *out)
{
	struct pyprof_intern weights = PYPROF_INTERN_INIT(struct weight, ns);
	struct pyprof_error *err =
		add_weights(profile, &options->filter, &weights);
	if (!err)
		err = put_weights(profile, &weights, out);
	pyprof_intern_deinit(&weights);
	return err;
}

const struct pyprof_report_format pyprof_report_collapsed = {
	.name = "collapsed",
	.extension = ".collapsed",
	.summary = "stacks for flamegraph.pl and speedscope, in microseconds",
	.write = write_collapsed,
};
