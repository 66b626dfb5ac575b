// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"
#include "core/command/session.h"

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	(void)arguments;
	if (!session->armed) {
		pyprof_buf_puts(out, "# not sampling\n");
		return NULL;
	}
	pyprof_session_stop(session);
	pyprof_sampler_lock(session->sampler);
	uint64_t samples = pyprof_profile_samples(session->profile);
	pyprof_sampler_unlock(session->sampler);
	pyprof_buf_printf(out, "# stopped; the profile has %llu samples\n",
			  (unsigned long long)samples);
	return NULL;
}

const struct pyprof_command pyprof_cmd_stop = {
	.name = "stop",
	.summary = "Take no more samples; the profile stays",
	.run = run,
};
