// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/target/linux_maps.h"
#include "core/target/linux_pagemap.h"
#include "core/target/linux_proc.h"

/* PF_KTHREAD of the kernel's sched.h, as /proc/PID/stat shows it. */
#define FLAG_KERNEL_THREAD 0x00200000UL

#define THREADS_MAX 100000

/* What does not change while a process runs one program. */
struct identity {
	unsigned long long start_time;
	/* Random in each program that is executed, where addresses are. */
	unsigned long long start_stack;
	/* 0 while the kernel has not done with making the program. */
	unsigned long long start_code;
	dev_t device;
	ino_t inode;
};

struct linux_process {
	struct pyprof_target base;
	struct identity identity;
	/* It lives in a pid namespace below ours. */
	bool nested;
	/* Backs `mappings`, whose array is what callers hold. */
	struct pyprof_linux_maps maps;
	PYPROF_VEC(struct pyprof_mapping) mappings;
	PYPROF_VEC(struct pyprof_os_thread) threads;
};

static struct linux_process *process_of(struct pyprof_target *target)
{
	return (struct linux_process *)target;
}

static struct pyprof_error *gone(int32_t pid)
{
	return pyprof_error_create(PYPROF_ERROR_GONE, "no process %d", pid);
}

static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH;
}

/* The error of a failed look at the process as a whole. */
static struct pyprof_error *process_error(int32_t pid, int error,
					  const char *what)
{
	if (is_gone(error))
		return gone(pid);
	if (error == ENOMEM)
		return pyprof_error_oom();
	return pyprof_error_os(error, "cannot read %s of process %d", what,
			       pid);
}

/*
 * Memory.
 */

static struct pyprof_error *process_read(struct pyprof_target *target,
					 uint64_t address, void *buffer,
					 size_t size)
{
	size_t done = 0;
	while (done < size) {
		struct iovec local = {(char *)buffer + done, size - done};
		struct iovec remote = {(void *)(uintptr_t)(address + done),
				       size - done};
		ssize_t n =
			process_vm_readv(target->pid, &local, 1, &remote, 1, 0);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno == EFAULT)
			return pyprof_error_at(PYPROF_ERROR_FAULT,
					       address + done,
					       "cannot read memory");
		else
			return process_error(target->pid, errno, "the memory");
	}
	return NULL;
}

/* How many of the ranges are whole when `size` bytes were read in all. */
static size_t count_whole(const struct pyprof_range *ranges, size_t count,
			  size_t size)
{
	size_t i = 0;
	while (i < count && ranges[i].size <= size)
		size -= ranges[i++].size;
	return i;
}

static size_t process_readv(struct pyprof_target *target,
			    const struct pyprof_range *ranges, size_t count)
{
	struct iovec local[IOV_MAX], remote[IOV_MAX];
	size_t done = 0;
	while (done < count) {
		size_t batch = count - done < IOV_MAX ? count - done : IOV_MAX;
		for (size_t i = 0; i < batch; i++) {
			const struct pyprof_range *range = &ranges[done + i];
			local[i] = (struct iovec){range->buffer, range->size};
			remote[i] = (struct iovec){
				(void *)(uintptr_t)range->address, range->size};
		}
		ssize_t n = process_vm_readv(target->pid, local, batch, remote,
					     batch, 0);
		size_t whole =
			n < 0 ? 0
			      : count_whole(ranges + done, batch, (size_t)n);
		done += whole;
		if (whole < batch)
			break;
	}
	return done;
}

/*
 * Mappings and the files behind them.
 */

static struct pyprof_error *read_maps(struct pyprof_linux_maps *maps,
				      int32_t pid)
{
	int error = pyprof_linux_maps_read(maps, pid);
	if (error == EINVAL)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "cannot understand /proc/%d/maps",
					   pid);
	return error ? process_error(pid, error, "the mappings") : NULL;
}

static struct pyprof_error *process_mappings(struct pyprof_target *target,
					     const struct pyprof_mapping **ret,
					     size_t *count_ret)
{
	struct linux_process *process = process_of(target);
	process->mappings.count = 0;
	struct pyprof_error *err = read_maps(&process->maps, target->pid);
	if (err)
		return err;
	size_t count = process->maps.lines.count;
	if (!pyprof_vec_reserve(&process->mappings, count))
		return pyprof_error_oom();
	for (size_t i = 0; i < count; i++)
		process->mappings.items[i] =
			process->maps.lines.items[i].mapping;
	process->mappings.count = count;
	*ret = process->mappings.items;
	*count_ret = count;
	return NULL;
}

