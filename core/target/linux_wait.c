// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_task.h"

#include <stddef.h>
#include <sys/syscall.h>

/*
 * What system calls that block wait for, by the numbers of the architecture
 * that this is built for. Not every architecture has all of them.
 */
static const struct {
	int32_t syscall;
	enum pyprof_wait wait;
} waits[] = {
#define WAIT(name, wait) {SYS_##name, PYPROF_WAIT_##wait},
#include "core/target/linux_wait.def"
#undef WAIT
};

enum pyprof_wait pyprof_wait_of_syscall(int32_t syscall)
{
	if (syscall < 0)
		return PYPROF_WAIT_NONE;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		if (waits[i].syscall == syscall)
			return waits[i].wait;
	}
	return PYPROF_WAIT_OTHER;
}

/* Calls that wait for files in the form of a sleep when given none. */
static bool waits_for_nothing(const struct pyprof_task_state *state)
{
	switch (state->syscall) {
#ifdef SYS_select
	case SYS_select:
#endif
#ifdef SYS_pselect6
	case SYS_pselect6:
#endif
		return !state->args[0];
#ifdef SYS_poll
	case SYS_poll:
#endif
#ifdef SYS_ppoll
	case SYS_ppoll:
#endif
		return !state->args[1];
	default:
		return false;
	}
}

enum pyprof_wait pyprof_wait_of_state(const struct pyprof_task_state *state)
{
	if (state->running)
		return PYPROF_WAIT_NONE;
	if (waits_for_nothing(state))
		return PYPROF_WAIT_SLEEP;
	return pyprof_wait_of_syscall(state->syscall);
}
