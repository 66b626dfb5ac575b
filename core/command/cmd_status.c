// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/command/command.h"
#include "core/command/facts.h"
#include "core/command/session.h"
#include "core/report/header.h"

/** All that is printed, taken at one moment. */
struct facts {
	struct pyprof_session *session;
	/** What was loaded, or else is being sampled; may be NULL. */
	const struct pyprof_profile *profile;
	struct pyprof_sampler_status status;
	/** Asked for. */
	double rate_hz;
	struct pyprof_profile_meta meta;
	uint64_t samples, errors;
	/** There are now; those of the profile when nothing is sampled. */
	size_t threads;
	double sampled_seconds;
	/** Of the time sampled. */
	double pause_percent;
};

static double us(uint64_t ns)
{
	return (double)ns / 1000;
}

static const char *text(const struct facts *facts, uint32_t id)
{
	return facts->profile ? pyprof_profile_string(facts->profile, id) : "";
}

/** Of what is sampled here: the sampler knows more than the profile. */
static void gather_live(struct pyprof_session *session, struct facts *facts)
{
	facts->rate_hz = session->options.rate_hz;
	if (!session->profile)
		return;
	pyprof_facts_fill(session);
	pyprof_sampler_status(session->sampler, &facts->status);
	if (facts->status.attached)
		facts->threads = facts->status.threads;
}

static void gather_profile(struct facts *facts)
{
	const struct pyprof_profile_thread *threads;
	facts->meta = *pyprof_profile_meta_const(facts->profile);
	facts->samples = pyprof_profile_samples(facts->profile);
	if (!facts->status.attached)
		facts->threads =
			pyprof_profile_threads(facts->profile, &threads);

	const struct pyprof_profile_meta *meta = &facts->meta;
	for (int code = 0; code < PYPROF_ERROR_COUNT; code++)
		facts->errors += meta->bad[code];
	facts->sampled_seconds =
		(double)meta->sampled_ns / PYPROF_NS_PER_SECOND;
	if (meta->sampled_ns)
		facts->pause_percent = 100.0 * (double)meta->pauses.total_ns /
				       (double)meta->sampled_ns;
}

static void gather(struct pyprof_session *session, struct facts *facts)
{
	*facts = (struct facts){
		.session = session,
		.profile = session->loaded ? session->loaded : session->profile,
	};
	if (session->loaded) {
		gather_profile(facts);
		facts->rate_hz = facts->meta.rate_hz;
		if (facts->meta.sampled_ns)
			facts->status.reached_hz =
				(double)facts->samples / facts->sampled_seconds;
		return;
	}
	gather_live(session, facts);
	if (!facts->profile)
		return;
	pyprof_sampler_lock(session->sampler);
	gather_profile(facts);
	pyprof_sampler_unlock(session->sampler);
}

/** One word for programs, and what people are told. */
static const char *state(const struct facts *facts, const char **words_ret)
{
	const struct pyprof_session *session = facts->session;
	if (session->loaded) {
		*words_ret = "not sampling; loaded";
		return "loaded";
	}
	if (!session->armed) {
		*words_ret = "not sampling";
		return "idle";
	}
	if (!session->pid) {
		*words_ret = "waiting for a process to run";
		return "waiting";
	}
	if (!facts->status.attached) {
		*words_ret = "waiting for a Python interpreter in process";
		return "waiting";
	}
	if (!facts->status.running) {
		*words_ret = "armed; samples are taken when it runs: process";
		return "armed";
	}
	*words_ret = "sampling process";
	return "sampling";
}

static void put_samples(const struct facts *facts, struct pyprof_buf *out)
{
	pyprof_buf_printf(out, "samples     %llu",
			  (unsigned long long)facts->samples);
	for (int i = 0; i < PYPROF_EXACT_COUNT; i++)
		pyprof_buf_printf(out, "%s%llu %s", i ? ", " : ": ",
				  (unsigned long long)facts->meta.samples[i],
				  pyprof_exactnesses[i].word);
	pyprof_buf_printf(out, "\nmissed      %llu\nerrors      %llu",
			  (unsigned long long)facts->meta.missed,
			  (unsigned long long)facts->errors);
	const char *separator = ": ";
	for (int code = 0; code < PYPROF_ERROR_COUNT; code++) {
		if (!facts->meta.bad[code])
			continue;
		pyprof_buf_printf(out, "%s%llu %s", separator,
				  (unsigned long long)facts->meta.bad[code],
				  pyprof_error_code_name(code));
		separator = ", ";
	}
	pyprof_buf_printf(out, "\ncut stacks  %llu\n",
			  (unsigned long long)facts->meta.cut);
}

static void put_mode(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_session *session = facts->session;
	if (session->loaded) {
		pyprof_buf_printf(out, "mode        %s\n",
				  text(facts, facts->meta.mode));
		return;
	}
	const char *asked = pyprof_mode_names[session->options.mode];
	const char *mode = session->pid ? pyprof_mode_names[facts->status.mode]
					: text(facts, facts->meta.mode);
	pyprof_buf_printf(out, "mode        %s", mode);
	if (facts->status.fallback[0])
		pyprof_buf_printf(out, ", not %s: %s", asked,
				  facts->status.fallback);
	else if (session->options.mode == PYPROF_MODE_AUTO)
		pyprof_buf_puts(out, ", chosen by auto");
	pyprof_buf_putc(out, '\n');
}

