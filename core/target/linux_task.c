// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_task.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/target/linux_proc.h"

/* The longest of these files is stat, some 400 bytes. */
#define TASK_FILE_MAX 1024

void pyprof_task_init(struct pyprof_task *task, int32_t pid, int32_t tid)
{
	(void)pid;
	*task = (struct pyprof_task){
		.tid = tid,
		.schedstat_fd = -1,
		.syscall_fd = -1,
		.stat_fd = -1,
		.wchan_fd = -1,
	};
}

void pyprof_task_deinit(struct pyprof_task *task)
{
	pyprof_close_cleanup(&task->schedstat_fd);
	pyprof_close_cleanup(&task->syscall_fd);
	pyprof_close_cleanup(&task->stat_fd);
	pyprof_close_cleanup(&task->wchan_fd);
	task->schedstat_fd = task->syscall_fd = -1;
	task->stat_fd = task->wchan_fd = -1;
}

/*
 * Read one of the thread's files whole, NUL-terminated; an open one says
 * ESRCH when the thread has ended, also when the tid is used again.
 */
static int read_file(int *fd, int32_t pid, int32_t tid, const char *name,
		     char text[TASK_FILE_MAX])
{
	if (*fd < 0) {
		char path[PYPROF_PROC_PATH_MAX];
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid,
			 name);
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return errno;
	}
	ssize_t n;
	do {
		n = pread(*fd, text, TASK_FILE_MAX - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	text[n] = '\0';
	return 0;
}

static struct pyprof_error *ended(int32_t tid)
{
	return pyprof_error_create(PYPROF_ERROR_GONE, "thread %d has ended",
				   tid);
}

static struct pyprof_error *read_stat(struct pyprof_task *task, int32_t pid,
				      char text[TASK_FILE_MAX])
{
	int error = read_file(&task->stat_fd, pid, task->tid, "stat", text);
	if (error == ENOENT || error == ESRCH)
		return ended(task->tid);
	if (error)
		return pyprof_error_os(error, "cannot read stat of thread %d",
				       task->tid);
	return NULL;
}

static struct pyprof_error *misread(const struct pyprof_task *task,
				    const char *name)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT,
				   "cannot understand %s of thread %d", name,
				   task->tid);
}

/* The state by the letter in stat alone. */
static struct pyprof_error *state_by_stat(struct pyprof_task *task, int32_t pid,
					  struct pyprof_task_state *ret)
{
	char text[TASK_FILE_MAX];
	struct pyprof_error *err = read_stat(task, pid, text);
	if (err)
		return err;
	const char *state = pyprof_proc_stat_field(text, PYPROF_STAT_STATE);
	if (!state)
		return misread(task, "stat");
	/* The first thread of a process stays when it ends before others. */
	if (*state == 'Z' || *state == 'X')
		return ended(task->tid);
	*ret = (struct pyprof_task_state){
		.running = *state == 'R',
		.syscall = -1,
	};
	return NULL;
}

/*
 * Waits on a futex with a timeout, poll() and sleeps are in restart_syscall()
 * once the thread was stopped in them, as debuggers do; where it sleeps in the
 * kernel tells which it was. The arguments are still those of the call.
 */
static int32_t restarted_syscall(struct pyprof_task *task, int32_t pid)
{
	char text[TASK_FILE_MAX];
	if (read_file(&task->wchan_fd, pid, task->tid, "wchan", text))
		return SYS_restart_syscall;
	if (strstr(text, "futex"))
		return SYS_futex;
#ifdef SYS_poll
	if (strstr(text, "poll"))
		return SYS_poll;
#endif
	/* The kernel does not say, or it is stopped once more. */
	if (text[0] == '0' || strstr(text, "stop"))
		return SYS_restart_syscall;
	return SYS_clock_nanosleep;
}

struct pyprof_error *pyprof_task_state(struct pyprof_task *task, int32_t pid,
				       struct pyprof_task_state *ret)
{
	char text[TASK_FILE_MAX];
	struct pyprof_task_state state = {.syscall = -1};
	int error =
		read_file(&task->syscall_fd, pid, task->tid, "syscall", text);
	/* May not be read, or not there, or gone: stat tells. */
	if (error)
		return state_by_stat(task, pid, ret);
	if (strncmp(text, "running", strlen("running")) == 0) {
		state.running = true;
	} else {
		int fields =
			sscanf(text, "%" SCNd32 " %" SCNx64 " %" SCNx64,
			       &state.syscall, &state.args[0], &state.args[1]);
		/* Blocked in no call, as in a page fault; or ended. */
		if (fields < 3 || state.syscall < 0)
			return state_by_stat(task, pid, ret);
		if (state.syscall == SYS_restart_syscall)
			state.syscall = restarted_syscall(task, pid);
	}
	*ret = state;
	return NULL;
}

struct pyprof_error *pyprof_task_is_held(struct pyprof_task *task, int32_t pid,
					 bool *ret)
{
	char text[TASK_FILE_MAX];
	struct pyprof_error *err = read_stat(task, pid, text);
	if (err)
		return err;
	const char *state = pyprof_proc_stat_field(text, PYPROF_STAT_STATE);
	if (!state)
		return misread(task, "stat");
	*ret = *state == 't' || *state == 'T';
	return NULL;
}

static bool parse_schedstat(const char *text, uint64_t *runs, uint64_t *ns)
{
	return sscanf(text, "%" SCNu64 " %*u %" SCNu64, ns, runs) == 2;
}

/* Whether the kernel counts runs: the calling thread has had one. */
static bool kernel_counts_runs(void)
{
	char text[TASK_FILE_MAX];
	uint64_t ns, runs;
	_cleanup_close_ int fd = -1;
	return read_file(&fd, getpid(), gettid(), "schedstat", text) == 0 &&
	       parse_schedstat(text, &runs, &ns) && runs;
}

struct pyprof_error *pyprof_task_schedstat(struct pyprof_task *task,
					   int32_t pid, uint64_t *runs_ret,
					   uint64_t *ns_ret)
{
	char text[TASK_FILE_MAX];
	uint64_t ns, runs;
	int error = read_file(&task->schedstat_fd, pid, task->tid, "schedstat",
			      text);
	if (error) {
		struct pyprof_error *err = read_stat(task, pid, text);
		if (err)
			return err;
		return pyprof_error_os(
			error, "cannot read schedstat of thread %d", task->tid);
	}
	if (!parse_schedstat(text, &runs, &ns))
		return misread(task, "schedstat");
	/* No run yet, or none that would ever be counted. */
	if (!runs && !kernel_counts_runs())
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"this kernel does not count how often threads run");
	*runs_ret = runs;
	*ns_ret = ns;
	return NULL;
}

struct pyprof_error *pyprof_task_last_cpu(struct pyprof_task *task, int32_t pid,
					  int *ret)
{
	char text[TASK_FILE_MAX];
	struct pyprof_error *err = read_stat(task, pid, text);
	if (err)
		return err;
	const char *cpu = pyprof_proc_stat_field(text, PYPROF_STAT_PROCESSOR);
	if (!cpu)
		return misread(task, "stat");
	*ret = (int)strtol(cpu, NULL, 10);
	return NULL;
}
