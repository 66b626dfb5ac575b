// SPDX-License-Identifier: Apache-2.0
//
// The Firefox Profiler's own format, as it has it once a profile is processed,
// of version 60: the first one whose tables all threads share; newer viewers
// convert it. Tables are columns, and refer to one another by row.
//
// A frame's category is what its thread did: rows of frames are locations,
// once for each group of states, and rows of stacks are the profile's stacks
// as far as the first group goes; behind them those that end in another one.
#include "core/report/gecko.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report/formats.h"

#define VERSION 60
/* Of processes that Gecko has, the main one. */
#define MAIN_PROCESS 0

struct writer {
	struct pyprof_gecko gecko;
	struct pyprof_thread_moments moments;
};

static const struct {
	const char *name, *color;
} categories[PYPROF_GROUP_COUNT + 1] = {
	[PYPROF_GROUP_PYTHON] = {"Python", "yellow"},
	[PYPROF_GROUP_NATIVE] = {"Native", "blue"},
	[PYPROF_GROUP_WAIT] = {"Waiting", "transparent"},
	/* There has to be a grey one. */
	[PYPROF_GROUP_COUNT] = {"Other", "grey"},
};

static void put_int(struct writer *writer, const char *key, int64_t value)
{
	pyprof_json_key(&writer->gecko.json, key);
	pyprof_json_int(&writer->gecko.json, value);
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	pyprof_json_key(&writer->gecko.json, key);
	pyprof_json_string(&writer->gecko.json, text);
}

static void put_bool(struct writer *writer, const char *key, bool value)
{
	pyprof_json_key(&writer->gecko.json, key);
	pyprof_json_bool(&writer->gecko.json, value);
}

static void put_ms(struct pyprof_json *json, uint64_t ns)
{
	pyprof_json_double(json, (double)ns / 1e6, 6);
}

static void put_samples(struct writer *writer, size_t from, size_t to)
{
	struct pyprof_json *json = &writer->gecko.json;
	const struct pyprof_thread_moment *moments = writer->moments.moments;
	/* A thread has to have one. */
	bool is_empty = from == to;
	pyprof_gecko_begin_table(&writer->gecko, "samples",
				 is_empty ? 1 : to - from);
	put_text(writer, "weightType", "tracing-ms");
	pyprof_gecko_begin_column(&writer->gecko, "stack");
	for (size_t i = from; i < to; i++)
		pyprof_json_uint(json,
				 writer->gecko.stack_of[moments[i].tally]);
	if (is_empty)
		pyprof_json_null(json);
	pyprof_gecko_end_column(&writer->gecko);
	pyprof_gecko_begin_column(&writer->gecko, "time");
	for (size_t i = from; i < to; i++)
		put_ms(json, moments[i].at_ns);
	if (is_empty)
		put_ms(json, 0);
	pyprof_gecko_end_column(&writer->gecko);
	pyprof_gecko_begin_column(&writer->gecko, "weight");
	for (size_t i = from; i < to; i++)
		put_ms(json, moments[i].ns);
	if (is_empty)
		put_ms(json, 0);
	pyprof_gecko_end_column(&writer->gecko);
	pyprof_json_end_object(json);
}

static void put_thread(struct writer *writer, const char *name, size_t length,
		       int64_t tid, bool is_main, size_t from, size_t to)
{
	static const char *const markers[] = {"data",	 "name",  "startTime",
					      "endTime", "phase", "category",
					      NULL};
	struct pyprof_json *json = &writer->gecko.json;
	char pid[16];
	snprintf(pid, sizeof(pid), "%" PRId32,
		 pyprof_profile_meta_const(writer->gecko.frames.profile)->pid);
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "name");
	pyprof_json_text(json, name, length);
	put_bool(writer, "isMainThread", is_main);
	put_text(writer, "processType", "default");
	put_text(writer, "pid", pid);
	put_int(writer, "tid", tid);
	put_int(writer, "processStartupTime", 0);
	pyprof_json_key(json, "processShutdownTime");
	pyprof_json_null(json);
	put_int(writer, "registerTime", 0);
	pyprof_json_key(json, "unregisterTime");
	pyprof_json_null(json);
	pyprof_gecko_put_nulls(&writer->gecko, "pausedRanges", 0);
	put_samples(writer, from, to);
	pyprof_gecko_put_empty_table(&writer->gecko, "markers", markers);
	pyprof_json_end_object(json);
}

