// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What threads are doing at one moment: a model that a command fills, and the
 * formats it is written in.
 *
 * The model knows neither processes nor debuggers: it holds copies of all that
 * it tells, and adding to it never fails but pyprof_stacks_report_finish()
 * says whether there was memory for it all. Frames belong to the thread
 * that was added last, variables to the frame, edges to the finding.
 *
 * A verdict on a hang is a finding with a title, and with an edge for each
 * thread that waits for what another one holds:
 *
 *	pyprof_stacks_add_finding(report, "deadlock", "main waits for …");
 *	pyprof_stacks_add_edge(report, 0, "lock 0x7f12", 3);
 *	pyprof_stacks_add_edge(report, 3, "lock 0x7f90", 0);
 *
 * To add a format: one function like those at the end, and its case in
 * cmd_bt.c.
 */
#ifndef PYPROF_REPORT_STACKS_REPORT_H
#define PYPROF_REPORT_STACKS_REPORT_H

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/strtab.h"
#include "core/base/vec.h"
#include "core/cpython/code.h"
#include "core/profile/profile.h"
#include "core/report/source.h"

/** The value of a variable, as text. */
struct pyprof_stacks_local {
	const char *name, *value;
};

struct pyprof_stacks_frame {
	const char *name, *qualname, *file;
	struct pyprof_position position;
	/** Its line of source without indentation; "": none, or not told. */
	const char *source;
	size_t first_local, local_count;
	bool locals_damaged;
};

struct pyprof_stacks_thread {
	/** The debugger's number, 0 for none. */
	int32_t number;
	/** The kernel's id, 0 when it was not found out. */
	int32_t tid;
	/** What threading.get_ident() gives. */
	uint64_t ident;
	/** The kernel's name, "" when unknown. */
	const char *name;
	int64_t interpreter;
	bool is_main, is_selected;
	/** Which GIL it needs; 0 for none. */
	uint64_t gil;
	bool has_gil;
	/** What it does, when that is known. */
	bool has_state;
	enum pyprof_state state;
	/** Frames, most recent first, and older ones that were left out. */
	size_t first_frame, frame_count, left_out;
	/** Why the stack ends early; "" when it is whole. */
	const char *why;
	/** The first thread whose frames stand at the same lines, maybe itself;
	 * and on that one how many there are. Set at the end. */
	size_t same_as, alike;
};

/** No thread. */
#define PYPROF_STACKS_NOBODY SIZE_MAX

/** A thread waits for something, which another one may hold. */
struct pyprof_stacks_edge {
	size_t waiter;
	const char *what;
	/** PYPROF_STACKS_NOBODY: it is not known who, or no thread. */
	size_t holder;
};

/** Something that was found out, in prose. */
struct pyprof_stacks_finding {
	/** "deadlock"; "" for a plain fact. */
	const char *title;
	/** One sentence or more, without a full stop at the end. */
	const char *text;
	size_t first_edge, edge_count;
};

/** What was looked at; "" is what is not known. */
struct pyprof_stacks_facts {
	/** The command line. */
	const char *program;
	/** 0 for a core. */
	int32_t pid;
	/** NULL for a process. */
	const char *core_path;
	const char *python, *build, *host, *debugger;
	/** Seconds since 1970. */
	int64_t taken_at;
	/** It ran on meanwhile. */
	bool is_running;
	/** All Python threads are in the report. */
	bool is_whole;
	/** Variables are. */
	bool has_locals;
	/** Threads of the process that are no Python threads. */
	size_t others;
};

/** Zero-initialise, then pyprof_stacks_report_init(). */
struct pyprof_stacks_report {
	struct pyprof_stacks_facts facts;
	PYPROF_VEC(struct pyprof_stacks_thread) threads;
	PYPROF_VEC(struct pyprof_stacks_frame) frames;
	PYPROF_VEC(struct pyprof_stacks_local) locals;
	PYPROF_VEC(struct pyprof_stacks_finding) findings;
	PYPROF_VEC(struct pyprof_stacks_edge) edges;
	/** All its text, equal ones once: they can be told by their address. */
	struct pyprof_strtab *strings;
	/** Where lines come from; NULL tells none. */
	struct pyprof_source *source;
	bool failed;
};

/** @param source The report's own from now on, whatever is returned. */
struct pyprof_error *
pyprof_stacks_report_init(struct pyprof_stacks_report *report,
			  const struct pyprof_stacks_facts *facts,
			  struct pyprof_source *source) PYPROF_MUST_CHECK;
void pyprof_stacks_report_deinit(struct pyprof_stacks_report *report);

/** Text is copied, and so is that of what is added; frames come after. */
void pyprof_stacks_add_thread(struct pyprof_stacks_report *report,
			      const struct pyprof_stacks_thread *thread);
/** Its line of source is looked up. */
void pyprof_stacks_add_frame(struct pyprof_stacks_report *report,
			     const char *name, const char *qualname,
			     const char *file,
			     const struct pyprof_position *position);
void pyprof_stacks_add_local(struct pyprof_stacks_report *report,
			     const char *name, const char *value);
/** The frame's variables were not read to the end. */
void pyprof_stacks_damage_locals(struct pyprof_stacks_report *report);
void pyprof_stacks_add_finding(struct pyprof_stacks_report *report,
			       const char *title, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void pyprof_stacks_add_edge(struct pyprof_stacks_report *report, size_t waiter,
			    const char *what, size_t holder);

/** Find out which stacks are equal. Fails when anything before has. */
struct pyprof_error *
pyprof_stacks_report_finish(struct pyprof_stacks_report *report)
	PYPROF_MUST_CHECK;

/**
 * Add what is plain to see as findings: who holds a GIL and how many wait for
 * it, and where many threads stand. A finished report has none when it lacks
 * threads, or was made while they ran.
 */
struct pyprof_error *
pyprof_stacks_add_facts(struct pyprof_stacks_report *report) PYPROF_MUST_CHECK;

/** How text is written. */
enum pyprof_stacks_style {
	/** As debuggers do: numbered, most recent first. */
	PYPROF_STACKS_NUMBERED,
	/** As Python does: most recent last. */
	PYPROF_STACKS_TRACEBACK,
	/** Numbered, and stacks that are equal once. */
	PYPROF_STACKS_GROUPED,
};

void pyprof_stacks_report_text(const struct pyprof_stacks_report *report,
			       enum pyprof_stacks_style style,
			       struct pyprof_buf *out);
/**
 * Write it as one object, schema "pyprof/bt/1".
 *
 * @param is_short Leave out the frames of threads that stand as another one,
 * unless there are variables in them.
 */
void pyprof_stacks_report_json(const struct pyprof_stacks_report *report,
			       bool is_short, struct pyprof_json *json);
struct pyprof_error *
pyprof_stacks_report_html(const struct pyprof_stacks_report *report,
			  struct pyprof_buf *out) PYPROF_MUST_CHECK;

/** "thread 2 (tid 4243, worker)"; without what is not known. */
void pyprof_stacks_put_name(const struct pyprof_stacks_thread *thread,
			    struct pyprof_buf *out);

#endif /* PYPROF_REPORT_STACKS_REPORT_H */
