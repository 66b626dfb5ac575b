// SPDX-License-Identifier: Apache-2.0
//
// Chrome's trace events, as JSON, for ui.perfetto.dev and others: a slice is a
// frame for as long as consecutive samples of its thread have it, on the same
// line and under the same callers. Times are microseconds, with three
// decimals. Ends are told as times, not as durations: sums of those would
// round, and slices no longer lie in one another.
#include <stdlib.h>

#include "core/base/json.h"
#include "core/report/formats.h"
#include "core/report/moments.h"

struct writer {
	struct pyprof_frames frames;
	struct pyprof_thread_moments moments;
	struct pyprof_json json;
	/* Slices that go on, outermost first: locations, or NO_FRAME. */
	uint32_t *open;
	uint32_t depth;
};

#define NO_FRAME UINT32_MAX

static void put_string(struct writer *writer, uint32_t id)
{
	const struct pyprof_profile *profile = writer->frames.profile;
	pyprof_json_text(&writer->json, pyprof_profile_string(profile, id),
			 pyprof_profile_string_length(profile, id));
}

static void begin_event(struct writer *writer, const char *phase,
			uint32_t thread)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_frames *frames = &writer->frames;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "ph");
	pyprof_json_string(json, phase);
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, pyprof_profile_meta_const(frames->profile)->pid);
	pyprof_json_key(json, "tid");
	pyprof_json_int(json, frames->threads[thread].tid);
}

static void put_slice_event(struct writer *writer, const char *phase,
			    uint32_t thread, uint64_t at_ns, uint32_t location)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_frames *frames = &writer->frames;
	begin_event(writer, phase, thread);
	pyprof_json_key(json, "ts");
	pyprof_json_double(json, (double)at_ns / 1e3, 3);
	pyprof_json_key(json, "name");
	if (location == NO_FRAME) {
		pyprof_json_string(json, PYPROF_NO_FRAME);
	} else {
		const struct pyprof_function *function =
			&frames->functions[frames->locations[location]
						   .function];
		put_string(writer, pyprof_function_label(function));
		pyprof_json_key(json, "args");
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "file");
		put_string(writer, function->file);
		pyprof_json_key(json, "line");
		pyprof_json_int(json, pyprof_frames_line(frames, location));
		pyprof_json_end_object(json);
	}
	pyprof_json_end_object(json);
}

static void close_to(struct writer *writer, uint32_t depth, uint32_t thread,
		     uint64_t at_ns)
{
	while (writer->depth > depth)
		put_slice_event(writer, "E", thread, at_ns,
				writer->open[--writer->depth]);
}

static void put_moment(struct writer *writer, uint32_t thread,
		       const struct pyprof_thread_moment *moment,
		       uint64_t last_end)
{
	struct pyprof_frames *frames = &writer->frames;
	uint32_t depth = pyprof_frames_path(
		frames, frames->tallies[moment->tally].stack);
	if (!depth)
		frames->path[depth++] = NO_FRAME;
	uint32_t common = 0;
	while (last_end == moment->at_ns && common < depth &&
	       common < writer->depth &&
	       frames->path[common] == writer->open[common])
		common++;
	close_to(writer, common, thread, last_end);
	for (uint32_t i = common; i < depth; i++) {
		put_slice_event(writer, "B", thread, moment->at_ns,
				frames->path[i]);
		writer->open[writer->depth++] = frames->path[i];
	}
}

static void put_slices(struct writer *writer, uint32_t thread)
{
	size_t end = writer->moments.first[thread + 1];
	uint64_t last_end = 0;
	for (size_t i = writer->moments.first[thread]; i < end; i++) {
		const struct pyprof_thread_moment *moment =
			&writer->moments.moments[i];
		put_moment(writer, thread, moment, last_end);
		last_end = moment->at_ns + moment->ns;
	}
	close_to(writer, 0, thread, last_end);
}

/* An event that names a process or a thread. */
static void put_name(struct writer *writer, const char *what, uint32_t thread,
		     const char *name, size_t length)
{
	struct pyprof_json *json = &writer->json;
	begin_event(writer, "M", thread);
	pyprof_json_key(json, "name");
	pyprof_json_string(json, what);
	pyprof_json_key(json, "args");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "name");
	pyprof_json_text(json, name, length);
	pyprof_json_end_object(json);
	pyprof_json_end_object(json);
}

static void put_thread(struct writer *writer, uint32_t thread)
{
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	pyprof_frames_thread(&writer->frames, thread, &name);
	writer->json.out->failed |= name.failed;
	put_name(writer, "thread_name", thread, name.data, name.length);
	put_slices(writer, thread);
}

static void put_all(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_frames *frames = &writer->frames;
	const struct pyprof_profile *profile = frames->profile;
	uint32_t command = pyprof_profile_meta_const(profile)->command_line;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "displayTimeUnit");
	pyprof_json_string(json, "ms");
	pyprof_json_key(json, "traceEvents");
	pyprof_json_begin_array(json);
	if (frames->thread_count)
		put_name(writer, "process_name", 0,
			 pyprof_profile_string(profile, command),
			 pyprof_profile_string_length(profile, command));
	for (uint32_t i = 0; i < frames->thread_count; i++)
		put_thread(writer, i);
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
	pyprof_buf_putc(json->out, '\n');
}

static struct pyprof_error *
write_chrome_trace(const struct pyprof_profile *profile,
		   const struct pyprof_report_options *options,
		   struct pyprof_buf *out)
{
	struct writer writer = {.json = PYPROF_JSON_INIT_LINES(out, 2)};
	struct pyprof_error *err = pyprof_frames_init(profile, &writer.frames);
	if (err)
		return err;
	err = pyprof_thread_moments_init(&writer.frames, &options->filter,
					 &writer.moments);
	writer.open = calloc(writer.frames.deepest + 1, sizeof(*writer.open));
	if (!err) {
		if (writer.open)
			put_all(&writer);
		else
			err = pyprof_error_oom();
		pyprof_thread_moments_deinit(&writer.moments);
	}
	free(writer.open);
	pyprof_frames_deinit(&writer.frames);
	return err ? err : pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_chrome_trace = {
	.name = "chrome-trace",
	.extension = ".trace.json",
	.summary = "for ui.perfetto.dev: threads over time, as slices",
	.write = write_chrome_trace,
};
