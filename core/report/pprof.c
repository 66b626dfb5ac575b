// SPDX-License-Identifier: Apache-2.0
//
// pprof's format: a message of protobuf (core/report/pprof.proto). Messages of
// one type, one behind the other, are one message with all of their items: so
// each item is packed by itself, and nothing is ever held twice.
#include "core/report/formats.h"

#include "config.h"

#ifdef HAVE_PROTOBUF_C
#include <stdlib.h>
#include <string.h>

#include "core/report/frames.h"
#include "core/report/header.h"
#include "core/report/pprof.pb-c.h"

/* The keys of labels. */
enum { THREAD, TID, STATE, INTERPRETER, LABELS };

struct writer {
	struct pyprof_frames frames;
	struct pyprof_buf *out;
	/* Strings are numbered as in the profile, and then as they come. */
	int64_t strings;
	int64_t keys[LABELS], states[PYPROF_STATE_COUNT];
	/* Names of threads. */
	int64_t *names;
	int64_t count, samples, nanoseconds, wall, no_frame;
};

struct sink {
	ProtobufCBuffer base;
	struct pyprof_buf *out;
};

static void append(ProtobufCBuffer *base, size_t size, const uint8_t *bytes)
{
	pyprof_buf_append(((struct sink *)base)->out, bytes, size);
}

static void put(struct writer *writer, const Pprof__Profile *part)
{
	struct sink sink = {.base.append = append, .out = writer->out};
	protobuf_c_message_pack_to_buffer(&part->base, &sink.base);
}

static void put_bytes(struct writer *writer, const char *text, size_t length)
{
	_cleanup_buf_ struct pyprof_buf clean = PYPROF_BUF_INIT;
	pyprof_put_utf8(&clean, text, length);
	writer->out->failed |= clean.failed;
	ProtobufCBinaryData string = {.len = clean.length,
				      .data = (uint8_t *)clean.data};
	Pprof__Profile part = PPROF__PROFILE__INIT;
	part.n_string_table = 1;
	part.string_table = &string;
	put(writer, &part);
}

/* Write one more string; its number. */
static int64_t put_string(struct writer *writer, const char *text)
{
	put_bytes(writer, text, strlen(text));
	return writer->strings++;
}

static struct pyprof_error *put_threads(struct writer *writer)
{
	size_t count = writer->frames.thread_count;
	_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
	writer->names = calloc(count + 1, sizeof(*writer->names));
	if (!writer->names)
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++) {
		pyprof_buf_clear(&name);
		pyprof_frames_thread(&writer->frames, (uint32_t)i, &name);
		put_bytes(writer, name.data, name.length);
		writer->names[i] = writer->strings++;
	}
	return pyprof_buf_error(&name);
}

static struct pyprof_error *put_strings(struct writer *writer)
{
	static const char *const keys[LABELS] = {
		[THREAD] = "thread",
		[TID] = "tid",
		[STATE] = "state",
		[INTERPRETER] = "interpreter",
	};
	const struct pyprof_profile *profile = writer->frames.profile;
	uint32_t count =
		pyprof_strtab_count(pyprof_profile_strings_const(profile));
	for (uint32_t i = 0; i < count; i++)
		put_bytes(writer, pyprof_profile_string(profile, i),
			  pyprof_profile_string_length(profile, i));
	writer->strings = count;
	writer->samples = put_string(writer, "samples");
	writer->count = put_string(writer, "count");
	writer->wall = put_string(writer, "wall");
	writer->nanoseconds = put_string(writer, "nanoseconds");
	writer->no_frame = put_string(writer, PYPROF_NO_FRAME);
	for (unsigned i = 0; i < LABELS; i++)
		writer->keys[i] = put_string(writer, keys[i]);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++)
		writer->states[i] = put_string(writer, pyprof_states[i].word);
	return put_threads(writer);
}

/* What all reports state, as comments: `go tool pprof -comments`. */
static void put_comments(struct writer *writer, char *prose)
{
	for (char *line; (line = strsep(&prose, "\n")) && *line;) {
		int64_t comment = put_string(writer, line + strlen("# "));
		Pprof__Profile part = PPROF__PROFILE__INIT;
		part.n_comment = 1;
		part.comment = &comment;
		put(writer, &part);
	}
}

static void put_head(struct writer *writer)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(writer->frames.profile);
	Pprof__Unit samples = PPROF__UNIT__INIT, wall = PPROF__UNIT__INIT;
	samples.type = writer->samples;
	samples.unit = writer->count;
	wall.type = writer->wall;
	wall.unit = writer->nanoseconds;
	/* Says that names and lines are known and need no looking up. */
	Pprof__Mapping mapping = PPROF__MAPPING__INIT;
	mapping.id = 1;
	mapping.filename = meta->command_line;
	mapping.has_functions = mapping.has_filenames = true;
	mapping.has_line_numbers = true;
	Pprof__Profile part = PPROF__PROFILE__INIT;
	part.n_sample_type = 2;
	part.sample_type = (Pprof__Unit *[]){&samples, &wall};
	part.n_mapping = 1;
	part.mapping = (Pprof__Mapping *[]){&mapping};
	part.time_nanos = meta->started_at * 1000000000;
	part.duration_nanos = (int64_t)meta->sampled_ns;
	part.period_type = &wall;
	if (meta->rate_hz > 0)
		part.period = (int64_t)(1e9 / meta->rate_hz);
	part.default_sample_type = writer->wall;
	put(writer, &part);
}

