// SPDX-License-Identifier: Apache-2.0
#include "core/command/heap_session.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/command/inspect.h"
#include "core/command/session.h"
#include "core/target/kept_files.h"
#include "core/target/linux_proc.h"
#include "core/target/linux_process.h"

static void destroy(struct pyprof_snapshot *snapshot)
{
	if (!snapshot)
		return;
	/* Each reads from those below it. */
	pyprof_heap_destroy(snapshot->heap);
	pyprof_target_destroy(snapshot->base);
	pyprof_memory_destroy(snapshot->memory);
	pyprof_target_destroy(snapshot->origin);
	free(snapshot->name);
	free(snapshot->core_path);
	free(snapshot->program);
	free(snapshot);
}
PYPROF_DEFINE_CLEANUP(snapshot, struct pyprof_snapshot *, destroy)

void pyprof_heap_session_forget(struct pyprof_heap_session *heaps)
{
	struct pyprof_snapshot *current = heaps->current;
	heaps->current = NULL;
	/* With a name it is kept for that. */
	if (current && !current->name)
		destroy(current);
}

void pyprof_heap_session_deinit(struct pyprof_heap_session *heaps)
{
	pyprof_heap_session_forget(heaps);
	for (size_t i = 0; i < heaps->kept.count; i++)
		destroy(heaps->kept.items[i]);
	pyprof_vec_deinit(&heaps->kept);
}

bool pyprof_snapshot_is_file(const char *name)
{
	static const char ending[] = ".pyheap";
	size_t length = strlen(name), end = sizeof(ending) - 1;
	return strchr(name, '/') ||
	       (length > end && strcmp(name + length - end, ending) == 0);
}

static struct pyprof_snapshot *newest(const struct pyprof_heap_session *heaps)
{
	return heaps->kept.count ? heaps->kept.items[heaps->kept.count - 1]
				 : NULL;
}

/*
 * Copying what the debugger looks at.
 */

/** What is known without looking at the memory. */
static struct pyprof_error *describe(const struct pyprof_inferior *inferior,
				     struct pyprof_snapshot *snapshot)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	bool is_core = inferior->kind == PYPROF_INFERIOR_CORE;
	snapshot->taken_at = time(NULL);
	if (is_core && inferior->core_path) {
		snapshot->core_path = strdup(inferior->core_path);
		if (!snapshot->core_path)
			return pyprof_error_oom();
	}
	if (!is_core) {
		snapshot->pid = inferior->pid;
		pyprof_proc_command_line(inferior->pid, &line);
	}
	snapshot->program = strdup(line.data);
	return snapshot->program ? NULL : pyprof_error_oom();
}

uint64_t pyprof_snapshot_bytes(const struct pyprof_memory *memory)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < memory->segments.count; i++)
		bytes += memory->segments.items[i].resident_pages
			 << PYPROF_PAGE_SHIFT;
	return bytes;
}

/** The copy itself, and the target as it is in this moment. */
static struct pyprof_error *copy_memory(struct pyprof_session *session,
					const struct pyprof_inferior *inferior,
					struct pyprof_snapshot *snapshot)
{
	struct pyprof_watch watch;
	struct pyprof_error *err =
		pyprof_inspect_target(inferior, &snapshot->origin);
	if (err)
		return err;
	pyprof_watch_begin(&watch, session);
	err = pyprof_memory_create(snapshot->origin, &watch.progress,
				   &snapshot->memory);
	pyprof_watch_end(&watch);
	if (err)
		return err;
	snapshot->copy_ns = snapshot->memory->copy_ns;
	snapshot->bytes = pyprof_snapshot_bytes(snapshot->memory);
	if (inferior->kind == PYPROF_INFERIOR_CORE)
		return NULL;
	return pyprof_kept_files_create(
		snapshot->origin, pyprof_linux_process_same, &snapshot->base);
}

static struct pyprof_error *copy(struct pyprof_session *session,
				 const struct pyprof_inferior *inferior,
				 struct pyprof_snapshot **ret)
{
	/* Before all memory is copied: is there a Python in it at all? */
	struct pyprof_inspected *inspected = NULL;
	struct pyprof_error *err = pyprof_session_inspect(session, &inspected);
	if (err)
		return err;
	_cleanup_(snapshot_cleanup) struct pyprof_snapshot *snapshot =
		calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return pyprof_error_oom();
	err = describe(inferior, snapshot);
	if (!err)
		err = copy_memory(session, inferior, snapshot);
	if (err)
		return err;
	*ret = no_cleanup_ptr(snapshot);
	return NULL;
}

