// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_meta.h"

static void put_uint(struct pyprof_json *json, const char *key, uint64_t value)
{
	pyprof_json_key(json, key);
	pyprof_json_uint(json, value);
}

static void put_text(const struct pyprof_profile *profile,
		     struct pyprof_json *json, const char *key, uint32_t id)
{
	const struct pyprof_strtab *strings =
		pyprof_profile_strings_const(profile);
	pyprof_json_key(json, key);
	pyprof_json_text(json, pyprof_strtab_get(strings, id),
			 pyprof_strtab_length(strings, id));
}

static void write_pauses(const struct pyprof_pauses *pauses,
			 struct pyprof_json *json)
{
	pyprof_json_key(json, "pauses");
	pyprof_json_begin_object(json);
	put_uint(json, "count", pauses->count);
	put_uint(json, "total_ns", pauses->total_ns);
	put_uint(json, "max_ns", pauses->max_ns);
	put_uint(json, "p50_ns", pyprof_pauses_percentile(pauses, 50));
	put_uint(json, "p99_ns", pyprof_pauses_percentile(pauses, 99));
	pyprof_json_end_object(json);
}

static void write_counts(const struct pyprof_profile_meta *meta,
			 struct pyprof_json *json)
{
	pyprof_json_key(json, "samples");
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		put_uint(json, pyprof_exactnesses[i].word, meta->samples[i]);
	pyprof_json_end_object(json);
	put_uint(json, "missed", meta->missed);
	pyprof_json_key(json, "bad");
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++)
		if (meta->bad[i])
			put_uint(json, pyprof_error_code_name(i), meta->bad[i]);
	pyprof_json_end_object(json);
	put_uint(json, "cut", meta->cut);
}

void pyprof_html_meta(const struct pyprof_profile *profile,
		      struct pyprof_json *json)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_json_key(json, "meta");
	pyprof_json_begin_object(json);
	put_text(profile, json, "command", meta->command_line);
	put_text(profile, json, "python_version", meta->python_version);
	put_text(profile, json, "python_build", meta->python_build);
	put_text(profile, json, "layout_source", meta->layout_source);
	put_text(profile, json, "host", meta->host);
	put_text(profile, json, "debugger", meta->debugger);
	put_text(profile, json, "mode", meta->mode);
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, meta->pid);
	pyprof_json_key(json, "started_at");
	pyprof_json_int(json, meta->started_at);
	pyprof_json_key(json, "rate_hz");
	pyprof_json_double(json, meta->rate_hz, 3);
	put_uint(json, "sampled_ns", meta->sampled_ns);
	write_counts(meta, json);
	write_pauses(&meta->pauses, json);
	pyprof_json_end_object(json);
}
