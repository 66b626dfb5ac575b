// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_data.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/base/json.h"
#include "core/report/header.h"
#include "core/report/html_moments.h"
#include "core/report/html_source.h"

static const char *const group_words[PYPROF_GROUP_COUNT] = {
	[PYPROF_GROUP_PYTHON] = "python",
	[PYPROF_GROUP_NATIVE] = "native",
	[PYPROF_GROUP_WAIT] = "wait",
};

static const struct pyprof_html_limits limits_alone = {
	.stacks = 120000,
	.tallies = 150000,
	.moments = 200000,
	.source = 4u << 20,
};
/* Of each of two that share a page. */
static const struct pyprof_html_limits limits_shared = {
	.stacks = 60000,
	.tallies = 75000,
	.moments = 0,
	.source = 2u << 20,
};

static void put_string(struct pyprof_json *json, const char *key,
		       const char *text)
{
	pyprof_json_key(json, key);
	pyprof_json_string(json, text);
}

/* Which items of a table are written, and as what: dense ids in old order. */
struct renumber {
	uint32_t *id;
	bool *used;
	/* Of the table, and of those that are written. */
	size_t count, used_count;
	/* There is one more, "rare stacks" or "rare threads". */
	bool has_rare;
};

struct writer {
	struct pyprof_json json;
	const struct pyprof_profile *profile;
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	const struct pyprof_profile_thread *threads;
	struct pyprof_html_shape shape;
	struct renumber string, function, location, thread;
};

static bool renumber_init(struct renumber *table, size_t count)
{
	table->count = count;
	table->id = calloc(count + 1, sizeof(*table->id));
	table->used = calloc(count + 1, sizeof(*table->used));
	return table->id && table->used;
}

static void renumber_deinit(struct renumber *table)
{
	free(table->id);
	free(table->used);
}

static void renumber(struct renumber *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->used[i])
			table->id[i] = (uint32_t)table->used_count++;
}

static void writer_deinit(struct writer *writer)
{
	pyprof_html_shape_deinit(&writer->shape);
	renumber_deinit(&writer->string);
	renumber_deinit(&writer->function);
	renumber_deinit(&writer->location);
	renumber_deinit(&writer->thread);
}

static void use_function(struct writer *writer, uint32_t id)
{
	const struct pyprof_function *function = &writer->functions[id];
	writer->function.used[id] = true;
	writer->string.used[function->name] = true;
	writer->string.used[function->qualname] = true;
	writer->string.used[function->file] = true;
}

/* Mark what the tallies and stacks lead to. */
static void mark_used(struct writer *writer)
{
	const struct pyprof_html_shape *shape = &writer->shape;
	writer->string.used[0] = true;
	for (size_t i = 0; i < shape->tally_count; i++) {
		uint32_t thread = shape->tallies[i].thread;
		if (thread == PYPROF_HTML_RARE_THREAD) {
			writer->thread.has_rare = true;
			continue;
		}
		writer->thread.used[thread] = true;
		writer->string.used[writer->threads[thread].name] = true;
	}
	for (size_t i = 1; i < shape->stack_count; i++) {
		uint32_t location = shape->stacks[i].location;
		if (location == PYPROF_HTML_RARE) {
			writer->location.has_rare = true;
			writer->function.has_rare = true;
			continue;
		}
		writer->location.used[location] = true;
		use_function(writer, writer->locations[location].function);
	}
}

static struct pyprof_error *writer_init(struct writer *writer,
					const struct pyprof_profile *profile,
					const struct pyprof_html_limits *limits,
					struct pyprof_buf *out)
{
	*writer = (struct writer){
		.json = PYPROF_JSON_INIT(out),
		.profile = profile,
	};
	struct pyprof_error *err =
		pyprof_html_shape_init(profile, limits, &writer->shape);
	if (err)
		return err;
	const struct pyprof_strtab *strings =
		pyprof_profile_strings_const(profile);
	if (!renumber_init(&writer->string, pyprof_strtab_count(strings)) ||
	    !renumber_init(
		    &writer->function,
		    pyprof_profile_functions(profile, &writer->functions)) ||
	    !renumber_init(
		    &writer->location,
		    pyprof_profile_locations(profile, &writer->locations)) ||
	    !renumber_init(&writer->thread,
			   pyprof_profile_threads(profile, &writer->threads)))
		return pyprof_error_oom();
	mark_used(writer);
	renumber(&writer->string);
	renumber(&writer->function);
	renumber(&writer->location);
	renumber(&writer->thread);
	return NULL;
}

static void begin_column(struct writer *writer, const char *key)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_array(&writer->json);
}

static void begin_table(struct writer *writer, const char *key)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_object(&writer->json);
}

/* A column of the table `of`: `value` for each item `i` that is written, and
 * `rare` for the rare where the table has it. */
