// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Which heap a command looks at: the process or core that the debugger looks
 * at, or a snapshot that was kept.
 *
 * A process that stands still is copied once; copy and analysis are kept until
 * it runs again. A copy is analysed when the first command asks, by which time
 * the process may run on. Everything that takes long shows how far it is, and
 * ends at Ctrl-C with INTERRUPTED.
 *
 * A heap command has PYPROF_COMMAND_HEAP among its flags, calls
 * pyprof_snapshot_open() with how much of the analysis it needs, and begins
 * what it prints by pyprof_snapshot_header() or pyprof_snapshot_json_begin().
 */
#ifndef PYPROF_COMMAND_HEAP_SESSION_H
#define PYPROF_COMMAND_HEAP_SESSION_H

#include <time.h>

#include "core/base/json.h"
#include "core/base/table.h"
#include "core/base/vec.h"
#include "core/command/command.h"
#include "core/report/heap_header.h"

struct pyprof_session;
struct pyprof_inferior;

/** A heap, and what it is of. */
struct pyprof_snapshot {
	/** What the user calls it; NULL for the process or core as it stands.
	 */
	char *name;
	/** 0 for a core. */
	int32_t pid;
	/** NULL for a process. */
	char *core_path;
	/** The command line of a process, "" when unknown. */
	char *program;
	/** When it was copied, by the clock on the wall. */
	time_t taken_at;
	/** Bytes that were copied, or mapped, and the time it took. */
	uint64_t bytes;
	int64_t copy_ns;

	/** Why this one is looked at although it was not asked for; or NULL. */
	const char *note;

	/** NULL until a command needs it. */
	struct pyprof_heap *heap;

	/* Private to heap_session.c. */

	/** Until there is a heap, which takes it over. */
	struct pyprof_memory *memory;
	/** What it was copied from, NULL for a file; and the same, or the file,
	 * as it was then, NULL for a core, which stays as it is. */
	struct pyprof_target *origin, *base;
};

struct pyprof_heap_session {
	/** Kept ones, the newest last. */
	PYPROF_VEC(struct pyprof_snapshot *) kept;
	/** What the debugger looks at, as it stands; NULL when not copied. */
	struct pyprof_snapshot *current;
	/** How many names have been made up. */
	unsigned names;
};

/** How much of the analysis a command needs: see heap.h. */
enum pyprof_snapshot_stage {
	/** The objects, counted. */
	PYPROF_SNAPSHOT_CENSUS,
	/** References and roots. */
	PYPROF_SNAPSHOT_LINKED,
	/** Dominators and retained sizes. */
	PYPROF_SNAPSHOT_DOMINATED,
};

/**
 * The heap that a command is to look at, analysed as far as it needs.
 *
 * @param name A kept snapshot or a file; NULL: what the debugger looks at, or,
 * when that is nothing or a process that runs, the newest snapshot.
 */
struct pyprof_error *pyprof_snapshot_open(struct pyprof_session *session,
					  const char *name,
					  enum pyprof_snapshot_stage stage,
					  struct pyprof_snapshot **ret)
	PYPROF_MUST_CHECK;

/**
 * Copy what the debugger looks at and keep it under a name; NULL makes one up.
 * One of the same name is replaced. Nothing is analysed.
 */
struct pyprof_error *pyprof_snapshot_take(struct pyprof_session *session,
					  const char *name,
					  struct pyprof_snapshot **ret)
	PYPROF_MUST_CHECK;

/**
 * Keep a snapshot no longer: its memory is free again. USAGE when there is none
 * of this name.
 */
struct pyprof_error *pyprof_snapshot_drop(struct pyprof_session *session,
					  const char *name) PYPROF_MUST_CHECK;

/**
 * Write a snapshot to a file, and say so in `out`.
 *
 * @param name As for pyprof_snapshot_open().
 */
struct pyprof_error *pyprof_snapshot_save(struct pyprof_session *session,
					  const char *name, const char *path,
					  struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** The snapshot itself, as pyprof_snapshot_open() has it, not analysed. */
struct pyprof_error *pyprof_snapshot_find(struct pyprof_session *session,
					  const char *name,
					  struct pyprof_snapshot **ret)
	PYPROF_MUST_CHECK;

/** Read a file into an empty snapshot; see pyprof_snapshot_open(). */
struct pyprof_error *pyprof_snapshot_load(struct pyprof_session *session,
					  const char *path,
					  struct pyprof_snapshot *ret)
	PYPROF_MUST_CHECK;

/** Bytes in use in a memory. */
uint64_t pyprof_snapshot_bytes(const struct pyprof_memory *memory);

/** Whether the user means a file: it has a slash, or ends in ".pyheap". */
bool pyprof_snapshot_is_file(const char *name);

/* Events. */

/** A process runs, has changed or is gone: its copy is not what it is. */
void pyprof_heap_session_forget(struct pyprof_heap_session *heaps);
void pyprof_heap_session_deinit(struct pyprof_heap_session *heaps);

/* What commands print. */

/** What reports say of it; borrows from the snapshot. */
struct pyprof_heap_facts
pyprof_snapshot_facts(const struct pyprof_snapshot *snapshot);

/**
 * Append the lines that begin with `#`: whose heap it is, and what is missing,
 * damaged or in flux in it.
 */
void pyprof_snapshot_header(const struct pyprof_snapshot *snapshot,
			    struct pyprof_buf *out);

/**
 * Begin an object: its schema "pyprof/heap-NAME/1", and the facts of the
 * header. The caller adds members and ends it.
 */
void pyprof_snapshot_json_begin(const struct pyprof_snapshot *snapshot,
				const char *name, struct pyprof_json *json);

/** Append a table as text, as wide as the console that it goes to. */
struct pyprof_error *pyprof_heap_write(struct pyprof_session *session,
				       const struct pyprof_arguments *arguments,
				       const struct pyprof_table *table,
				       struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/* What commands are asked for. */

/**
 * The object that a user means by an address, which may lie inside of it.
 * NOT_FOUND says what else is there.
 */
struct pyprof_error *
pyprof_snapshot_object(const struct pyprof_snapshot *snapshot, const char *text,
		       uint32_t *id_ret, struct pyprof_object *ret)
	PYPROF_MUST_CHECK;

/** Types of one name, by index: a bit each. */
struct pyprof_type_set {
	uint64_t *bits;
	size_t count;
};
static inline bool pyprof_type_set_has(const struct pyprof_type_set *set,
				       const struct pyprof_type *type)
{
	return set->bits[type->index >> 6] >> (type->index & 63) & 1;
}
static inline void pyprof_type_set_deinit(struct pyprof_type_set *set)
{
	free(set->bits);
	set->bits = NULL;
}
/**
 * The types that a user means: by full name, "app.Node", or by what is behind
 * its last points, "Node". NOT_FOUND names the nearest.
 */
struct pyprof_error *
pyprof_snapshot_types(const struct pyprof_snapshot *snapshot, const char *name,
		      struct pyprof_type_set *ret) PYPROF_MUST_CHECK;

/** Progress of long work, to hand to core/heap: shown by the debugger. */
struct pyprof_watch {
	struct pyprof_progress progress;
	struct pyprof_session *session;
	bool is_shown;
	int64_t begun, drawn;
	/** Columns of the line that is on the terminal now. */
	size_t columns;
};
void pyprof_watch_begin(struct pyprof_watch *watch,
			struct pyprof_session *session);
/** Take the line away. */
void pyprof_watch_end(struct pyprof_watch *watch);

#endif /* PYPROF_COMMAND_HEAP_SESSION_H */
