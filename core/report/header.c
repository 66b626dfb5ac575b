// SPDX-License-Identifier: Apache-2.0
#include "core/report/header.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/show.h"
#include "core/base/utf8.h"

const char *const pyprof_filter_state_names[] = {"running", "waiting", "all",
						 NULL};

/* Longer command lines say no more. */
#define COMMAND_LINE_MAX 200

void pyprof_report_prose(struct pyprof_buf *out, unsigned width,
			 const char *text)
{
	size_t column = 1;
	pyprof_buf_putc(out, '#');
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, " ");
		size_t columns = pyprof_utf8_columns(at, length);
		if (width && column > 3 && column + 1 + columns > width) {
			pyprof_buf_puts(out, "\n#  ");
			column = 3;
		}
		pyprof_buf_putc(out, ' ');
		pyprof_utf8_put_visible(out, at, length);
		column += 1 + columns;
		at += length;
		at += *at == ' ';
	}
	pyprof_buf_putc(out, '\n');
}

static void put_string(const struct pyprof_profile *profile, const char *before,
		       uint32_t string, const char *behind,
		       struct pyprof_buf *out)
{
	size_t length = pyprof_profile_string_length(profile, string);
	if (!length)
		return;
	const char *text = pyprof_profile_string(profile, string);
	size_t shown = pyprof_utf8_fit(text, length, COMMAND_LINE_MAX);
	pyprof_buf_puts(out, before);
	pyprof_buf_append(out, text, shown);
	pyprof_buf_puts(out, shown < length ? "\xe2\x80\xa6" : "");
	pyprof_buf_puts(out, behind);
}

static void put_program(const struct pyprof_profile *profile,
			struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	if (meta->command_line)
		put_string(profile, "", meta->command_line, "", out);
	else
		pyprof_buf_puts(out, "a Python program");
	if (meta->pid)
		pyprof_buf_printf(out, " (pid %" PRId32 ")", meta->pid);
	put_string(profile, ", CPython ", meta->python_version, "", out);
	put_string(profile, " ", meta->python_build, "", out);
	put_string(profile, " on ", meta->host, "", out);
	put_string(profile, ", sampled in ", meta->debugger, "", out);
}

void pyprof_report_put_run(const struct pyprof_profile *profile,
			   struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	uint64_t samples = pyprof_profile_samples(profile);
	pyprof_show_grouped(out, samples);
	pyprof_buf_puts(out, samples == 1 ? " sample in " : " samples in ");
	pyprof_show_duration(out, meta->sampled_ns);
	pyprof_buf_puts(out, " of ");
	put_program(profile, out);
	put_string(profile, ", mode ", meta->mode, "", out);
}

void pyprof_report_put_lost(const struct pyprof_profile *profile,
			    struct pyprof_buf *out)
{
	const struct pyprof_tally *tallies;
	size_t count = pyprof_profile_tallies(profile, &tallies);
	uint64_t lost = pyprof_profile_meta_const(profile)->lost, all = lost;
	for (size_t i = 0; i < count; i++)
		all += tallies[i].samples;
	pyprof_buf_puts(out, "the file is cut off or damaged: ");
	pyprof_show_percent(out, lost, all);
	pyprof_buf_puts(out, " of the samples of all threads are missing");
}

static double reached_hz(const struct pyprof_profile *profile)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	if (!meta->sampled_ns)
		return 0;
	return (double)pyprof_profile_samples(profile) *
	       (double)PYPROF_NS_PER_SECOND / (double)meta->sampled_ns;
}

static void put_hz(double hz, struct pyprof_buf *out)
{
	pyprof_show_decimal(out, hz, hz < 1000 && hz != (int)hz ? 1 : 0);
}

static void put_samples(const struct pyprof_profile *profile,
			struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_show_count(out, pyprof_profile_samples(profile), "sample");
	pyprof_buf_puts(out, " in ");
	pyprof_show_duration(out, meta->sampled_ns);
	pyprof_buf_puts(out, ": ");
	put_hz(reached_hz(profile), out);
	pyprof_buf_puts(out, " a second, ");
	put_hz(meta->rate_hz, out);
	pyprof_buf_puts(out, " asked for");
	put_string(profile, "; mode ", meta->mode, "", out);
}

