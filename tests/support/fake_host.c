// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_host.h"

#include <signal.h>

void fake_host_init(struct fake_host *host)
{
	*host = (struct fake_host){.printed = PYPROF_BUF_INIT};
}

void fake_host_deinit(struct fake_host *host)
{
	pyprof_buf_deinit(&host->printed);
}

static const char *name(void *arg)
{
	(void)arg;
	return "fake 1.0";
}

static struct pyprof_error *inferior(void *arg, struct pyprof_inferior *ret)
{
	struct fake_host *host = arg;
	*ret = host->inferior;
	return NULL;
}

static struct pyprof_error *
threads(void *arg, const struct pyprof_host_thread **ret, size_t *count_ret)
{
	struct fake_host *host = arg;
	*ret = host->threads;
	*count_ret = host->thread_count;
	return NULL;
}

static struct pyprof_error *arm_ticks(void *arg, int *signal_ret)
{
	struct fake_host *host = arg;
	if (host->arm_error)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED, "%s",
					   host->arm_error);
	host->ticks_armed = true;
	host->arms++;
	*signal_ret = SIGURG;
	return NULL;
}

static void disarm_ticks(void *arg)
{
	struct fake_host *host = arg;
	host->ticks_armed = false;
	host->disarms++;
}

static struct pyprof_error *run_for(void *arg, int64_t ns)
{
	struct fake_host *host = arg;
	host->ran_ns = ns;
	if (host->meanwhile)
		host->meanwhile(host->meanwhile_arg);
	if (host->run_error)
		return pyprof_error_create(PYPROF_ERROR_GONE, "%s",
					   host->run_error);
	return NULL;
}

static void print(void *arg, const char *text)
{
	struct fake_host *host = arg;
	pyprof_buf_puts(&host->printed, text);
}

static bool is_terminal(void *arg)
{
	return ((struct fake_host *)arg)->is_terminal;
}

static bool interrupted(void *arg)
{
	struct fake_host *host = arg;
	return ++host->asked == host->interrupt_at;
}

static unsigned width(void *arg)
{
	(void)arg;
	return 80;
}

static bool colour(void *arg)
{
	(void)arg;
	return false;
}

static void wake(void *arg)
{
	(void)arg;
}

const struct pyprof_host_ops fake_host_ops = {
	.name = name,
	.inferior = inferior,
	.threads = threads,
	.arm_ticks = arm_ticks,
	.disarm_ticks = disarm_ticks,
	.run_for = run_for,
	.print = print,
	.is_terminal = is_terminal,
	.interrupted = interrupted,
	.width = width,
	.colour = colour,
	.wake = wake,
};

const struct pyprof_host_ops fake_host_ops_without_ticks = {
	.name = name,
	.inferior = inferior,
	.threads = threads,
	.run_for = run_for,
	.print = print,
	.is_terminal = is_terminal,
	.interrupted = interrupted,
	.width = width,
	.colour = colour,
	.wake = wake,
};