static void put_function(struct writer *writer, uint64_t id, int64_t name,
			 uint32_t file, int32_t first_line)
{
	Pprof__Function function = PPROF__FUNCTION__INIT;
	Pprof__Profile part = PPROF__PROFILE__INIT;
	function.id = id;
	function.name = name;
	function.filename = file;
	function.start_line = first_line > 0 ? first_line : 0;
	part.n_function = 1;
	part.function = (Pprof__Function *[]){&function};
	put(writer, &part);
}

static void put_location(struct writer *writer, uint64_t id,
			 uint64_t function_id, int32_t number)
{
	Pprof__Line line = PPROF__LINE__INIT;
	Pprof__Location location = PPROF__LOCATION__INIT;
	Pprof__Profile part = PPROF__PROFILE__INIT;
	line.function_id = function_id;
	line.line = number;
	location.id = id;
	location.mapping_id = 1;
	location.n_line = 1;
	location.line = (Pprof__Line *[]){&line};
	part.n_location = 1;
	part.location = (Pprof__Location *[]){&location};
	put(writer, &part);
}

/* Numbered from 1; the last ones stand for time without a frame. */
static void put_places(struct writer *writer)
{
	const struct pyprof_frames *frames = &writer->frames;
	for (size_t i = 0; i < frames->function_count; i++) {
		const struct pyprof_function *function = &frames->functions[i];
		put_function(writer, i + 1, pyprof_function_label(function),
			     function->file, function->first_line);
	}
	put_function(writer, frames->function_count + 1, writer->no_frame, 0,
		     0);
	for (uint32_t i = 0; i < frames->location_count; i++)
		put_location(writer, (uint64_t)i + 1,
			     (uint64_t)frames->locations[i].function + 1,
			     pyprof_frames_line(frames, i));
	put_location(writer, frames->location_count + 1,
		     frames->function_count + 1, 0);
}

static void put_sample(struct writer *writer, const struct pyprof_tally *tally,
		       uint64_t *path)
{
	const struct pyprof_frames *frames = &writer->frames;
	Pprof__Label labels[LABELS];
	Pprof__Label *pointers[LABELS];
	for (unsigned i = 0; i < LABELS; i++) {
		pprof__label__init(&labels[i]);
		labels[i].key = writer->keys[i];
		pointers[i] = &labels[i];
	}
	labels[THREAD].str = writer->names[tally->thread];
	labels[TID].num = frames->threads[tally->thread].tid;
	labels[INTERPRETER].num = frames->threads[tally->thread].interp_id;
	labels[STATE].str = writer->states[tally->state];
	uint32_t depth = pyprof_frames_path(frames, tally->stack);
	for (uint32_t i = 0; i < depth; i++)
		path[i] = (uint64_t)frames->path[depth - 1 - i] + 1;
	if (!depth)
		path[depth++] = frames->location_count + 1;
	Pprof__Sample sample = PPROF__SAMPLE__INIT;
	sample.n_location_id = depth;
	sample.location_id = path;
	sample.n_value = 2;
	sample.value = (int64_t[]){(int64_t)tally->samples, (int64_t)tally->ns};
	/* The main interpreter's number, 0, is as good as none. */
	sample.n_label = labels[INTERPRETER].num ? LABELS : INTERPRETER;
	sample.label = pointers;
	Pprof__Profile part = PPROF__PROFILE__INIT;
	part.n_sample = 1;
	part.sample = (Pprof__Sample *[]){&sample};
	put(writer, &part);
}

static struct pyprof_error *put_samples(struct writer *writer,
					const struct pyprof_filter *filter)
{
	const struct pyprof_frames *frames = &writer->frames;
	_cleanup_free_ uint64_t *path =
		calloc(frames->deepest + 1, sizeof(*path));
	if (!path)
		return pyprof_error_oom();
	for (size_t i = 0; i < frames->tally_count; i++) {
		if (pyprof_filter_accepts(filter, frames->profile,
					  &frames->tallies[i]))
			put_sample(writer, &frames->tallies[i], path);
	}
	return pyprof_buf_error(writer->out);
}

static struct pyprof_error *put_all(struct writer *writer,
				    const struct pyprof_filter *filter)
{
	const struct pyprof_profile *profile = writer->frames.profile;
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	_cleanup_buf_ struct pyprof_buf prose = PYPROF_BUF_INIT;
	struct pyprof_error *err = pyprof_summary_create(
		profile, filter, PYPROF_SORT_SELF, &summary);
	if (!err)
		err = put_strings(writer);
	if (err)
		return err;
	pyprof_report_header(profile, summary, filter, 0, &prose);
	err = pyprof_buf_error(&prose);
	if (err)
		return err;
	put_comments(writer, prose.data);
	put_head(writer);
	put_places(writer);
	return put_samples(writer, filter);
}

static struct pyprof_error *
write_pprof(const struct pyprof_profile *profile,
	    const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	struct writer writer = {.out = out};
	struct pyprof_error *err = pyprof_frames_init(profile, &writer.frames);
	if (err)
		return err;
	err = put_all(&writer, &options->filter);
	free(writer.names);
	pyprof_frames_deinit(&writer.frames);
	return err;
}

#else /* !HAVE_PROTOBUF_C */

static struct pyprof_error *
write_pprof(const struct pyprof_profile *profile,
	    const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	(void)profile;
	(void)options;
	(void)out;
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "this build of pyprof cannot write pprof "
				   "files: it was made without protobuf-c");
}

#endif /* HAVE_PROTOBUF_C */

const struct pyprof_report_format pyprof_report_pprof = {
	.name = "pprof",
	.extension = ".pprof",
	.summary = "for go tool pprof, Pyroscope and others",
	.write = write_pprof,
};