/** Whether a copy is of what the debugger looks at. */
static bool is_current(const struct pyprof_snapshot *snapshot,
		       const struct pyprof_inferior *inferior)
{
	if (!snapshot)
		return false;
	if (inferior->kind == PYPROF_INFERIOR_CORE)
		return snapshot->core_path && inferior->core_path &&
		       strcmp(snapshot->core_path, inferior->core_path) == 0;
	return inferior->kind == PYPROF_INFERIOR_LOCAL &&
	       snapshot->pid == inferior->pid &&
	       pyprof_linux_process_same(snapshot->origin);
}

/** The copy of what the debugger looks at, made unless there is one. */
static struct pyprof_error *get_current(struct pyprof_session *session,
					const struct pyprof_inferior *inferior,
					struct pyprof_snapshot **ret)
{
	struct pyprof_heap_session *heaps = &session->heaps;
	if (inferior->is_running)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"process %d is running; interrupt it first (Ctrl-C), "
			"it may run on as soon as pyprof heap snapshot is done",
			inferior->pid);
	if (!is_current(heaps->current, inferior)) {
		pyprof_heap_session_forget(heaps);
		struct pyprof_error *err =
			copy(session, inferior, &heaps->current);
		if (err)
			return err;
	}
	*ret = heaps->current;
	return NULL;
}

/*
 * Kept ones.
 */

static struct pyprof_snapshot **find_kept(struct pyprof_heap_session *heaps,
					  const char *name)
{
	for (size_t i = 0; i < heaps->kept.count; i++)
		if (strcmp(heaps->kept.items[i]->name, name) == 0)
			return &heaps->kept.items[i];
	return NULL;
}

static struct pyprof_error *unknown(const struct pyprof_heap_session *heaps,
				    const char *name, bool is_to_be_read)
{
	struct pyprof_nearest nearest = {};
	if (!heaps->kept.count && is_to_be_read)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"there is no snapshot %.60s; take one by pyprof heap "
			"snapshot %.60s",
			name, name);
	if (!heaps->kept.count)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"there is no snapshot %.60s; none is kept", name);
	for (size_t i = 0; i < heaps->kept.count; i++)
		pyprof_nearest_offer(&nearest, name,
				     heaps->kept.items[i]->name);
	const char *other = nearest.word ? nearest.word : newest(heaps)->name;
	return pyprof_error_create(
		PYPROF_ERROR_USAGE, "there is no snapshot %.60s; %s %s%s", name,
		nearest.word ? "did you mean" : "the newest is", other,
		nearest.word ? "?" : "");
}

/** Forget one that is kept. */
static void drop(struct pyprof_heap_session *heaps,
		 struct pyprof_snapshot **found)
{
	struct pyprof_snapshot *old = *found;
	size_t behind = (size_t)(&heaps->kept.items[heaps->kept.count] - found);
	memmove(found, found + 1, (behind - 1) * sizeof(*found));
	heaps->kept.count--;
	if (heaps->current == old)
		heaps->current = NULL;
	destroy(old);
}

/** Keep a snapshot under its name; one that has it already goes. */
static struct pyprof_error *keep(struct pyprof_heap_session *heaps,
				 struct pyprof_snapshot *snapshot)
{
	if (!pyprof_vec_reserve(&heaps->kept, 1))
		return pyprof_error_oom();
	struct pyprof_snapshot **found = find_kept(heaps, snapshot->name);
	if (found)
		drop(heaps, found);
	heaps->kept.items[heaps->kept.count++] = snapshot;
	return NULL;
}

struct pyprof_error *pyprof_snapshot_drop(struct pyprof_session *session,
					  const char *name)
{
	struct pyprof_snapshot **found = find_kept(&session->heaps, name);
	if (!found)
		return unknown(&session->heaps, name, false);
	drop(&session->heaps, found);
	return NULL;
}

/** "1", "2" …: the first name that is not taken. */
static struct pyprof_error *make_name(struct pyprof_heap_session *heaps,
				      char **ret)
{
	char name[32];
	do
		snprintf(name, sizeof(name), "%u", ++heaps->names);
	while (find_kept(heaps, name));
	*ret = strdup(name);
	return *ret ? NULL : pyprof_error_oom();
}

