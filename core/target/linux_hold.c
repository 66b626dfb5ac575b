// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_hold.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

#include "core/base/clock.h"

/* How often the calling thread was switched out, for whatever reason. */
static long count_switches(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_THREAD, &usage))
		return -1;
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

int pyprof_hold_again(struct pyprof_hold *hold, int cpu)
{
	/*
	 * The target's thread stands still from here on: one system call, as
	 * the clock and the CPU's number take none.
	 */
	int64_t begin_ns = pyprof_clock_ns();
	long switches = count_switches();
	if (switches < 0)
		return errno;
	if (sched_getcpu() != cpu)
		return EAGAIN;
	*hold = (struct pyprof_hold){
		.cpu = cpu,
		.switches = switches,
		.begin_ns = begin_ns,
	};
	return 0;
}

int pyprof_hold_begin(struct pyprof_hold *hold, int cpu)
{
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return EINVAL;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* Returns on that CPU, so what follows counts from the arrival. */
	if (sched_setaffinity(0, sizeof(set), &set))
		return errno;
	return pyprof_hold_again(hold, cpu);
}

bool pyprof_hold_end(struct pyprof_hold *hold, int64_t *held_ns_ret)
{
	bool stayed = count_switches() == hold->switches &&
		      sched_getcpu() == hold->cpu;
	*held_ns_ret = pyprof_clock_ns() - hold->begin_ns;
	return stayed;
}
