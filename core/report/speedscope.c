// SPDX-License-Identifier: Apache-2.0
//
// The input of speedscope.app: a profile a thread, of samples in the order of
// time, each with the time that it stands for. A frame is a line of a function
// and not a function, so that the lines are there to be seen.
#include "core/base/json.h"
#include "core/report/formats.h"
#include "core/report/moments.h"

#include <string.h>

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

struct writer {
	struct pyprof_frames frames;
	struct pyprof_thread_moments moments;
	struct pyprof_json json;
};

static void put_string(struct writer *writer, uint32_t id)
{
	const struct pyprof_profile *profile = writer->frames.profile;
	pyprof_json_text(&writer->json, pyprof_profile_string(profile, id),
			 pyprof_profile_string_length(profile, id));
}

/* Locations in their order, and what stands for time without a frame. */
static void put_frames(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_frames *frames = &writer->frames;
	pyprof_json_key(json, "frames");
	pyprof_json_begin_array(json);
	for (uint32_t i = 0; i < frames->location_count; i++) {
		const struct pyprof_function *function =
			&frames->functions[frames->locations[i].function];
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "name");
		put_string(writer, pyprof_function_label(function));
		pyprof_json_key(json, "file");
		put_string(writer, function->file);
		pyprof_json_key(json, "line");
		pyprof_json_int(json, pyprof_frames_line(frames, i));
		pyprof_json_end_object(json);
	}
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "name");
	pyprof_json_string(json, PYPROF_NO_FRAME);
	pyprof_json_end_object(json);
	pyprof_json_end_array(json);
}

static void put_stack(struct writer *writer, uint32_t stack)
{
	const struct pyprof_frames *frames = &writer->frames;
	uint32_t depth = pyprof_frames_path(frames, stack);
	pyprof_json_begin_array(&writer->json);
	for (uint32_t i = 0; i < depth; i++)
		pyprof_json_uint(&writer->json, frames->path[i]);
	if (!depth)
		pyprof_json_uint(&writer->json, frames->location_count);
	pyprof_json_end_array(&writer->json);
}

static void begin_profile(struct writer *writer, const char *name,
			  size_t length, uint64_t ns)
{
	struct pyprof_json *json = &writer->json;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "type");
	pyprof_json_string(json, "sampled");
	pyprof_json_key(json, "name");
	pyprof_json_text(json, name, length);
	pyprof_json_key(json, "unit");
	pyprof_json_string(json, "nanoseconds");
	pyprof_json_key(json, "startValue");
	pyprof_json_uint(json, 0);
	pyprof_json_key(json, "endValue");
	pyprof_json_uint(json, ns);
}

static void put_samples(struct writer *writer, size_t from, size_t to)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_thread_moment *moments = writer->moments.moments;
	pyprof_json_key(json, "samples");
	pyprof_json_begin_array(json);
	for (size_t i = from; i < to; i++)
		put_stack(writer,
			  writer->frames.tallies[moments[i].tally].stack);
	pyprof_json_end_array(json);
	pyprof_json_key(json, "weights");
	pyprof_json_begin_array(json);
	for (size_t i = from; i < to; i++)
		pyprof_json_uint(json, moments[i].ns);
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
}

static void put_thread(struct writer *writer, uint32_t thread)
{
	size_t from = writer->moments.first[thread];
	size_t to = writer->moments.first[thread + 1];
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	uint64_t ns = 0;
	if (from == to)
		return;
	for (size_t i = from; i < to; i++)
		ns += writer->moments.moments[i].ns;
	pyprof_frames_thread(&writer->frames, thread, &name);
	writer->json.out->failed |= name.failed;
	begin_profile(writer, name.data, name.length, ns);
	put_samples(writer, from, to);
}

static void put_all(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_frames *frames = &writer->frames;
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "$schema");
	pyprof_json_string(json, SCHEMA);
	pyprof_json_key(json, "exporter");
	pyprof_json_string(json, "pyprof");
	pyprof_json_key(json, "name");
	put_string(writer,
		   pyprof_profile_meta_const(frames->profile)->command_line);
	pyprof_json_key(json, "activeProfileIndex");
	pyprof_json_uint(json, 0);
	pyprof_json_key(json, "shared");
	pyprof_json_begin_object(json);
	put_frames(writer);
	pyprof_json_end_object(json);
	pyprof_json_key(json, "profiles");
	pyprof_json_begin_array(json);
	for (uint32_t i = 0; i < frames->thread_count; i++)
		put_thread(writer, i);
	/* It does not open a file without any profile. */
	if (!writer->moments.first[frames->thread_count]) {
		static const char none[] = "no samples";
		begin_profile(writer, none, strlen(none), 0);
		put_samples(writer, 0, 0);
	}
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
	pyprof_buf_putc(json->out, '\n');
}

static struct pyprof_error *
write_speedscope(const struct pyprof_profile *profile,
		 const struct pyprof_report_options *options,
		 struct pyprof_buf *out)
{
	struct writer writer = {.json = PYPROF_JSON_INIT_LINES(out, 3)};
	struct pyprof_error *err = pyprof_frames_init(profile, &writer.frames);
	if (err)
		return err;
	err = pyprof_thread_moments_init(&writer.frames, &options->filter,
					 &writer.moments);
	if (!err) {
		put_all(&writer);
		pyprof_thread_moments_deinit(&writer.moments);
	}
	pyprof_frames_deinit(&writer.frames);
	return err ? err : pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_speedscope = {
	.name = "speedscope",
	.extension = ".speedscope.json",
	.summary = "for speedscope.app: lines by thread, in the order of time",
	.write = write_speedscope,
};