struct pyprof_error *pyprof_snapshot_take(struct pyprof_session *session,
					  const char *name,
					  struct pyprof_snapshot **ret)
{
	struct pyprof_heap_session *heaps = &session->heaps;
	struct pyprof_snapshot *current = NULL;
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err = pyprof_session_inferior(session, &inferior);
	/* The copy at hand has a name: this is to be another. */
	if (!err && heaps->current && heaps->current->name)
		pyprof_heap_session_forget(heaps);
	if (!err)
		err = get_current(session, &inferior, &current);
	if (err)
		return err;
	char *own = name ? strdup(name) : NULL;
	if (name && !own)
		return pyprof_error_oom();
	if (!name)
		err = make_name(heaps, &own);
	if (err)
		return err;
	current->name = own;
	err = keep(heaps, current);
	if (err) {
		free(current->name);
		current->name = NULL;
		return err;
	}
	*ret = current;
	return NULL;
}

/*
 * Which one, and its analysis.
 */

/** What to look at when no snapshot is named. */
static struct pyprof_error *choose(struct pyprof_session *session,
				   struct pyprof_snapshot **ret)
{
	struct pyprof_snapshot *kept = newest(&session->heaps);
	struct pyprof_inferior inferior = {};
	struct pyprof_error *err =
		session->ops->inferior(session->host, &inferior);
	if (err)
		return err;
	bool is_none = inferior.kind == PYPROF_INFERIOR_NONE;
	if (!kept || !(is_none || inferior.is_running)) {
		err = pyprof_session_inferior(session, &inferior);
		return err ? err : get_current(session, &inferior, ret);
	}
	kept->note = is_none ? "there is no process" : "the process runs";
	*ret = kept;
	return NULL;
}

static struct pyprof_error *analyse(struct pyprof_snapshot *snapshot,
				    enum pyprof_snapshot_stage stage,
				    const struct pyprof_progress *progress)
{
	struct pyprof_error *err = NULL;
	if (!snapshot->heap)
		err = pyprof_heap_create(snapshot->memory,
					 snapshot->base ? snapshot->base
							: snapshot->origin,
					 progress, &snapshot->heap);
	if (snapshot->heap)
		snapshot->memory = NULL;
	if (!err && stage >= PYPROF_SNAPSHOT_LINKED)
		err = pyprof_heap_link(snapshot->heap, progress);
	if (!err && stage >= PYPROF_SNAPSHOT_DOMINATED)
		err = pyprof_heap_dominate(snapshot->heap, progress);
	return err;
}

/** Open a file, and keep it under its name. */
static struct pyprof_error *open_file(struct pyprof_session *session,
				      const char *path,
				      struct pyprof_snapshot **ret)
{
	_cleanup_(snapshot_cleanup) struct pyprof_snapshot *snapshot =
		calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return pyprof_error_oom();
	struct pyprof_error *err =
		pyprof_snapshot_load(session, path, snapshot);
	if (!err)
		err = keep(&session->heaps, snapshot);
	if (err)
		return err;
	*ret = no_cleanup_ptr(snapshot);
	return NULL;
}

struct pyprof_error *pyprof_snapshot_find(struct pyprof_session *session,
					  const char *name,
					  struct pyprof_snapshot **ret)
{
	if (!name)
		return choose(session, ret);
	struct pyprof_snapshot **found = find_kept(&session->heaps, name);
	if (found) {
		(*found)->note = NULL;
		*ret = *found;
		return NULL;
	}
	return pyprof_snapshot_is_file(name)
		       ? open_file(session, name, ret)
		       : unknown(&session->heaps, name, true);
}

struct pyprof_error *pyprof_snapshot_open(struct pyprof_session *session,
					  const char *name,
					  enum pyprof_snapshot_stage stage,
					  struct pyprof_snapshot **ret)
{
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_watch watch;
	struct pyprof_error *err =
		pyprof_snapshot_find(session, name, &snapshot);
	if (err)
		return err;
	pyprof_watch_begin(&watch, session);
	err = analyse(snapshot, stage, &watch.progress);
	pyprof_watch_end(&watch);
	if (err)
		return err;
	*ret = snapshot;
	return NULL;
}
