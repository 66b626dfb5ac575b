// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/clock.h"
#include "core/command/command.h"
#include "core/command/profile_file.h"
#include "core/command/session.h"
#include "core/command/threads.h"
#include "core/command/units.h"

enum { MODE, NATIVE, THREADS, FOR, MAX_STOP };

static const struct pyprof_option options[] = {
	[MODE] = {.name = "--mode",
		  .kind = PYPROF_OPTION_CHOICE,
		  .choices = pyprof_mode_names,
		  .text = "how samples are taken (default: auto)"},
	[NATIVE] = {.name = "--native",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "unwind native frames too (not supported yet)"},
	[THREADS] = {.name = "--threads",
		     .kind = PYPROF_OPTION_TEXT,
		     .placeholder = "SPEC",
		     .text = "all (default), main, or a thread's number or id"},
	[FOR] = {.name = "--for",
		 .kind = PYPROF_OPTION_TIME,
		 .placeholder = "TIME",
		 .text = "let the process run for TIME, then stop sampling"},
	[MAX_STOP] = {.name = "--max-stop",
		      .kind = PYPROF_OPTION_TEXT,
		      .placeholder = "PERCENT",
		      .text = "hold the process no more of the time than this "
			      "(10%)"},
	{},
};

static struct pyprof_error *
read_settings(struct pyprof_session *session,
	      const struct pyprof_arguments *arguments,
	      struct pyprof_sampler_options *settings)
{
	const struct pyprof_option_value *given = arguments->options;
	struct pyprof_error *err = NULL;
	if (given[NATIVE].given)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "native frames are not supported "
					   "yet");
	if (given[MODE].given)
		settings->mode = (enum pyprof_mode)given[MODE].number;
	if (arguments->count)
		err = pyprof_parse_rate(arguments->positional[0],
					&settings->rate_hz);
	if (!err && given[MAX_STOP].given)
		err = pyprof_parse_percent(given[MAX_STOP].text,
					   &settings->max_stop_percent);
	if (!err && given[THREADS].given)
		err = pyprof_threads_select(session, given[THREADS].text,
					    &settings->tid);
	return err;
}

static void describe(struct pyprof_session *session, struct pyprof_buf *out)
{
	const struct pyprof_sampler_options *settings = &session->options;
	struct pyprof_sampler_status status = {};
	pyprof_sampler_status(session->sampler, &status);
	pyprof_buf_printf(out, "# sampling process %d at %ghz, mode %s",
			  session->pid, settings->rate_hz,
			  pyprof_mode_names[settings->mode]);
	if (settings->tid)
		pyprof_buf_printf(out, ", thread %d alone", settings->tid);
	pyprof_buf_puts(out, "\n");
	if (status.fallback[0])
		pyprof_buf_printf(out, "# %s\n", status.fallback);
	if (status.problem[0])
		pyprof_buf_printf(out,
				  "# %s; sampling begins when there is "
				  "one\n",
				  status.problem);
}

/** What runs already cannot be let run for a while. */
static struct pyprof_error *check_stands_still(struct pyprof_session *session)
{
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	if (err || !inferior.is_running)
		return err;
	return pyprof_error_create(PYPROF_ERROR_USAGE,
				   "process %d runs already; interrupt it "
				   "first, or leave out --for",
				   inferior.pid);
}

/** Run for a while, stop, and say what came of it. */
static struct pyprof_error *run_for(struct pyprof_session *session, int64_t ns,
				    struct pyprof_buf *out)
{
	if (!session->ops->run_for) {
		pyprof_session_stop(session);
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "--for is not supported by this "
					   "debugger");
	}
	struct pyprof_error *err = session->ops->run_for(session->host, ns);
	struct pyprof_sampler_status status = {};
	pyprof_sampler_status(session->sampler, &status);
	pyprof_session_stop(session);
	if (err)
		return err;

	pyprof_sampler_lock(session->sampler);
	uint64_t samples = pyprof_profile_samples(session->profile);
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(session->profile);
	pyprof_buf_printf(out, "# %llu samples of %.1f s\n",
			  (unsigned long long)samples,
			  (double)meta->sampled_ns / PYPROF_NS_PER_SECOND);
	pyprof_sampler_unlock(session->sampler);
	if (!samples && status.problem[0])
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "nothing was sampled: %s",
					   status.problem);
	return NULL;
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	struct pyprof_sampler_options settings =
		session->armed ? session->options : pyprof_session_defaults;
	struct pyprof_error *err = read_settings(session, arguments, &settings);
	if (!err && arguments->options[FOR].given)
		err = check_stands_still(session);
	if (!err)
		err = pyprof_session_start(session, &settings);
	if (err)
		return err;
	pyprof_profile_put_away(session, out);
	describe(session, out);
	if (arguments->options[FOR].given)
		return run_for(session, arguments->options[FOR].number, out);
	return NULL;
}

static const char *const rates[] = {"100hz", "1khz", "10khz", NULL};

const struct pyprof_command pyprof_cmd_start = {
	.name = "start",
	.usage = "[RATE]",
	.summary = "Begin to sample whenever the process runs",
	.help = "RATE is samples a second (100hz, 1khz) or the time between\n"
		"them (10ms); the default is 100hz. Continue the process by "
		"any\n"
		"command of the debugger; samples are taken while it runs.\n"
		"Starting again changes the settings that are given and keeps\n"
		"the profile.\n"
		"\n"
		"Modes: preempt holds the sampled thread off its CPU for some\n"
		"microseconds and proves that it stood still; stop lets the\n"
		"debugger stop it; free reads while it runs, and may see "
		"stacks\n"
		"that never were; auto takes the first of these that works.",
	.max_arguments = 1,
	.options = options,
	.words = rates,
	.run = run,
};