static void put_text(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_session *session = facts->session;
	const struct pyprof_profile_meta *meta = &facts->meta;
	const char *words;
	state(facts, &words);
	pyprof_buf_printf(out, "# %s", words);
	if (session->armed && session->pid)
		pyprof_buf_printf(out, " %d (%s)", session->pid,
				  text(facts, meta->command_line));
	if (session->loaded)
		pyprof_buf_printf(out, " %s: process %d (%s)",
				  session->loaded_name, meta->pid,
				  text(facts, meta->command_line));
	pyprof_buf_putc(out, '\n');
	if (!facts->profile)
		return;
	if (meta->lost) {
		pyprof_buf_puts(out, "# ");
		pyprof_report_put_lost(facts->profile, out);
		pyprof_buf_putc(out, '\n');
	}
	if (session->armed && facts->status.problem[0])
		pyprof_buf_printf(out, "# %s\n", facts->status.problem);

	put_mode(facts, out);
	pyprof_buf_printf(out, "rate        %.1f hz asked, %.1f hz reached\n",
			  facts->rate_hz, facts->status.reached_hz);
	put_samples(facts, out);
	pyprof_buf_printf(
		out,
		"pause       %.1f us median, %.1f us p99, %.2f%% of %.1f s\n",
		us(pyprof_pauses_percentile(&meta->pauses, 50)),
		us(pyprof_pauses_percentile(&meta->pauses, 99)),
		facts->pause_percent, facts->sampled_seconds);
	pyprof_buf_printf(out, "threads     %zu\n", facts->threads);
	if (meta->python_version)
		pyprof_buf_printf(out, "python      %s %s, layout from %s\n",
				  text(facts, meta->python_version),
				  text(facts, meta->python_build),
				  text(facts, meta->layout_source));
	pyprof_buf_printf(out, "debugger    %s\n", text(facts, meta->debugger));
}

static void put_json_samples(const struct facts *facts,
			     struct pyprof_json *json)
{
	const struct pyprof_profile_meta *meta = &facts->meta;
	pyprof_json_key(json, "samples");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "total");
	pyprof_json_uint(json, facts->samples);
	for (int i = 0; i < PYPROF_EXACT_COUNT; i++) {
		pyprof_json_key(json, pyprof_exactnesses[i].word);
		pyprof_json_uint(json, meta->samples[i]);
	}
	pyprof_json_end_object(json);
	pyprof_json_key(json, "missed");
	pyprof_json_uint(json, meta->missed);
	pyprof_json_key(json, "errors");
	pyprof_json_begin_object(json);
	for (int code = 0; code < PYPROF_ERROR_COUNT; code++) {
		if (!meta->bad[code])
			continue;
		pyprof_json_key(json, pyprof_error_code_name(code));
		pyprof_json_uint(json, meta->bad[code]);
	}
	pyprof_json_end_object(json);
	pyprof_json_key(json, "cut");
	pyprof_json_uint(json, meta->cut);
	pyprof_json_key(json, "lost");
	pyprof_json_uint(json, meta->lost);
}

static void put_json_pause(const struct facts *facts, struct pyprof_json *json)
{
	const struct pyprof_pauses *pauses = &facts->meta.pauses;
	pyprof_json_key(json, "pause");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "median_us");
	pyprof_json_double(json, us(pyprof_pauses_percentile(pauses, 50)), 3);
	pyprof_json_key(json, "p99_us");
	pyprof_json_double(json, us(pyprof_pauses_percentile(pauses, 99)), 3);
	pyprof_json_key(json, "max_us");
	pyprof_json_double(json, us(pauses->max_ns), 3);
	pyprof_json_key(json, "percent");
	pyprof_json_double(json, facts->pause_percent, 4);
	pyprof_json_end_object(json);
}

static void put_json_text(struct pyprof_json *json, const char *key,
			  const char *value)
{
	pyprof_json_key(json, key);
	pyprof_json_string(json, value);
}

static void put_json(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_session *session = facts->session;
	const struct pyprof_profile_meta *meta = &facts->meta;
	struct pyprof_json writer = PYPROF_JSON_INIT(out), *json = &writer;
	const char *words;
	pyprof_json_begin_object(json);
	put_json_text(json, "schema", "pyprof/status/1");
	put_json_text(json, "state", state(facts, &words));
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, session->loaded ? meta->pid : session->pid);
	put_json_text(json, "command_line", text(facts, meta->command_line));
	put_json_text(json, "mode",
		      session->pid ? pyprof_mode_names[facts->status.mode]
				   : text(facts, meta->mode));
	if (session->loaded)
		put_json_text(json, "file", session->loaded_name);
	else
		put_json_text(json, "mode_asked",
			      pyprof_mode_names[session->options.mode]);
	put_json_text(json, "fallback", facts->status.fallback);
	put_json_text(json, "problem", facts->status.problem);
	pyprof_json_key(json, "rate_hz");
	pyprof_json_double(json, facts->rate_hz, 3);
	pyprof_json_key(json, "reached_hz");
	pyprof_json_double(json, facts->status.reached_hz, 3);
	put_json_samples(facts, json);
	put_json_pause(facts, json);
	pyprof_json_key(json, "sampled_seconds");
	pyprof_json_double(json, facts->sampled_seconds, 6);
	pyprof_json_key(json, "threads");
	pyprof_json_uint(json, facts->threads);
	put_json_text(json, "python", text(facts, meta->python_version));
	put_json_text(json, "build", text(facts, meta->python_build));
	put_json_text(json, "layout", text(facts, meta->layout_source));
	put_json_text(json, "debugger",
		      session->loaded ? text(facts, meta->debugger)
				      : session->ops->name(session->host));
	pyprof_json_end_object(json);
	pyprof_buf_putc(out, '\n');
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	struct facts facts;
	gather(session, &facts);
	if (arguments->json)
		put_json(&facts, out);
	else
		put_text(&facts, out);
	return NULL;
}

const struct pyprof_command pyprof_cmd_status = {
	.name = "status",
	.summary = "Show how sampling goes: rate, samples, errors, pauses",
	.flags = PYPROF_COMMAND_JSON,
	.run = run,
};
