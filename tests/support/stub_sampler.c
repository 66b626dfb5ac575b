// SPDX-License-Identifier: Apache-2.0
#include "tests/support/stub_sampler.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stub_sampler stub_sampler;

const char *const pyprof_mode_names[] = {"auto", "preempt", "stop", "free",
					 NULL};

struct pyprof_sampler {
	struct pyprof_profile *profile;
};

void stub_sampler_init(void)
{
	stub_sampler = (struct stub_sampler){.calls = PYPROF_BUF_INIT};
}

void stub_sampler_deinit(void)
{
	pyprof_buf_deinit(&stub_sampler.calls);
}

const char *stub_sampler_calls(void)
{
	static char calls[1000];
	snprintf(calls, sizeof(calls), "%s", stub_sampler.calls.data);
	pyprof_buf_clear(&stub_sampler.calls);
	return calls;
}

static void note(const char *call)
{
	pyprof_buf_printf(&stub_sampler.calls, "%s%s",
			  stub_sampler.calls.length ? ", " : "", call);
}

struct pyprof_error *pyprof_sampler_create(struct pyprof_profile *profile,
					   struct pyprof_sampler **ret)
{
	*ret = calloc(1, sizeof(**ret));
	ck_assert_ptr_nonnull(*ret);
	(*ret)->profile = profile;
	return NULL;
}

void pyprof_sampler_destroy(struct pyprof_sampler *sampler)
{
	free(sampler);
}

struct pyprof_error *
pyprof_sampler_start(struct pyprof_sampler *sampler, int32_t pid,
		     const struct pyprof_sampler_options *options)
{
	(void)sampler;
	char call[32];
	snprintf(call, sizeof(call), "start %d", pid);
	note(call);
	if (stub_sampler.start_error)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED, "%s",
					   stub_sampler.start_error);
	stub_sampler.options = *options;
	stub_sampler.started = true;
	return NULL;
}

void pyprof_sampler_stop(struct pyprof_sampler *sampler)
{
	(void)sampler;
	if (stub_sampler.started)
		note("stop");
	stub_sampler.started = false;
}

void pyprof_sampler_resumed(struct pyprof_sampler *sampler)
{
	(void)sampler;
	note("resumed");
}

void pyprof_sampler_stopped(struct pyprof_sampler *sampler)
{
	(void)sampler;
	note("stopped");
}

bool pyprof_sampler_tick(struct pyprof_sampler *sampler, int32_t tid)
{
	(void)sampler;
	return tid == 42;
}

void pyprof_sampler_poll(struct pyprof_sampler *sampler)
{
	(void)sampler;
	note("poll");
}

void pyprof_sampler_lock(struct pyprof_sampler *sampler)
{
	(void)sampler;
	ck_assert(!stub_sampler.locked);
	stub_sampler.locked = true;
}

void pyprof_sampler_unlock(struct pyprof_sampler *sampler)
{
	(void)sampler;
	ck_assert(stub_sampler.locked);
	stub_sampler.locked = false;
}

void pyprof_sampler_reset(struct pyprof_sampler *sampler)
{
	ck_assert(!stub_sampler.locked);
	pyprof_profile_reset(sampler->profile);
}

void pyprof_sampler_status(struct pyprof_sampler *sampler,
			   struct pyprof_sampler_status *ret)
{
	/* The real one takes the lock itself. */
	ck_assert(!stub_sampler.locked);
	(void)sampler;
	*ret = stub_sampler.status;
}