static struct pyprof_error *process_resident(struct pyprof_target *target,
					     uint64_t start, size_t count,
					     uint8_t *flags)
{
	int error = pyprof_linux_pagemap_read(target->pid, start, count, flags);
	return error ? process_error(target->pid, error, "the page map") : NULL;
}

static uint64_t process_next_resident(struct pyprof_target *target,
				      uint64_t start, uint64_t end)
{
	return pyprof_linux_pagemap_next(target->pid, start, end);
}

/* A line of smaps_rollup, in bytes. */
static uint64_t rollup_bytes(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtoull(at + strlen(name), NULL, 10) << 10 : 0;
}

static struct pyprof_error *process_usage(struct pyprof_target *target,
					  struct pyprof_usage *ret)
{
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	int error = pyprof_proc_read(target->pid, "smaps_rollup", &buf);
	if (error)
		return process_error(target->pid, error, "the memory use");
	*ret = (struct pyprof_usage){
		.resident = rollup_bytes(buf.data, "\nRss:"),
		.own = rollup_bytes(buf.data, "\nAnonymous:"),
		.swapped = rollup_bytes(buf.data, "\nSwap:"),
	};
	return NULL;
}

static struct pyprof_error *process_open_file(struct pyprof_target *target,
					      const char *path, int *fd_ret)
{
	/* The caller still holds the mappings it was given: read others. */
	_cleanup_(pyprof_linux_maps_deinit) struct pyprof_linux_maps maps =
		PYPROF_LINUX_MAPS_INIT;
	struct pyprof_error *err = read_maps(&maps, target->pid);
	if (err)
		return err;
	int error = pyprof_linux_maps_open(&maps, target->pid, path, fd_ret);
	if (error == ENOMEM)
		return pyprof_error_oom();
	if (error)
		return pyprof_error_os(error, "cannot open %s of process %d",
				       path, target->pid);
	return NULL;
}

/*
 * Threads.
 */

/* The tid in the innermost namespace: the last one of the line. */
static int32_t inner_tid(const char *status, int32_t tid, size_t *depth_ret)
{
	const char *at = strstr(status, "\nNSpid:");
	size_t depth = 0;
	if (at)
		at += strlen("\nNSpid:");
	while (at) {
		char *end;
		long value = strtol(at, &end, 10);
		if (end == at || memchr(at, '\n', (size_t)(end - at)))
			break;
		tid = (int32_t)value;
		depth++;
		at = end;
	}
	*depth_ret = depth;
	return tid;
}

/* Fill in one thread; false when it has ended. */
static bool read_thread(struct linux_process *process, struct pyprof_buf *buf,
			int32_t tid, struct pyprof_os_thread *ret)
{
	struct pyprof_os_thread thread = {.tid = tid, .inner_tid = tid};
	char name[PYPROF_PROC_PATH_MAX];
	snprintf(name, sizeof(name), "task/%d/comm", tid);
	if (pyprof_proc_read(process->base.pid, name, buf))
		return false;
	size_t length = strcspn(buf->data, "\n");
	if (length >= sizeof(thread.name))
		length = sizeof(thread.name) - 1;
	memcpy(thread.name, buf->data, length);
	if (process->nested) {
		size_t depth;
		snprintf(name, sizeof(name), "task/%d/status", tid);
		if (pyprof_proc_read(process->base.pid, name, buf))
			return false;
		thread.inner_tid = inner_tid(buf->data, tid, &depth);
	}
	*ret = thread;
	return true;
}

static void closedir_cleanup(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static struct pyprof_error *process_threads(struct pyprof_target *target,
					    const struct pyprof_os_thread **ret,
					    size_t *count_ret)
{
	struct linux_process *process = process_of(target);
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/task", target->pid);
	_cleanup_(closedir_cleanup) DIR *dir = opendir(path);
	if (!dir)
		return process_error(target->pid, errno, "the threads");
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	process->threads.count = 0;
	for (const struct dirent *entry = readdir(dir);
	     entry && process->threads.count < THREADS_MAX;
	     entry = readdir(dir)) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		struct pyprof_os_thread thread;
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);
		if (!read_thread(process, &buf, tid, &thread))
			continue;
		if (!pyprof_vec_push(&process->threads, thread))
			return pyprof_error_oom();
	}
	if (!process->threads.count)
		return gone(target->pid);
	*ret = process->threads.items;
	*count_ret = process->threads.count;
	return NULL;
}

