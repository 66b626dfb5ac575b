// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_hold.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>

#include "core/base/clock.h"

/*
 * Whether the calling thread was switched out is told by its rseq area, where
 * glibc (2.35 and later) has registered one: the kernel sets `rseq_cs` to NULL
 * when it preempts, migrates or signals a thread that is outside of the
 * critical section which `rseq_cs` names, and no thread is ever inside of
 * ours. That takes no system call. Without rseq, getrusage() takes two a look,
 * during which the thread held stands still.
 */

/* As in <linux/rseq.h>, which older systems lack. */
struct rseq_area {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
	uint64_t rseq_cs;
};

struct rseq_section {
	uint32_t version, flags;
	uint64_t start_ip, post_commit_offset, abort_ip;
} __attribute__((__aligned__(32)));

/* glibc's. */
extern const ptrdiff_t __rseq_offset __attribute__((__weak__));
extern const unsigned int __rseq_size __attribute__((__weak__));

/* What glibc registers with; it has to stand before the abort address. */
#if defined(__x86_64__) && __GNUC__ >= 11
#define RSEQ_SIGNATURE UINT32_C(0x53053053)
#elif defined(__aarch64__)
#define RSEQ_SIGNATURE UINT32_C(0xd428bc00)
#endif

#ifdef RSEQ_SIGNATURE

/* Data, where no thread ever executes. */
static const struct {
	uint8_t section[8];
	uint32_t signature;
	uint8_t abort[4];
} nowhere = {.signature = RSEQ_SIGNATURE};

static const struct rseq_section elsewhere = {
	.start_ip = (uintptr_t)nowhere.section,
	.post_commit_offset = 1,
	.abort_ip = (uintptr_t)nowhere.abort,
};

static struct rseq_area *rseq_area(void)
{
	if (!&__rseq_offset || !&__rseq_size ||
	    __rseq_size < sizeof(struct rseq_area))
		return NULL;
	struct rseq_area *area =
		(void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	/* Negative when registering has failed. */
	return (int32_t)area->cpu_id < 0 ? NULL : area;
}

static bool watch_switches(void)
{
	struct rseq_area *area = rseq_area();
	if (!area)
		return false;
	__atomic_store_n(&area->rseq_cs, (uintptr_t)&elsewhere,
			 __ATOMIC_SEQ_CST);
	return true;
}

/* Ends the watch; whether nothing happened during it. */
static bool watched_no_switch(void)
{
	struct rseq_area *area = rseq_area();
	return __atomic_exchange_n(&area->rseq_cs, 0, __ATOMIC_SEQ_CST) ==
	       (uintptr_t)&elsewhere;
}

#else

static bool watch_switches(void)
{
	return false;
}

static bool watched_no_switch(void)
{
	return false;
}

#endif

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
	*hold = (struct pyprof_hold){
		.cpu = cpu,
		.begin_ns = pyprof_clock_ns(),
		.watched = watch_switches(),
	};
	if (!hold->watched) {
		hold->switches = count_switches();
		if (hold->switches < 0)
			return errno;
	}
	if (sched_getcpu() == cpu)
		return 0;
	if (hold->watched)
		watched_no_switch();
	return EAGAIN;
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
	bool stayed = hold->watched ? watched_no_switch()
				    : count_switches() == hold->switches;
	stayed = stayed && sched_getcpu() == hold->cpu;
	*held_ns_ret = pyprof_clock_ns() - hold->begin_ns;
	return stayed;
}
