// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the plugin asks of LLDB, in C. sb.cpp answers, by nothing but the SB API
 * of the oldest LLDB that is supported; what newer ones have besides is looked
 * up when it is used.
 *
 * A debugger is named by the number that LLDB gives it: one that has gone is
 * then no dangling pointer, and has no process.
 *
 * LLDB holds a lock of its own over most of what it answers, and keeps it while
 * a command that is waited for resumes the process. Functions that say so below
 * do without and may be called by any thread, with the plugin's lock held; the
 * others are for the thread that runs a command.
 */
#ifndef PYPROF_LLDB_PLUGIN_SB_H
#define PYPROF_LLDB_PLUGIN_SB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "core/base/buf.h"

/** What LLDB's selected target is. */
enum pyprof_sb_kind {
	PYPROF_SB_NONE,
	PYPROF_SB_LIVE,
	PYPROF_SB_CORE,
};

struct pyprof_sb_process {
	enum pyprof_sb_kind kind;
	int32_t pid;
	bool is_running;
	/** Counts its stops, expressions included. */
	uint32_t stop_id;
};

struct pyprof_sb_thread {
	int32_t tid, number;
	bool is_selected;
};

/** Whether the debugger has not ended. Takes no lock of LLDB's. */
bool pyprof_sb_exists(uint64_t debugger);
/** The process of the selected target, or 0. Takes no lock of LLDB's. */
int32_t pyprof_sb_pid(uint64_t debugger);

void pyprof_sb_process(uint64_t debugger, struct pyprof_sb_process *ret);
/** The first `capacity` threads; returns how many there are. */
size_t pyprof_sb_threads(uint64_t debugger, struct pyprof_sb_thread *threads,
			 size_t capacity);
/** Append the path of the program; false when LLDB knows none. */
bool pyprof_sb_executable(uint64_t debugger, struct pyprof_buf *path);
/** Append the path of the core file; false when LLDB does not tell it, as those
 * before 19. */
bool pyprof_sb_core_file(uint64_t debugger, struct pyprof_buf *path);
/** Append what a command of LLDB's prints. */
void pyprof_sb_command_output(uint64_t debugger, const char *command,
			      struct pyprof_buf *out);

/** Let the process run until it stops, saying nothing; false when it cannot,
 * with the reason appended to `why`. */
bool pyprof_sb_continue(uint64_t debugger, struct pyprof_buf *why);
/** Stop it, from another thread. Takes no lock of LLDB's. */
void pyprof_sb_interrupt(uint64_t debugger);

/** "14.0.6". Takes no lock of LLDB's. */
void pyprof_sb_version(struct pyprof_buf *out);
void pyprof_sb_print(uint64_t debugger, const char *text, size_t length);
unsigned pyprof_sb_width(uint64_t debugger);
bool pyprof_sb_colour(uint64_t debugger);
/** Whether the user has pressed Ctrl-C during the command that this thread
 * runs. */
bool pyprof_sb_interrupted(uint64_t debugger);

#ifdef __cplusplus
}
#endif

#endif /* PYPROF_LLDB_PLUGIN_SB_H */
