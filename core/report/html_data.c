// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_data.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/base/json.h"
#include "core/report/header.h"
#include "core/report/html_source.h"

static const char *const group_words[PYPROF_GROUP_COUNT] = {
	[PYPROF_GROUP_PYTHON] = "python",
	[PYPROF_GROUP_NATIVE] = "native",
	[PYPROF_GROUP_WAIT] = "wait",
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
	size_t count;
};

struct writer {
	struct pyprof_json json;
	const struct pyprof_profile *profile;
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	const struct pyprof_stack *stacks;
	const struct pyprof_profile_thread *threads;
	/* Ordered by stack, thread and state; exactnesses are added up. */
	struct pyprof_tally *tallies;
	size_t tally_count;
	struct renumber string, function, location, stack, thread;
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
	uint32_t next = 0;
	for (size_t i = 0; i < table->count; i++)
		table->id[i] = table->used[i] ? next++ : 0;
}

static void writer_deinit(struct writer *writer)
{
	free(writer->tallies);
	renumber_deinit(&writer->string);
	renumber_deinit(&writer->function);
	renumber_deinit(&writer->location);
	renumber_deinit(&writer->stack);
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

/* Mark what the tallies lead to. Parents have smaller ids than children. */
static void mark_used(struct writer *writer)
{
	writer->string.used[0] = writer->stack.used[0] = true;
	for (size_t i = 0; i < writer->tally_count; i++) {
		const struct pyprof_tally *tally = &writer->tallies[i];
		writer->stack.used[tally->stack] = true;
		writer->thread.used[tally->thread] = true;
		writer->string.used[writer->threads[tally->thread].name] = true;
	}
	for (size_t i = writer->stack.count; i-- > 1;) {
		if (!writer->stack.used[i])
			continue;
		uint32_t location = writer->stacks[i].location;
		writer->stack.used[writer->stacks[i].parent] = true;
		writer->location.used[location] = true;
		use_function(writer, writer->locations[location].function);
	}
}

static int compare_tallies(const void *a, const void *b)
{
	const struct pyprof_tally *left = a, *right = b;
	if (left->stack != right->stack)
		return left->stack < right->stack ? -1 : 1;
	if (left->thread != right->thread)
		return left->thread < right->thread ? -1 : 1;
	return (left->state > right->state) - (left->state < right->state);
}

/* Whether all tallies could be copied. */
static bool copy_tallies(struct writer *writer)
{
	const struct pyprof_tally *from;
	size_t count = pyprof_profile_tallies(writer->profile, &from);
	struct pyprof_tally *to = calloc(count + 1, sizeof(*to));
	if (!to)
		return false;
	writer->tallies = to;
	if (!count)
		return true;
	memcpy(to, from, count * sizeof(*to));
	qsort(to, count, sizeof(*to), compare_tallies);
	size_t last = 0;
	for (size_t i = 1; i < count; i++) {
		if (compare_tallies(&to[last], &to[i])) {
			to[++last] = to[i];
		} else {
			to[last].samples += to[i].samples;
			to[last].ns += to[i].ns;
		}
	}
	writer->tally_count = last + 1;
	return true;
}

static struct pyprof_error *writer_init(struct writer *writer,
					const struct pyprof_profile *profile,
					struct pyprof_buf *out)
{
	*writer = (struct writer){
		.json = PYPROF_JSON_INIT(out),
		.profile = profile,
	};
	const struct pyprof_strtab *strings =
		pyprof_profile_strings_const(profile);
	if (!copy_tallies(writer) ||
	    !renumber_init(&writer->string, pyprof_strtab_count(strings)) ||
	    !renumber_init(
		    &writer->function,
		    pyprof_profile_functions(profile, &writer->functions)) ||
	    !renumber_init(
		    &writer->location,
		    pyprof_profile_locations(profile, &writer->locations)) ||
	    !renumber_init(&writer->stack,
			   pyprof_profile_stacks(profile, &writer->stacks)) ||
	    !renumber_init(&writer->thread,
			   pyprof_profile_threads(profile, &writer->threads)))
		return pyprof_error_oom();
	mark_used(writer);
	renumber(&writer->string);
	renumber(&writer->function);
	renumber(&writer->location);
	renumber(&writer->stack);
	renumber(&writer->thread);
	return NULL;
}

/* A column of the table `of`: `value` for each item `i` that is written. */
#define COLUMN(writer, key, of, value)                             \
	do {                                                       \
		begin_column(writer, key);                         \
		for (size_t i = 0; i < (writer)->of.count; i++)    \
			if ((writer)->of.used[i])                  \
				pyprof_json_int(&(writer)->json,   \
						(int64_t)(value)); \
		pyprof_json_end_array(&(writer)->json);            \
	} while (0)

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

static void write_strings(struct writer *writer)
{
	const struct pyprof_strtab *strings =
		pyprof_profile_strings_const(writer->profile);
	begin_column(writer, "strings");
	for (uint32_t i = 0; i < writer->string.count; i++)
		if (writer->string.used[i])
			pyprof_json_text(&writer->json,
					 pyprof_strtab_get(strings, i),
					 pyprof_strtab_length(strings, i));
	pyprof_json_end_array(&writer->json);
}

/* An instruction of no line counts for the first line of its function. */
static int32_t line_of(const struct writer *writer, size_t location)
{
	const struct pyprof_location *at = &writer->locations[location];
	return at->line >= 0 ? at->line
			     : writer->functions[at->function].first_line;
}

static void write_stacks(struct writer *writer)
{
	const struct pyprof_function *functions = writer->functions;
	const uint32_t *string = writer->string.id;
	begin_table(writer, "functions");
	COLUMN(writer, "name", function, string[functions[i].name]);
	COLUMN(writer, "qualname", function, string[functions[i].qualname]);
	COLUMN(writer, "file", function, string[functions[i].file]);
	COLUMN(writer, "line", function, functions[i].first_line);
	pyprof_json_end_object(&writer->json);
	begin_table(writer, "locations");
	COLUMN(writer, "function", location,
	       writer->function.id[writer->locations[i].function]);
	COLUMN(writer, "line", location, line_of(writer, i));
	pyprof_json_end_object(&writer->json);
	begin_table(writer, "stacks");
	COLUMN(writer, "up", stack,
	       writer->stack.id[i] -
		       writer->stack.id[writer->stacks[i].parent]);
	COLUMN(writer, "location", stack,
	       i ? writer->location.id[writer->stacks[i].location] : 0);
	pyprof_json_end_object(&writer->json);
}

static void write_threads(struct writer *writer)
{
	begin_table(writer, "threads");
	COLUMN(writer, "tid", thread, writer->threads[i].tid);
	COLUMN(writer, "name", thread,
	       writer->string.id[writer->threads[i].name]);
	COLUMN(writer, "interpreter", thread, writer->threads[i].interp_id);
	COLUMN(writer, "main", thread, writer->threads[i].is_main);
	pyprof_json_end_object(&writer->json);
}

static void write_tallies(struct writer *writer)
{
	const struct pyprof_tally *tallies = writer->tallies;
	size_t count = writer->tally_count;
	struct pyprof_json *json = &writer->json;
	begin_table(writer, "tallies");
	uint32_t before = 0;
	begin_column(writer, "step");
	for (size_t i = 0; i < count; i++) {
		uint32_t stack = writer->stack.id[tallies[i].stack];
		pyprof_json_uint(json, stack - before);
		before = stack;
	}
	pyprof_json_end_array(json);
	begin_column(writer, "thread");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json, writer->thread.id[tallies[i].thread]);
	pyprof_json_end_array(json);
	begin_column(writer, "state");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json, tallies[i].state);
	pyprof_json_end_array(json);
	begin_column(writer, "samples");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json, tallies[i].samples);
	pyprof_json_end_array(json);
	begin_column(writer, "ns");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json, tallies[i].ns);
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
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
	      struct pyprof_buf *out)
{
	_cleanup_(writer_deinit) struct writer writer;
	struct pyprof_error *err = writer_init(&writer, profile, out);
	if (err)
		return err;
	pyprof_json_begin_object(&writer.json);
	err = write_header(&writer, &options->filter);
	if (err)
		return err;
	write_words(&writer);
	write_strings(&writer);
	write_threads(&writer);
	write_stacks(&writer);
	write_tallies(&writer);
	err = pyprof_html_sources(profile, options->source, writer.string.id,
				  &writer.json);
	if (err)
		return err;
	pyprof_json_end_object(&writer.json);
	return pyprof_buf_error(out);
}

struct pyprof_error *
pyprof_html_data(const struct pyprof_profile *profile,
		 const struct pyprof_report_options *options,
		 struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "{\"schema\":\"pyprof-report/1\","
			     "\"version\":\"" PACKAGE_VERSION "\","
			     "\"kind\":\"profile\",\"profile\":");
	struct pyprof_error *err = write_profile(profile, options, out);
	pyprof_buf_puts(out, "}");
	return err;
}