/* Each sample is counted once here: how it was made, or why it was not. */
static void put_exactness(const struct pyprof_profile *profile,
			  struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	const char *comma = "";
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++) {
		if (!meta->samples[i])
			continue;
		pyprof_buf_printf(out, "%s%" PRIu64 " %s", comma,
				  meta->samples[i], pyprof_exactnesses[i].word);
		comma = ", ";
	}
	uint64_t bad = 0;
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++)
		bad += meta->bad[i];
	pyprof_buf_printf(
		out, "%s%" PRIu64 " missed, %" PRIu64 " cut, %" PRIu64 " bad",
		*comma ? "; " : "", meta->missed, meta->cut, bad);
	comma = " (";
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++) {
		if (!meta->bad[i])
			continue;
		pyprof_buf_printf(out, "%s%" PRIu64 " %s", comma, meta->bad[i],
				  pyprof_error_code_name(i));
		comma = ", ";
	}
	pyprof_buf_puts(out, bad ? ")" : "");
}

static void put_pauses(const struct pyprof_profile *profile,
		       struct pyprof_buf *out)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	const struct pyprof_pauses *pauses = &meta->pauses;
	if (!pauses->count) {
		pyprof_buf_puts(out, "no thread was held or stopped");
		return;
	}
	pyprof_buf_puts(out, "a thread was held or stopped ");
	pyprof_show_count(out, pauses->count, "time");
	pyprof_buf_puts(out, ": median ");
	pyprof_show_duration(out, pyprof_pauses_percentile(pauses, 50));
	pyprof_buf_puts(out, ", 99th percentile ");
	pyprof_show_duration(out, pyprof_pauses_percentile(pauses, 99));
	pyprof_buf_puts(out, ", ");
	pyprof_show_percent(out, pauses->total_ns, meta->sampled_ns);
	pyprof_buf_puts(out, " of the time");
}

/* Which time the figures are shares of, and which is left out. */
static void put_share(const struct pyprof_summary *summary,
		      const struct pyprof_filter *filter,
		      struct pyprof_buf *out)
{
	static const char *const whole[] = {
		"shares are of the time threads ran: ",
		"shares are of the time threads waited: ",
		"shares are of all time of threads: ",
	};
	static const char *const rest[] = {"waiting", "running", "nothing"};
	uint64_t left_out = summary->all_ns - summary->ns;
	pyprof_buf_puts(out, whole[filter->states]);
	pyprof_show_duration(out, summary->ns);
	if (filter->tid)
		pyprof_buf_printf(out, ", thread %" PRId32 " alone",
				  filter->tid);
	if (summary->frameless_ns) {
		pyprof_buf_puts(out, ", of which ");
		pyprof_show_percent(out, summary->frameless_ns, summary->ns);
		pyprof_buf_puts(out, " without a Python frame");
	}
	if (left_out) {
		pyprof_buf_printf(out,
				  "; %s is left out: ", rest[filter->states]);
		pyprof_show_duration(out, left_out);
		pyprof_buf_puts(out, ", ");
		pyprof_show_percent(out, left_out, summary->all_ns);
	}
}

void pyprof_report_header(const struct pyprof_profile *profile,
			  const struct pyprof_summary *summary,
			  const struct pyprof_filter *filter, unsigned width,
			  struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	put_program(profile, &text);
	pyprof_report_prose(out, width, text.data);
	if (!summary->all_samples && !pyprof_profile_samples(profile))
		pyprof_report_prose(out, width,
				    "no samples: the process has not run "
				    "while the sampler was armed");
	pyprof_buf_clear(&text);
	put_samples(profile, &text);
	pyprof_report_prose(out, width, text.data);
	pyprof_buf_clear(&text);
	put_exactness(profile, &text);
	pyprof_report_prose(out, width, text.data);
	if (pyprof_profile_meta_const(profile)->samples[PYPROF_EXACT_INEXACT])
		pyprof_report_prose(out, width,
				    "inexact samples were read while the "
				    "thread may have run: their stacks may "
				    "never have been");
	pyprof_buf_clear(&text);
	if (pyprof_profile_meta_const(profile)->lost) {
		pyprof_report_put_lost(profile, &text);
		pyprof_report_prose(out, width, text.data);
		pyprof_buf_clear(&text);
	}
	put_pauses(profile, &text);
	pyprof_report_prose(out, width, text.data);
	pyprof_buf_clear(&text);
	put_share(summary, filter, &text);
	pyprof_report_prose(out, width, text.data);
	if (text.failed)
		out->failed = true;
}

