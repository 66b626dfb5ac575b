// SPDX-License-Identifier: Apache-2.0
//
// Snapshots in files.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/show.h"
#include "core/command/heap_session.h"
#include "core/command/output.h"
#include "core/command/session.h"
#include "core/target/memory_file.h"

static struct pyprof_error *save(struct pyprof_session *session,
				 const struct pyprof_snapshot *snapshot,
				 const char *path)
{
	char pid[16], taken_at[24];
	snprintf(pid, sizeof(pid), "%d", snapshot->pid);
	snprintf(taken_at, sizeof(taken_at), "%" PRId64,
		 (int64_t)snapshot->taken_at);
	const struct pyprof_fact facts[] = {
		{"program", snapshot->program},
		{"pid", pid},
		{"taken_at", taken_at},
		{"core", snapshot->core_path ? snapshot->core_path : ""},
	};
	/* The file that the interpreter is in matters most. */
	struct pyprof_inspected *inspected = NULL;
	_cleanup_error_ struct pyprof_error *unknown =
		snapshot->heap ? NULL
			       : pyprof_session_inspect(session, &inspected);
	const struct pyprof_memory_save what = {
		.memory = snapshot->heap ? snapshot->heap->memory
					 : snapshot->memory,
		.target = snapshot->base ? snapshot->base : snapshot->origin,
		.main_file = snapshot->heap ? snapshot->heap->python->path
			     : inspected    ? inspected->python->path
					    : NULL,
		.facts = facts,
		.fact_count = sizeof(facts) / sizeof(*facts),
	};
	struct pyprof_watch watch;
	pyprof_watch_begin(&watch, session);
	struct pyprof_error *err =
		pyprof_memory_save(&what, path, &watch.progress);
	pyprof_watch_end(&watch);
	return err;
}

struct pyprof_error *pyprof_snapshot_save(struct pyprof_session *session,
					  const char *name, const char *path,
					  struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf expanded = PYPROF_BUF_INIT;
	struct pyprof_snapshot *snapshot = NULL;
	struct pyprof_error *err =
		pyprof_snapshot_find(session, name, &snapshot);
	if (err)
		return err;
	pyprof_output_expand(path, &expanded);
	err = pyprof_buf_error(&expanded);
	if (!err)
		err = save(session, snapshot, expanded.data);
	if (err)
		return err;
	pyprof_buf_printf(out, "# wrote %s: ", expanded.data);
	pyprof_show_size(out, snapshot->bytes);
	pyprof_buf_puts(out, " of memory\n");
	return NULL;
}

/** A fact of a file's as a string of the snapshot's own. */
static char *fact(const struct pyprof_target *base, const char *key)
{
	const char *value = pyprof_memory_fact(base, key);
	return strdup(value ? value : "");
}

static struct pyprof_error *fill(struct pyprof_snapshot *snapshot,
				 const char *path)
{
	const struct pyprof_memory *memory = snapshot->memory;
	_cleanup_free_ char *pid = fact(snapshot->base, "pid");
	_cleanup_free_ char *taken_at = fact(snapshot->base, "taken_at");
	snapshot->name = strdup(path);
	snapshot->program = fact(snapshot->base, "program");
	snapshot->core_path = fact(snapshot->base, "core");
	if (!pid || !taken_at || !snapshot->name || !snapshot->program ||
	    !snapshot->core_path)
		return pyprof_error_oom();
	snapshot->pid = (int32_t)strtol(pid, NULL, 10);
	snapshot->taken_at = (time_t)strtoll(taken_at, NULL, 10);
	snapshot->bytes = pyprof_snapshot_bytes(memory);
	snapshot->copy_ns = memory->copy_ns;
	if (*snapshot->core_path)
		return NULL;
	free(snapshot->core_path);
	snapshot->core_path = NULL;
	return NULL;
}

struct pyprof_error *pyprof_snapshot_load(struct pyprof_session *session,
					  const char *path,
					  struct pyprof_snapshot *ret)
{
	_cleanup_buf_ struct pyprof_buf expanded = PYPROF_BUF_INIT;
	struct pyprof_watch watch;
	pyprof_output_expand(path, &expanded);
	struct pyprof_error *err = pyprof_buf_error(&expanded);
	if (err)
		return err;
	pyprof_watch_begin(&watch, session);
	err = pyprof_memory_load(expanded.data, &watch.progress, &ret->memory,
				 &ret->base);
	pyprof_watch_end(&watch);
	return err ? err : fill(ret, path);
}
