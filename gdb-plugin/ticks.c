// SPDX-License-Identifier: Apache-2.0
//
// Ticks: a signal, sent by the sampler to the thread it wants to look at, is
// caught by a catchpoint whose condition is our C function. GDB evaluates it
// with that thread stopped, finds it false and lets the thread go on, without
// a word and without any state of the user's having changed.
//
// The signals are ignored by default: should GDB be gone when one arrives, no
// harm is done.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "gdb-plugin/plugin.h"

static const struct tick_signal {
	int number;
	const char *name;
} tick_signals[] = {
	{SIGURG, "SIGURG"},
	{SIGWINCH, "SIGWINCH"},
};

#define TICK_SIGNALS (sizeof(tick_signals) / sizeof(*tick_signals))

static const char *signal_name(int number)
{
	for (size_t i = 0; i < TICK_SIGNALS; i++)
		if (tick_signals[i].number == number)
			return tick_signals[i].name;
	return "0";
}

/** A mask of signals in /proc/PID/task/TID/status; 0 without one. */
static uint64_t signal_mask(long pid, const char *tid, const char *field)
{
	char path[64], line[128];
	size_t length = strlen(field);
	uint64_t mask = 0;
	if (snprintf(path, sizeof(path), "/proc/%ld/task/%s/status", pid,
		     tid) >= (int)sizeof(path))
		return 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, field, length)) {
			mask = strtoull(line + length, NULL, 16);
			break;
		}
	fclose(file);
	return mask;
}

/**
 * How ill each of the tick signals suits a process: by how many threads it is
 * blocked, and, worse, whether the program handles it.
 */
static void rate_signals(long pid, size_t cost[static TICK_SIGNALS])
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		const char *tid = entry->d_name;
		uint64_t blocked = signal_mask(pid, tid, "SigBlk:");
		uint64_t caught = signal_mask(pid, tid, "SigCgt:");
		for (size_t i = 0; i < TICK_SIGNALS; i++) {
			int bit = tick_signals[i].number - 1;
			cost[i] +=
				(blocked >> bit & 1) + 2 * (caught >> bit & 1);
		}
	}
	if (folder)
		closedir(folder);
}

/**
 * The signal to send as a tick. One that the program handles is the last
 * choice: a tick that is under way when the catchpoint goes would reach it.
 * That all threads block each may pass soon: a thread does while it forks.
 */
static const struct tick_signal *choose_signal(long pid)
{
	size_t cost[TICK_SIGNALS] = {};
	rate_signals(pid, cost);
	size_t best = 0;
	for (size_t i = 1; i < TICK_SIGNALS; i++)
		if (cost[i] < cost[best])
			best = i;
	return &tick_signals[best];
}

/** Read what GDB does with a signal, from the table it prints. */
static struct pyprof_error *read_handling(PyObject *gdb, const char *signal,
					  struct pyprof_gdb_handling *ret)
{
	_cleanup_py_ PyObject *text = NULL, *keep = NULL;
	struct pyprof_error *err =
		pyprof_py_execute(gdb, &text, "info signals %s", signal);
	if (err)
		return err;
	const char *table = pyprof_py_utf8(text, &keep);
	const char *row = table ? strstr(table, signal) : NULL;
	char stop[8], print[8], pass[8];
	if (!row || sscanf(row, "%*s %7s %7s %7s", stop, print, pass) != 3)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "gdb does not tell how it handles "
					   "%s",
					   signal);
	*ret = (struct pyprof_gdb_handling){
		.stop = !strcmp(stop, "Yes"),
		.print = !strcmp(print, "Yes"),
		.pass = !strcmp(pass, "Yes"),
	};
	return NULL;
}

static void set_handling(PyObject *gdb, const char *signal,
			 const struct pyprof_gdb_handling *handling)
{
	pyprof_py_execute_quietly(gdb, "handle %s %s %s %s", signal,
				  handling->print ? "print" : "noprint",
				  handling->stop ? "stop" : "nostop",
				  handling->pass ? "pass" : "nopass");
}

/** Have GDB pass the tick signal to the program, or not. */
static void set_passing(struct pyprof_gdb *plugin, bool pass)
{
	struct pyprof_gdb_ticks *ticks = &plugin->ticks;
	if (ticks->ours.pass == pass)
		return;
	ticks->ours.pass = pass;
	set_handling(plugin->gdb, signal_name(ticks->signal), &ticks->ours);
}

/** A convenience variable; NULL, and no exception, when it is void. */
static PyObject *variable(PyObject *gdb, const char *name)
{
	PyObject *value =
		PyObject_CallMethod(gdb, "convenience_variable", "s", name);
	pyprof_py_clear();
	return value;
}

