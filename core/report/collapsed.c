// SPDX-License-Identifier: Apache-2.0
//
// Collapsed stacks, the input of flamegraph.pl and of many viewers: a line a
// stack, outermost frame first, and its time in nanoseconds. Time and not
// samples: those of different threads need not stand for equal times.
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/intern.h"
#include "core/report/formats.h"
#include "core/report/frames.h"

/* Names may hold what separates frames and lines here. */
static void put_name(const char *name, size_t length, struct pyprof_buf *out)
{
	size_t from = out->length;
	pyprof_put_one_line(out, name, length);
	for (size_t i = from; i < out->length; i++) {
		if (out->data[i] == ';')
			out->data[i] = ':';
	}
}

static void put_string(const struct pyprof_profile *profile, uint32_t string,
		       struct pyprof_buf *out)
{
	put_name(pyprof_profile_string(profile, string),
		 pyprof_profile_string_length(profile, string), out);
}

static void put_thread(const struct pyprof_frames *frames, uint32_t thread,
		       struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf label = PYPROF_BUF_INIT;
	pyprof_frames_thread(frames, thread, &label);
	put_name(label.data, label.length, out);
	out->failed |= label.failed;
}

static void put_frame(const struct pyprof_frames *frames, uint32_t location,
		      struct pyprof_buf *out)
{
	const struct pyprof_function *function =
		&frames->functions[frames->locations[location].function];
	pyprof_buf_putc(out, ';');
	put_string(frames->profile, pyprof_function_label(function), out);
	pyprof_buf_puts(out, " (");
	put_string(frames->profile, function->file, out);
	pyprof_buf_printf(out, ":%" PRId32 ")",
			  pyprof_frames_line(frames, location));
}

/* All frames behind each other, each written once; where each one ends. */
struct written {
	struct pyprof_buf text;
	size_t *ends;
};

static void written_deinit(struct written *written)
{
	pyprof_buf_deinit(&written->text);
	free(written->ends);
}

static struct pyprof_error *write_frames(const struct pyprof_frames *frames,
					 struct written *written)
{
	written->ends =
		calloc(frames->location_count + 1, sizeof(*written->ends));
	if (!written->ends)
		return pyprof_error_oom();
	for (size_t i = 0; i < frames->location_count; i++) {
		put_frame(frames, (uint32_t)i, &written->text);
		written->ends[i + 1] = written->text.length;
	}
	return pyprof_buf_error(&written->text);
}

static void put_written(const struct written *written, uint32_t location,
			struct pyprof_buf *out)
{
	size_t from = written->ends[location];
	pyprof_buf_append(out, written->text.data + from,
			  written->ends[location + 1] - from);
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

static struct pyprof_error *put_weights(const struct pyprof_frames *frames,
					const struct pyprof_intern *weights,
					struct pyprof_buf *out)
{
	const struct weight *items = weights->items;
	_cleanup_(written_deinit) struct written written = {
		.text = PYPROF_BUF_INIT};
	struct pyprof_error *err = write_frames(frames, &written);
	if (err)
		return err;
	for (size_t i = 0; i < weights->count; i++) {
		uint32_t depth = pyprof_frames_path(frames, items[i].stack);
		put_thread(frames, items[i].thread, out);
		for (uint32_t k = 0; k < depth; k++)
			put_written(&written, frames->path[k], out);
		if (!depth)
			pyprof_buf_puts(out, ";" PYPROF_NO_FRAME);
		pyprof_buf_printf(out, " %" PRIu64 "\n", items[i].ns);
	}
	return pyprof_buf_error(out);
}

static struct pyprof_error *
write_collapsed(const struct pyprof_profile *profile,
		const struct pyprof_report_options *options,
		struct pyprof_buf *out)
{
	struct pyprof_intern weights = PYPROF_INTERN_INIT(struct weight, ns);
	struct pyprof_frames frames;
	struct pyprof_error *err = pyprof_frames_init(profile, &frames);
	if (err)
		return err;
	err = add_weights(profile, &options->filter, &weights);
	if (!err)
		err = put_weights(&frames, &weights, out);
	pyprof_intern_deinit(&weights);
	pyprof_frames_deinit(&frames);
	return err;
}

const struct pyprof_report_format pyprof_report_collapsed = {
	.name = "collapsed",
	.extension = ".collapsed",
	.summary = "stacks for flamegraph.pl and many viewers, in nanoseconds",
	.write = write_collapsed,
};