/* Asks for the one thread: listing thousands takes long. */
static int32_t process_find_thread(struct pyprof_target *target,
				   int32_t inner_tid)
{
	char path[PYPROF_PROC_PATH_MAX];
	if (process_of(target)->nested)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", target->pid,
		 inner_tid);
	return access(path, F_OK) ? 0 : inner_tid;
}

/*
 * Making one.
 */

static int read_identity(int32_t pid, struct pyprof_buf *buf,
			 struct identity *ret)
{
	int error = pyprof_proc_read(pid, "stat", buf);
	if (error)
		return error;
	const char *start =
		pyprof_proc_stat_field(buf->data, PYPROF_STAT_START_TIME);
	const char *stack =
		pyprof_proc_stat_field(buf->data, PYPROF_STAT_START_STACK);
	const char *code =
		pyprof_proc_stat_field(buf->data, PYPROF_STAT_START_CODE);
	if (!start || !stack || !code)
		return EINVAL;
	struct identity identity = {
		.start_time = strtoull(start, NULL, 10),
		.start_stack = strtoull(stack, NULL, 10),
		.start_code = strtoull(code, NULL, 10),
	};
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	struct stat st;
	/* A zombie and a kernel thread have no executable. */
	if (!stat(path, &st)) {
		identity.device = st.st_dev;
		identity.inode = st.st_ino;
	}
	*ret = identity;
	return 0;
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
	return a->start_time == b->start_time &&
	       a->start_stack == b->start_stack && a->device == b->device &&
	       a->inode == b->inode;
}

/* Why a process of which this is the stat file cannot be looked at at all. */
static struct pyprof_error *check_kind(int32_t pid, const char *stat)
{
	const char *state = pyprof_proc_stat_field(stat, PYPROF_STAT_STATE);
	const char *flags = pyprof_proc_stat_field(stat, PYPROF_STAT_FLAGS);
	if (state && (*state == 'Z' || *state == 'X'))
		return pyprof_error_create(
			PYPROF_ERROR_GONE,
			"process %d has ended and waits for its parent", pid);
	if (flags && strtoul(flags, NULL, 10) & FLAG_KERNEL_THREAD)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "%d is a kernel thread", pid);
	return NULL;
}

static struct pyprof_error *check_readable(int32_t pid)
{
	/* Nothing is mapped at 0, so leave to read shows as EFAULT. */
	char byte;
	struct iovec local = {&byte, 1}, remote = {NULL, 1};
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) >= 0 ||
	    errno == EFAULT)
		return NULL;
	if (errno == EPERM)
		return pyprof_error_os(
			EPERM,
			"cannot read the memory of process %d (try sudo, or "
			"sysctl kernel.yama.ptrace_scope=0, or in a container "
			"--cap-add=SYS_PTRACE)",
			pid);
	return process_error(pid, errno, "the memory");
}

static void process_destroy(struct pyprof_target *target)
{
	struct linux_process *process = process_of(target);
	pyprof_linux_maps_deinit(&process->maps);
	pyprof_vec_deinit(&process->mappings);
	pyprof_vec_deinit(&process->threads);
	free(process);
}

static const struct pyprof_target_ops process_ops = {
	.kind = "process",
	.read = process_read,
	.readv = process_readv,
	.mappings = process_mappings,
	.resident = process_resident,
	.next_resident = process_next_resident,
	.usage = process_usage,
	.reads_at_once = true,
	.open_file = process_open_file,
	.threads = process_threads,
	.find_thread = process_find_thread,
	.destroy = process_destroy,
};

struct pyprof_error *pyprof_linux_process_create(int32_t pid,
						 struct pyprof_target **ret)
{
	if (pid <= 0)
		return gone(pid);
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	struct identity identity;
	int error = read_identity(pid, &buf, &identity);
	if (error)
		return process_error(pid, error, "/proc");
	struct pyprof_error *err = check_kind(pid, buf.data);
	if (!err)
		err = check_readable(pid);
	if (err)
		return err;
	size_t depth = 0;
	if (pyprof_proc_read(pid, "status", &buf) == 0)
		inner_tid(buf.data, pid, &depth);

	struct linux_process *process = malloc(sizeof(*process));
	if (!process)
		return pyprof_error_oom();
	*process = (struct linux_process){
		.base = {.ops = &process_ops, .pid = pid},
		.identity = identity,
		.nested = depth > 1,
		.maps = PYPROF_LINUX_MAPS_INIT,
	};
	*ret = &process->base;
	return NULL;
}

bool pyprof_linux_process_same(struct pyprof_target *target)
{
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	struct identity now;
	return read_identity(target->pid, &buf, &now) == 0 && now.start_code &&
	       same_identity(&process_of(target)->identity, &now);
}
