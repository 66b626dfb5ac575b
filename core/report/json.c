// SPDX-License-Identifier: Apache-2.0
//
// The profile as JSON, whole: what it was made of, and tables of it. Stacks
// are two arrays, as in the profile: stack i is location[i] called from stack
// parent[i]; stack 0 is the empty one. Times are integers, nanoseconds.
#include "core/base/json.h"
#include "core/report/formats.h"
#include "core/report/header.h"
#include "core/report/tables.h"

static void string(const struct pyprof_profile *profile, uint32_t id,
		   struct pyprof_json *json)
{
	pyprof_json_text(json, pyprof_profile_string(profile, id),
			 pyprof_profile_string_length(profile, id));
}

static void put_states(struct pyprof_json *json)
{
	static const char *const groups[PYPROF_GROUP_COUNT] = {
		"python", "native", "wait"};
	pyprof_json_key(json, "states");
	pyprof_json_begin_array(json);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++) {
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "name");
		pyprof_json_string(json, pyprof_states[i].word);
		pyprof_json_key(json, "group");
		pyprof_json_string(json, groups[pyprof_states[i].group]);
		pyprof_json_key(json, "text");
		pyprof_json_string(json, pyprof_states[i].text);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
	pyprof_json_key(json, "exactnesses");
	pyprof_json_begin_array(json);
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		pyprof_json_string(json, pyprof_exactnesses[i].word);
	pyprof_json_end_array(json);
}

static void put_functions(const struct pyprof_profile *profile,
			  struct pyprof_json *json)
{
	const struct pyprof_function *functions;
	size_t count = pyprof_profile_functions(profile, &functions);
	pyprof_json_key(json, "functions");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < count; i++) {
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "name");
		string(profile, functions[i].name, json);
		pyprof_json_key(json, "qualname");
		string(profile, functions[i].qualname, json);
		pyprof_json_key(json, "file");
		string(profile, functions[i].file, json);
		pyprof_json_key(json, "first_line");
		pyprof_json_int(json, functions[i].first_line);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

static void put_threads(const struct pyprof_profile *profile,
			struct pyprof_json *json)
{
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_threads(profile, &threads);
	pyprof_json_key(json, "threads");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < count; i++) {
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "tid");
		pyprof_json_int(json, threads[i].tid);
		pyprof_json_key(json, "ident");
		pyprof_json_uint(json, threads[i].ident);
		pyprof_json_key(json, "name");
		string(profile, threads[i].name, json);
		pyprof_json_key(json, "interpreter");
		pyprof_json_int(json, threads[i].interp_id);
		pyprof_json_key(json, "is_main");
		pyprof_json_bool(json, threads[i].is_main);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

/* Write `"key": [...]` of a member of each of `count` items. */
#define PUT_COLUMN(json, key, items, count, member)                         \
	do {                                                                \
		pyprof_json_key(json, key);                                 \
		pyprof_json_begin_array(json);                              \
		for (size_t i_ = 0; i_ < (count); i_++)                     \
			pyprof_json_int(json, (int64_t)(items)[i_].member); \
		pyprof_json_end_array(json);                                \
	} while (0)

static void put_stacks(const struct pyprof_profile *profile,
		       struct pyprof_json *json)
{
	const struct pyprof_location *locations;
	const struct pyprof_stack *stacks;
	size_t count = pyprof_profile_locations(profile, &locations);
	pyprof_json_key(json, "locations");
	pyprof_json_begin_object(json);
	PUT_COLUMN(json, "function", locations, count, function);
	PUT_COLUMN(json, "line", locations, count, line);
	pyprof_json_end_object(json);
	count = pyprof_profile_stacks(profile, &stacks);
	pyprof_json_key(json, "stacks");
	pyprof_json_begin_object(json);
	PUT_COLUMN(json, "parent", stacks, count, parent);
	pyprof_json_key(json, "location");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		pyprof_json_int(json, i ? (int64_t)stacks[i].location : -1);
	pyprof_json_end_array(json);
	pyprof_json_end_object(json);
}

static void put_tallies(const struct pyprof_profile *profile,
			struct pyprof_json *json)
{
	const struct pyprof_tally *tallies;
	size_t count = pyprof_profile_tallies(profile, &tallies);
	pyprof_json_key(json, "tallies");
	pyprof_json_begin_object(json);
	PUT_COLUMN(json, "stack", tallies, count, stack);
	PUT_COLUMN(json, "thread", tallies, count, thread);
	PUT_COLUMN(json, "state", tallies, count, state);
	PUT_COLUMN(json, "exactness", tallies, count, exactness);
	PUT_COLUMN(json, "samples", tallies, count, samples);
	PUT_COLUMN(json, "ns", tallies, count, ns);
	pyprof_json_end_object(json);
}

/* Where in its line self time went; columns are bytes of UTF-8, from 0. */
static void put_spans(const struct pyprof_profile *profile,
		      struct pyprof_json *json)
{
	const struct pyprof_span *spans;
	size_t count = pyprof_profile_spans(profile, &spans);
	pyprof_json_key(json, "spans");
	pyprof_json_begin_object(json);
	PUT_COLUMN(json, "location", spans, count, location);
	PUT_COLUMN(json, "thread", spans, count, thread);
	PUT_COLUMN(json, "state", spans, count, state);
	PUT_COLUMN(json, "column", spans, count, columns.column);
	PUT_COLUMN(json, "end_line", spans, count, columns.end_line);
	PUT_COLUMN(json, "end_column", spans, count, columns.end_column);
	PUT_COLUMN(json, "samples", spans, count, samples);
	PUT_COLUMN(json, "ns", spans, count, ns);
	pyprof_json_end_object(json);
}

static struct pyprof_error *put_tables(const struct pyprof_report_view *view,
				       struct pyprof_json *json)
{
	static const enum pyprof_report_kind kinds[] = {
		PYPROF_REPORT_LINES,
		PYPROF_REPORT_FUNCTIONS,
		PYPROF_REPORT_THREADS,
	};
	pyprof_json_key(json, "tables");
	pyprof_json_begin_object(json);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		_cleanup_(pyprof_table_cleanup) struct pyprof_table *table =
			NULL;
		struct pyprof_error *err =
			pyprof_report_table(view, kinds[i], &table);
		if (err)
			return err;
		pyprof_json_key(json, pyprof_report_kind_names[kinds[i]]);
		err = pyprof_table_write_json(table, json);
		if (err)
			return err;
	}
	pyprof_json_end_object(json);
	return NULL;
}

static struct pyprof_error *
write_json(const struct pyprof_profile *profile,
	   const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &options->filter, PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	struct pyprof_report_view view = {
		.profile = profile,
		.summary = summary,
		.filter = options->filter,
		.source = options->source,
	};
	struct pyprof_json json = PYPROF_JSON_INIT_LINES(out, 2);
	pyprof_json_begin_object(&json);
	pyprof_json_key(&json, "schema");
	pyprof_json_string(&json, "pyprof/profile/1");
	pyprof_report_header_json(profile, summary, &options->filter, &json);
	put_states(&json);
	put_functions(profile, &json);
	put_threads(profile, &json);
	put_stacks(profile, &json);
	put_tallies(profile, &json);
	put_spans(profile, &json);
	err = put_tables(&view, &json);
	pyprof_json_end_object(&json);
	pyprof_buf_putc(out, '\n');
	return err ? err : pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_json = {
	.name = "json",
	.extension = ".json",
	.summary = "everything in the profile, for programs",
	.write = write_json,
};