#define COLUMN(writer, key, of, value, rare)                       \
	do {                                                       \
		begin_column(writer, key);                         \
		for (size_t i = 0; i < (writer)->of.count; i++)    \
			if ((writer)->of.used[i])                  \
				pyprof_json_int(&(writer)->json,   \
						(int64_t)(value)); \
		if ((writer)->of.has_rare)                         \
			pyprof_json_int(&(writer)->json, (rare));  \
		pyprof_json_end_array(&(writer)->json);            \
	} while (0)

/* A column of an array of the shape. */
#define SHAPE_COLUMN(writer, key, of, value)                            \
	do {                                                            \
		begin_column(writer, key);                              \
		for (size_t i = 0; i < (writer)->shape.of##_count; i++) \
			pyprof_json_uint(&(writer)->json, (value));     \
		pyprof_json_end_array(&(writer)->json);                 \
	} while (0)

static void write_strings(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	begin_column(writer, "strings");
	for (uint32_t i = 0; i < writer->string.count; i++)
		if (writer->string.used[i])
			pyprof_json_text(
				json, pyprof_profile_string(writer->profile, i),
				pyprof_profile_string_length(writer->profile,
							     i));
	/* Behind all others, for places and threads. */
	if (writer->location.has_rare || writer->thread.has_rare) {
		pyprof_json_string(json, "(rare stacks)");
		pyprof_json_string(json, "(rare threads)");
	}
	pyprof_json_end_array(json);
}

/* An instruction of no line counts for the first line of its function. */
static int32_t line_of(const struct writer *writer, size_t location)
{
	const struct pyprof_location *at = &writer->locations[location];
	return at->line >= 0 ? at->line
			     : writer->functions[at->function].first_line;
}

static void write_places(struct writer *writer)
{
	const struct pyprof_function *functions = writer->functions;
	const uint32_t *string = writer->string.id;
	int64_t rare = (int64_t)writer->string.used_count;
	int64_t rare_function = (int64_t)writer->function.used_count;
	begin_table(writer, "functions");
	COLUMN(writer, "name", function, string[functions[i].name], rare);
	COLUMN(writer, "qualname", function, string[functions[i].qualname],
	       rare);
	COLUMN(writer, "file", function, string[functions[i].file], 0);
	COLUMN(writer, "line", function, functions[i].first_line, 0);
	pyprof_json_end_object(&writer->json);
	begin_table(writer, "locations");
	COLUMN(writer, "function", location,
	       writer->function.id[writer->locations[i].function],
	       rare_function);
	COLUMN(writer, "line", location, line_of(writer, i), 0);
	pyprof_json_end_object(&writer->json);
}

static uint32_t location_of(const struct writer *writer, size_t stack)
{
	uint32_t location = writer->shape.stacks[stack].location;
	if (!stack)
		return 0;
	return location == PYPROF_HTML_RARE
		       ? (uint32_t)writer->location.used_count
		       : writer->location.id[location];
}

static uint32_t thread_of(const struct writer *writer, uint32_t thread)
{
	return thread == PYPROF_HTML_RARE_THREAD
		       ? (uint32_t)writer->thread.used_count
		       : writer->thread.id[thread];
}

static void write_shape(struct writer *writer)
{
	const struct pyprof_html_stack *stacks = writer->shape.stacks;
	const struct pyprof_html_tally *tallies = writer->shape.tallies;
	begin_table(writer, "stacks");
	SHAPE_COLUMN(writer, "up", stack, i - stacks[i].parent);
	SHAPE_COLUMN(writer, "location", stack, location_of(writer, i));
	pyprof_json_end_object(&writer->json);
	begin_table(writer, "tallies");
	SHAPE_COLUMN(writer, "step", tally,
		     tallies[i].stack - (i ? tallies[i - 1].stack : 0));
	SHAPE_COLUMN(writer, "thread", tally,
		     thread_of(writer, tallies[i].thread));
	SHAPE_COLUMN(writer, "state", tally, tallies[i].state);
	SHAPE_COLUMN(writer, "samples", tally, tallies[i].samples);
	SHAPE_COLUMN(writer, "ns", tally, tallies[i].ns);
	pyprof_json_end_object(&writer->json);
}

static void write_threads(struct writer *writer)
{
	int64_t rare = (int64_t)writer->string.used_count + 1;
	begin_table(writer, "threads");
	COLUMN(writer, "tid", thread, writer->threads[i].tid, 0);
	COLUMN(writer, "name", thread,
	       writer->string.id[writer->threads[i].name], rare);
	COLUMN(writer, "interpreter", thread, writer->threads[i].interp_id, 0);
	COLUMN(writer, "main", thread, writer->threads[i].is_main, 0);
	pyprof_json_end_object(&writer->json);
}

static void write_words(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	begin_column(writer, "states");
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		pyprof_json_begin_object(json);
		put_string(json, "word", pyprof_states[i].word);
		put_string(json, "text", pyprof_states[i].text);
		put_string(json, "group", group_words[pyprof_states[i].group]);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
	begin_column(writer, "exactness");
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++) {
		pyprof_json_begin_object(json);
		put_string(json, "word", pyprof_exactnesses[i].word);
		put_string(json, "text", pyprof_exactnesses[i].text);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

/* What was left out, for the page to say. */
static void write_folded(struct writer *writer)
{
	const struct pyprof_html_shape *shape = &writer->shape;
	begin_table(writer, "folded");
	pyprof_json_key(&writer->json, "stacks");
	pyprof_json_uint(&writer->json, shape->folded);
	pyprof_json_key(&writer->json, "samples");
	pyprof_json_uint(&writer->json, shape->folded_samples);
	pyprof_json_key(&writer->json, "ns");
	pyprof_json_uint(&writer->json, shape->folded_ns);
	pyprof_json_end_object(&writer->json);
}

static void write_notes(struct writer *writer, size_t omitted)
{
	struct pyprof_json *json = &writer->json;
	char note[160];
	begin_column(writer, "notes");
	if (writer->shape.folded_threads) {
		snprintf(note, sizeof(note),
			 "The %zu threads with the least time are told as one, "
			 "(rare threads), to keep this page small.",
			 writer->shape.folded_threads);
		pyprof_json_string(json, note);
	}
	if (omitted) {
		snprintf(note, sizeof(note),
			 "The text of %zu source files was left out to keep "
			 "this page small.",
			 omitted);
		pyprof_json_string(json, note);
	}
	pyprof_json_end_array(json);
}

static struct pyprof_error *write_header(struct writer *writer,
					 const struct pyprof_filter *filter)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		writer->profile, filter, PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	pyprof_report_header_json(writer->profile, summary, filter,
				  &writer->json);
	return NULL;
}

/* A profile, as an object. */
static struct pyprof_error *
write_profile(const struct pyprof_profile *profile,
	      const struct pyprof_report_options *options,
	      const struct pyprof_html_limits *limits, struct pyprof_buf *out)
{
	_cleanup_(writer_deinit) struct writer writer;
	size_t omitted = 0;
	struct pyprof_error *err = writer_init(&writer, profile, limits, out);
	if (err)
		return err;
	pyprof_json_begin_object(&writer.json);
	err = write_header(&writer, &options->filter);
	if (err)
		return err;
	write_words(&writer);
	write_strings(&writer);
	write_threads(&writer);
	write_places(&writer);
	write_shape(&writer);
	write_folded(&writer);
	if (limits->moments)
		err = pyprof_html_moments(profile, &writer.shape,
					  limits->moments, &writer.json);
	if (!err)
		err = pyprof_html_sources(profile, options->source,
					  limits->source, writer.string.id,
					  &writer.json, &omitted);
	write_notes(&writer, omitted);
	pyprof_json_end_object(&writer.json);
	return err ? err : pyprof_buf_error(out);
}

void pyprof_html_begin(const char *kind, struct pyprof_buf *out)
{
	pyprof_buf_printf(out,
			  "{\"schema\":\"pyprof-report/1\","
			  "\"version\":\"" PACKAGE_VERSION "\","
			  "\"kind\":\"%s\"",
			  kind);
}

/* A part of what a page may have. */
static struct pyprof_html_limits
part_of(const struct pyprof_html_limits *limits, double share)
{
	return (struct pyprof_html_limits){
		.stacks = (size_t)((double)limits->stacks * share),
		.tallies = (size_t)((double)limits->tallies * share),
		.moments = (size_t)((double)limits->moments * share),
		.source = (size_t)((double)limits->source * share),
	};
}

struct pyprof_error *
pyprof_html_data(const struct pyprof_profile *profile,
		 const struct pyprof_report_options *options, double share,
		 struct pyprof_buf *out)
{
	struct pyprof_html_limits limits = part_of(&limits_alone, share);
	pyprof_html_begin("profile", out);
	pyprof_buf_puts(out, ",\"profile\":");
	struct pyprof_error *err =
		write_profile(profile, options, &limits, out);
	pyprof_buf_puts(out, "}");
	return err;
}

struct pyprof_error *
pyprof_html_diff_data(const struct pyprof_profile *old,
		      const struct pyprof_profile *new,
		      const struct pyprof_report_options *options, double share,
		      struct pyprof_buf *out)
{
	struct pyprof_html_limits limits = part_of(&limits_shared, share);
	pyprof_html_begin("diff", out);
	pyprof_buf_puts(out, ",\"old\":");
	struct pyprof_error *err = write_profile(old, options, &limits, out);
	pyprof_buf_puts(out, ",\"new\":");
	if (!err)
		err = write_profile(new, options, &limits, out);
	pyprof_buf_puts(out, "}");
	return err;
}
