// SPDX-License-Identifier: Apache-2.0
#include "core/base/parallel.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct helper {
	pthread_t thread;
	size_t number;
	void (*run)(void *context, size_t thread);
	void *context;
};

static void *helper_main(void *arg)
{
	const struct helper *helper = arg;
	helper->run(helper->context, helper->number);
	return NULL;
}

void pyprof_parallel(size_t wanted, void (*run)(void *context, size_t thread),
		     void *context)
{
	struct helper helpers[PYPROF_PARALLEL_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = 1;
	sigset_t all, before;
	if (wanted > PYPROF_PARALLEL_MAX)
		wanted = PYPROF_PARALLEL_MAX;
	/* Threads of ours take no signals: those are the debugger's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; count < wanted && (long)count < processors; count++) {
		struct helper *helper = &helpers[count];
		*helper = (struct helper){
			.number = count,
			.run = run,
			.context = context,
		};
		if (pthread_create(&helper->thread, NULL, helper_main, helper))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	run(context, 0);
	while (--count)
		pthread_join(helpers[count].thread, NULL);
}