static void put_threads(struct writer *writer)
{
	static const char none[] = "no samples";
	const struct pyprof_frames *frames = &writer->gecko.frames;
	const size_t *first = writer->moments.first;
	pyprof_gecko_begin_column(&writer->gecko, "threads");
	for (uint32_t i = 0; i < frames->thread_count; i++) {
		_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
		if (first[i] == first[i + 1])
			continue;
		pyprof_frames_thread(frames, i, &name);
		writer->gecko.json.out->failed |= name.failed;
		put_thread(writer, name.data, name.length,
			   frames->threads[i].tid, frames->threads[i].is_main,
			   first[i], first[i + 1]);
	}
	if (!first[frames->thread_count])
		put_thread(writer, none, strlen(none), 0, true, 0, 0);
	pyprof_gecko_end_column(&writer->gecko);
}

static void put_categories(struct writer *writer)
{
	pyprof_gecko_begin_column(&writer->gecko, "categories");
	for (unsigned i = 0; i <= PYPROF_GROUP_COUNT; i++) {
		pyprof_json_begin_object(&writer->gecko.json);
		put_text(writer, "name", categories[i].name);
		put_text(writer, "color", categories[i].color);
		pyprof_gecko_begin_column(&writer->gecko, "subcategories");
		pyprof_json_string(&writer->gecko.json, "Other");
		pyprof_gecko_end_column(&writer->gecko);
		pyprof_json_end_object(&writer->gecko.json);
	}
	pyprof_gecko_end_column(&writer->gecko);
}

static void put_meta(struct writer *writer)
{
	struct pyprof_json *json = &writer->gecko.json;
	const struct pyprof_profile *profile = writer->gecko.frames.profile;
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_json_key(json, "meta");
	pyprof_json_begin_object(json);
	put_int(writer, "preprocessedProfileVersion", VERSION);
	/* Of Gecko's own format, which this never was. */
	put_int(writer, "version", 0);
	put_text(writer, "importedFrom", "pyprof");
	pyprof_json_key(json, "product");
	pyprof_json_text(
		json, pyprof_profile_string(profile, meta->command_line),
		pyprof_profile_string_length(profile, meta->command_line));
	pyprof_json_key(json, "interval");
	pyprof_json_double(json, meta->rate_hz > 0 ? 1e3 / meta->rate_hz : 1,
			   6);
	put_int(writer, "startTime", meta->started_at * 1000);
	put_int(writer, "processType", MAIN_PROCESS);
	put_int(writer, "stackwalk", 0);
	put_bool(writer, "symbolicated", true);
	put_bool(writer, "usesOnlyOneStackType", true);
	put_bool(writer, "sourceCodeIsNotOnSearchfox", true);
	pyprof_gecko_put_nulls(&writer->gecko, "markerSchema", 0);
	put_categories(writer);
	pyprof_json_end_object(json);
}

static void put_all(struct writer *writer)
{
	pyprof_json_begin_object(&writer->gecko.json);
	put_meta(writer);
	pyprof_gecko_put_nulls(&writer->gecko, "libs", 0);
	pyprof_gecko_put_nulls(&writer->gecko, "pages", 0);
	pyprof_gecko_put_shared(&writer->gecko);
	put_threads(writer);
	pyprof_json_end_object(&writer->gecko.json);
	pyprof_buf_putc(writer->gecko.json.out, '\n');
}

static struct pyprof_error *
write_gecko(const struct pyprof_profile *profile,
	    const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	struct writer writer = {.gecko.json = PYPROF_JSON_INIT_LINES(out, 3)};
	struct pyprof_frames *frames = &writer.gecko.frames;
	struct pyprof_error *err = pyprof_frames_init(profile, frames);
	if (err)
		return err;
	err = pyprof_gecko_init(&writer.gecko, &options->filter);
	if (!err)
		err = pyprof_thread_moments_init(frames, &options->filter,
						 &writer.moments);
	if (!err)
		put_all(&writer);
	pyprof_thread_moments_deinit(&writer.moments);
	pyprof_gecko_deinit(&writer.gecko);
	pyprof_frames_deinit(frames);
	return err ? err : pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_gecko = {
	.name = "gecko",
	.extension = ".gecko.json",
	.summary = "for profiler.firefox.com: threads over time",
	.write = write_gecko,
};