void pyprof_report_string_member(const struct pyprof_profile *profile,
				 const char *key, uint32_t string,
				 struct pyprof_json *json)
{
	pyprof_json_key(json, key);
	pyprof_json_text(json, pyprof_profile_string(profile, string),
			 pyprof_profile_string_length(profile, string));
}

void pyprof_report_uint_member(const char *key, uint64_t value,
			       struct pyprof_json *json)
{
	pyprof_json_key(json, key);
	pyprof_json_uint(json, value);
}

static void counts_json(const struct pyprof_profile_meta *meta,
			struct pyprof_json *json)
{
	pyprof_json_key(json, "exactness");
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		pyprof_report_uint_member(pyprof_exactnesses[i].word,
					  meta->samples[i], json);
	pyprof_json_end_object(json);
	pyprof_report_uint_member("missed", meta->missed, json);
	pyprof_report_uint_member("cut", meta->cut, json);
	pyprof_report_uint_member("lost", meta->lost, json);
	pyprof_report_uint_member("spans_lost", meta->spans_lost, json);
	pyprof_json_key(json, "bad");
	pyprof_json_begin_object(json);
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++) {
		if (meta->bad[i])
			pyprof_report_uint_member(pyprof_error_code_name(i),
						  meta->bad[i], json);
	}
	pyprof_json_end_object(json);
	const struct pyprof_pauses *pauses = &meta->pauses;
	pyprof_json_key(json, "pauses");
	pyprof_json_begin_object(json);
	pyprof_report_uint_member("count", pauses->count, json);
	pyprof_report_uint_member("total_ns", pauses->total_ns, json);
	pyprof_report_uint_member("median_ns",
				  pyprof_pauses_percentile(pauses, 50), json);
	pyprof_report_uint_member("p99_ns",
				  pyprof_pauses_percentile(pauses, 99), json);
	pyprof_report_uint_member("max_ns", pauses->max_ns, json);
	pyprof_json_end_object(json);
}

static void meta_json(const struct pyprof_profile *profile,
		      struct pyprof_json *json)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_json_begin_object(json);
	pyprof_report_string_member(profile, "command_line", meta->command_line,
				    json);
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, meta->pid);
	pyprof_report_string_member(profile, "python_version",
				    meta->python_version, json);
	pyprof_report_string_member(profile, "python_build", meta->python_build,
				    json);
	pyprof_report_string_member(profile, "layout_source",
				    meta->layout_source, json);
	pyprof_report_string_member(profile, "host", meta->host, json);
	pyprof_report_string_member(profile, "debugger", meta->debugger, json);
	pyprof_report_string_member(profile, "mode", meta->mode, json);
	pyprof_json_key(json, "started_at");
	pyprof_json_int(json, meta->started_at);
	pyprof_json_key(json, "rate_hz");
	pyprof_json_double(json, meta->rate_hz, 3);
	pyprof_json_key(json, "reached_hz");
	pyprof_json_double(json, reached_hz(profile), 3);
	pyprof_report_uint_member("sampled_ns", meta->sampled_ns, json);
	pyprof_report_uint_member("samples", pyprof_profile_samples(profile),
				  json);
	counts_json(meta, json);
	pyprof_json_end_object(json);
}

void pyprof_report_header_json(const struct pyprof_profile *profile,
			       const struct pyprof_summary *summary,
			       const struct pyprof_filter *filter,
			       struct pyprof_json *json)
{
	static const char *const groups[PYPROF_GROUP_COUNT] = {
		"python_ns", "native_ns", "wait_ns"};
	pyprof_json_key(json, "meta");
	meta_json(profile, json);
	pyprof_json_key(json, "filter");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "states");
	pyprof_json_string(json, pyprof_filter_state_names[filter->states]);
	pyprof_json_key(json, "tid");
	if (filter->tid)
		pyprof_json_int(json, filter->tid);
	else
		pyprof_json_null(json);
	pyprof_json_end_object(json);
	pyprof_json_key(json, "totals");
	pyprof_json_begin_object(json);
	pyprof_report_uint_member("ns", summary->ns, json);
	pyprof_report_uint_member("samples", summary->samples, json);
	pyprof_report_uint_member("frameless_ns", summary->frameless_ns, json);
	pyprof_report_uint_member("all_ns", summary->all_ns, json);
	pyprof_report_uint_member("all_samples", summary->all_samples, json);
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		pyprof_report_uint_member(groups[i], summary->group_ns[i],
					  json);
	pyprof_json_end_object(json);
}
