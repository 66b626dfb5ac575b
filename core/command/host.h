// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the commands ask of the debugger they live in. A plugin is this table
 * of functions, the events it passes on (session.h) and a console.
 *
 * All functions are called on the debugger's main thread.
 */
#ifndef PYPROF_COMMAND_HOST_H
#define PYPROF_COMMAND_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** What the debugger is looking at. */
enum pyprof_inferior_kind {
	PYPROF_INFERIOR_NONE,
	/** A live process on this machine. */
	PYPROF_INFERIOR_LOCAL,
	/** A live process behind gdbserver, an emulator, a recording. */
	PYPROF_INFERIOR_REMOTE,
	PYPROF_INFERIOR_CORE,
};

struct pyprof_inferior {
	enum pyprof_inferior_kind kind;
	/** LOCAL: its pid as we see it. */
	int32_t pid;
	/** LOCAL: it is running now. */
	bool is_running;
	/** CORE: the file, and the program's file when the debugger has one;
	 * valid until the next call. */
	const char *core_path, *executable;
};

/** A thread as the debugger numbers it. */
struct pyprof_host_thread {
	int32_t tid;
	int32_t number;
	bool is_selected;
};

struct pyprof_host_ops {
	/**
	 * The plugin cannot tell when the process is stopped and resumed: it
	 * calls neither pyprof_session_stopped() nor, for a process that is
	 * sampled already, pyprof_session_resumed(). The sampler finds out.
	 */
	bool is_silent;

	/** "gdb 13.1", for the profile. */
	const char *(*name)(void *host);

	struct pyprof_error *(*inferior)(void *host,
					 struct pyprof_inferior *ret);

	/** The debugger's numbers of threads; valid until the next call. */
	struct pyprof_error *(*threads)(void *host,
					const struct pyprof_host_thread **ret,
					size_t *count_ret);

	/**
	 * Make the debugger call pyprof_session_tick() with the thread that
	 * got the tick signal stopped. May be NULL: stop mode is unsupported.
	 *
	 * @param[out] signal_ret The signal to send as a tick.
	 */
	struct pyprof_error *(*arm_ticks)(void *host, int *signal_ret);
	/** Put all settings back. NULL exactly when arm_ticks is. */
	void (*disarm_ticks)(void *host);

	/**
	 * Let the process run until `ns` have passed, or something else stops
	 * it, without printing the stop.
	 */
	struct pyprof_error *(*run_for)(void *host, int64_t ns);

	/** Show text at once (progress, notices); commands use their `out`. */
	void (*print)(void *host, const char *text);

	/** Whether what is printed goes to a terminal on which a line can be
	 * written anew, by "\r". May be NULL: no. */
	bool (*is_terminal)(void *host);
	/** Whether the user has pressed Ctrl-C since this was last asked, or
	 * the command began. May be NULL: it is not noticed. */
	bool (*interrupted)(void *host);

	/** Columns of the console; 0 for unlimited. */
	unsigned (*width)(void *host);
	/** Whether colour may be used. */
	bool (*colour)(void *host);

	/** Ask that pyprof_session_poll() be called on the main thread soon.
	 * Callable from any thread. */
	void (*wake)(void *host);
};

#endif /* PYPROF_COMMAND_HOST_H */