/** Make the catchpoint. The user's $bpnum stays what it was. */
static struct pyprof_error *create_catchpoint(PyObject *gdb, const char *signal,
					      long *number_ret)
{
	_cleanup_py_ PyObject *old = variable(gdb, "bpnum");
	_cleanup_py_ PyObject *text = NULL;
	struct pyprof_error *err =
		pyprof_py_execute(gdb, &text, "catch signal %s", signal);
	if (err)
		return err;
	_cleanup_py_ PyObject *value = variable(gdb, "bpnum");
	_cleanup_py_ PyObject *integer = value ? PyNumber_Long(value) : NULL;
	long number = integer ? PyLong_AsLong(integer) : 0;
	Py_XDECREF(PyObject_CallMethod(gdb, "set_convenience_variable", "sO",
				       "bpnum", old ? old : Py_None));
	pyprof_py_clear();
	_cleanup_py_ PyObject *nothing = NULL;
	err = pyprof_py_execute(gdb, &nothing, "condition %ld $_pyprof_tick()",
				number);
	if (err) {
		pyprof_py_execute_quietly(gdb, "delete %ld", number);
		return err;
	}
	*number_ret = number;
	return NULL;
}

struct pyprof_error *pyprof_gdb_ticks_arm(struct pyprof_gdb *plugin,
					  int *signal_ret)
{
	struct pyprof_gdb_ticks *ticks = &plugin->ticks;
	if (ticks->signal) {
		*signal_ret = ticks->signal;
		return NULL;
	}
	const struct tick_signal *signal =
		choose_signal(pyprof_gdb_selected_pid(plugin));
	struct pyprof_gdb_handling saved;
	struct pyprof_error *err =
		read_handling(plugin->gdb, signal->name, &saved);
	if (err)
		return err;
	long number = 0;
	err = create_catchpoint(plugin->gdb, signal->name, &number);
	if (err)
		return err;
	*ticks = (struct pyprof_gdb_ticks){
		.signal = signal->number,
		.number = number,
		.saved = saved,
	};
	set_handling(plugin->gdb, signal->name, &ticks->ours);
	*signal_ret = signal->number;
	return NULL;
}

void pyprof_gdb_ticks_disarm(struct pyprof_gdb *plugin)
{
	struct pyprof_gdb_ticks ticks = plugin->ticks;
	if (!ticks.signal)
		return;
	/* First, for GDB tells of the deletion. */
	plugin->ticks = (struct pyprof_gdb_ticks){};
	if (ticks.number)
		pyprof_py_execute_quietly(plugin->gdb, "delete %ld",
					  ticks.number);
	const char *signal = signal_name(ticks.signal);
	struct pyprof_gdb_handling now;
	_cleanup_error_ struct pyprof_error *err =
		read_handling(plugin->gdb, signal, &now);
	/* What the user has changed meanwhile is the user's. */
	if (err ||
	    (now.stop == ticks.ours.stop && now.print == ticks.ours.print &&
	     now.pass == ticks.ours.pass))
		set_handling(plugin->gdb, signal, &ticks.saved);
}

/**
 * Whether the signal that thread `tid` was stopped by is one that we sent.
 * Asked of the kernel, as we are on the thread that traces it: GDB's own
 * $_siginfo takes longer than all the rest of a tick. The sender's pid is 0 to
 * a process in another pid namespace.
 */
static bool is_own_signal(int tid)
{
	siginfo_t info;
	if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info))
		return true;
	return info.si_code == SI_TKILL &&
	       (info.si_pid == getpid() || !info.si_pid);
}

bool pyprof_gdb_tick(struct pyprof_gdb *plugin)
{
	struct pyprof_gdb_ticks *ticks = &plugin->ticks;
	if (!plugin->session || !ticks->signal)
		return false;
	_cleanup_py_ PyObject *thread =
		pyprof_py_call(plugin->gdb, "selected_thread");
	_cleanup_py_ PyObject *ptid =
		thread ? PyObject_GetAttrString(thread, "ptid") : NULL;
	int pid, tid, other;
	if (!ptid || !PyArg_ParseTuple(ptid, "iii", &pid, &tid, &other))
		return false;
	if (!is_own_signal(tid)) {
		/* GDB looks at how to handle it after this. */
		set_passing(plugin, ticks->saved.pass);
		return ticks->saved.stop;
	}
	set_passing(plugin, false);
	if (pid == plugin->session->pid)
		pyprof_session_tick(plugin->session, tid);
	struct pyprof_gdb_run *run = &plugin->run;
	if (!run->deadline || pyprof_clock_ns() < run->deadline)
		return false;
	run->expired = true;
	return true;
}
