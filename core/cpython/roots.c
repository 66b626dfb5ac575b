// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/roots.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/strtab.h"
#include "core/cpython/code.h"
#include "core/cpython/frame_vars.h"
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"
#include "core/cpython/thread.h"

/* Of the name of a variable. */
#define NAME_MAX_CHARS 200
/* Exceptions being handled, one in another. */
#define EXCEPTIONS_MAX 10000

struct reading {
	struct pyprof_types *types;
	const struct pyprof_layout *layout;
	struct pyprof_error *(*root)(void *context,
				     const struct pyprof_root *root);
	void *context;
	struct pyprof_strtab *strings;
	struct pyprof_code_cache *codes;
	struct pyprof_look *look;
	struct pyprof_raw_stack stack;
	/* The name of the root being told, and how much of it is the frame. */
	struct pyprof_buf name;
	size_t frame_length;
	/* "thread 4242" */
	char thread[40];
	size_t damaged;
};

struct root_member {
	size_t position;
	const char *name;
};

#define MEMBER(structure, field, text)                                 \
	{                                                              \
		offsetof(struct pyprof_offsets, structure.field), text \
	}

static const struct root_member interp_members[] = {
	MEMBER(interp, modules, "sys.modules"),
	MEMBER(interp, sysdict, "sys.__dict__"),
	MEMBER(interp, builtins, "builtins.__dict__"),
	MEMBER(interp, importlib, "importlib._bootstrap"),
	MEMBER(interp, codec_search_path, "codecs' search path"),
	MEMBER(interp, codec_search_cache, "codecs' search cache"),
	MEMBER(interp, codec_error_registry, "codecs' error handlers"),
	MEMBER(interp, dict, "interpreter's dict"),
	MEMBER(interp, interned, "interned strings"),
	{},
};

/* From the collector's state on, which is in the interpreter or the runtime. */
static const struct root_member gc_members[] = {
	MEMBER(gc, garbage, "gc.garbage"),
	MEMBER(gc, callbacks, "gc.callbacks"),
	{},
};

static const struct root_member thread_members[] = {
	MEMBER(thread, dict, "dict"),
	MEMBER(thread, context, "context"),
	MEMBER(thread, async_exc, "exception to be raised"),
	MEMBER(thread, current_exception, "exception being raised"),
	{},
};

static const struct root_member exception_members[] = {
	MEMBER(generator, exc_type, "type of the exception being handled"),
	MEMBER(generator, exc_value, "exception being handled"),
	MEMBER(generator, exc_traceback, "traceback of what is handled"),
	{},
};

/* 0 when it cannot be read. */
static uint64_t read_word(const struct reading *reading, uint64_t address)
{
	uint64_t word;
	struct pyprof_error *err = pyprof_target_read_u64(
		reading->types->python->target, address, &word);
	if (!err)
		return word;
	pyprof_error_destroy(err);
	return 0;
}

static struct pyprof_error *tell(struct reading *reading,
				 enum pyprof_root_kind kind, uint64_t target,
				 bool is_uncounted)
{
	if (!target)
		return NULL;
	struct pyprof_error *err = pyprof_buf_error(&reading->name);
	if (err)
		return err;
	const struct pyprof_root root = {
		.kind = kind,
		.target = target,
		.is_uncounted = is_uncounted,
		.name = reading->name.data,
	};
	return reading->root(reading->context, &root);
}

/* Tell of members of the structure at `base`; `prefix` goes before names. */
static struct pyprof_error *tell_members(struct reading *reading,
					 enum pyprof_root_kind kind,
					 uint64_t base, int32_t less,
					 const struct root_member *members,
					 const char *prefix)
{
	struct pyprof_error *err = NULL;
	for (; members->name && !err; members++) {
		int32_t offset =
			pyprof_offset_at(reading->layout, members->position);
		if (offset == PYPROF_ABSENT)
			continue;
		pyprof_buf_clear(&reading->name);
		pyprof_buf_printf(&reading->name, "%s%s", prefix,
				  members->name);
		err = tell(reading, kind,
			   read_word(reading, base + (uint64_t)(offset - less)),
			   false);
	}
	return err;
}

/* --- Interpreters --- */

static struct pyprof_error *tell_interp(struct reading *reading,
					const struct pyprof_interp *interp)
{
	const struct pyprof_offsets *at = &reading->layout->at;
	char prefix[48] = "";
	if (interp->id)
		(void)snprintf(prefix, sizeof(prefix),
			       "interpreter %" PRId64 ": ", interp->id);
	struct pyprof_error *err =
		tell_members(reading, PYPROF_ROOT_INTERPRETER, interp->address,
			     0, interp_members, prefix);
	uint64_t gc = 0;
	if (pyprof_has(reading->layout, interp.gc))
		gc = interp->address + (uint64_t)at->interp.gc;
	else if (pyprof_has(reading->layout, runtime.gc) && !interp->id)
		gc = reading->types->python->runtime + (uint64_t)at->runtime.gc;
	if (!err && gc)
		err = tell_members(reading, PYPROF_ROOT_INTERPRETER, gc, 0,
				   gc_members, prefix);
	return err;
}

static struct pyprof_error *tell_interps(struct reading *reading)
{
	struct pyprof_interps interps = {};
	struct pyprof_error *err =
		pyprof_interps_read(reading->types->python, &interps);
	for (size_t i = 0; !err && i < interps.list.count; i++)
		err = tell_interp(reading, &interps.list.items[i]);
	pyprof_interps_deinit(&interps);
	return err;
}

/* --- Frames --- */

/* "in handle (app.py:17), thread 4242" */
static struct pyprof_error *name_frame(struct reading *reading, size_t i)
{
	struct pyprof_buf *name = &reading->name;
	struct pyprof_frame frame;
	pyprof_buf_clear(name);
	struct pyprof_error *err = pyprof_frame_decode(
		reading->codes, &reading->stack.frames[i], false, &frame);
	if (err && err->code == PYPROF_ERROR_OOM)
		return err;
	if (err) {
		pyprof_error_destroy(err);
		pyprof_buf_printf(name, "in a frame at 0x%" PRIx64 ", %s",
				  reading->stack.addresses[i], reading->thread);
	} else {
		pyprof_buf_printf(
			name, "in %s (%s",
			pyprof_strtab_get(reading->strings,
					  frame.code->qualname),
			pyprof_strtab_get(reading->strings, frame.code->file));
		if (frame.position.line > 0)
			pyprof_buf_printf(name, ":%d",
					  (int)frame.position.line);
		pyprof_buf_printf(name, "), %s", reading->thread);
	}
	reading->frame_length = name->length;
	return pyprof_buf_error(name);
}

struct frame_sink {
	struct pyprof_edge_sink sink;
	struct reading *reading;
	/* The variables are edges of an object. */
	bool is_object;
	struct pyprof_error *err;
};

/* Whether a slot that may be of the past refers to an object. */
static bool is_object(const struct reading *reading, uint64_t target)
{
	struct pyprof_object object;
	return pyprof_object_at(reading->types, target, 0, &object);
}

static void append_label(struct reading *reading, unsigned kind, uint64_t label)
{
	struct pyprof_buf *name = &reading->name;
	name->length = reading->frame_length;
	pyprof_buf_puts(name, ": ");
	switch (kind & PYPROF_EDGE_KIND_MASK) {
	case PYPROF_EDGE_MEMBER:
		pyprof_buf_puts(name, (const char *)(uintptr_t)label);
		break;
	case PYPROF_EDGE_STACK:
		pyprof_buf_puts(name, "(stack)");
		break;
	default: {
		struct pyprof_error *err = pyprof_text_read_str(
			reading->types->python, label, NAME_MAX_CHARS, name);
		if (err)
			pyprof_buf_puts(name, "?");
		pyprof_error_destroy(err);
	}
	}
}

static void tell_edge(struct pyprof_edge_sink *sink, uint64_t target,
		      unsigned kind, uint64_t label)
{
	struct frame_sink *self = (struct frame_sink *)sink;
	const unsigned past = PYPROF_EDGE_UNTOLD | PYPROF_EDGE_BORROWED;
	bool is_past = (kind & past) == past &&
		       (kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_STACK;
	if (self->err || (self->is_object && !is_past) ||
	    (is_past && !is_object(self->reading, target)))
		return;
	append_label(self->reading, kind, label);
	self->err = tell(self->reading, PYPROF_ROOT_FRAME, target,
			 (kind & PYPROF_EDGE_BORROWED) != 0);
}

static struct pyprof_error *tell_frame(struct reading *reading, size_t i)
{
	const struct pyprof_layout *layout = reading->layout;
	uint64_t address = reading->stack.addresses[i];
	struct frame_sink sink = {
		.sink = {tell_edge},
		.reading = reading,
		.is_object = layout->frames == PYPROF_FRAMES_OBJECTS,
	};
	struct pyprof_error *err = name_frame(reading, i);
	if (!err && sink.is_object)
		err = tell(reading, PYPROF_ROOT_FRAME, address, false);
	if (!err && (reading->stack.frames[i].flags & PYPROF_RAW_GENERATOR)) {
		sink.is_object = true;
		err = tell(reading, PYPROF_ROOT_FRAME,
			   address - (uint64_t)layout->at.generator.iframe,
			   true);
	}
	if (err)
		return err;
	if (!pyprof_frame_edges(reading->types, address, true, &sink.sink) &&
	    !sink.err)
		reading->damaged++;
	return sink.err;
}

static struct pyprof_error *tell_frames(struct reading *reading,
					uint64_t thread)
{
	pyprof_look_reset(reading->look);
	struct pyprof_error *err = pyprof_frames_walk(
		reading->types->python, reading->look, thread, &reading->stack);
	if (!err && reading->stack.end != PYPROF_WALK_COMPLETE)
		reading->damaged++;
	for (size_t i = 0; !err && i < reading->stack.count; i++)
		err = tell_frame(reading, i);
	return err;
}

/* --- Threads --- */

/*
 * The exceptions that a thread handles: those that generators handle are in
 * the generators. The item has the shape of that in a generator.
 */
static struct pyprof_error *tell_exceptions(struct reading *reading,
					    uint64_t thread, const char *prefix)
{
	const struct pyprof_offsets *at = &reading->layout->at;
	if (!pyprof_has(reading->layout, thread.exc_info) ||
	    !pyprof_has(reading->layout, generator.exc_value))
		return NULL;
	int32_t begin = at->generator.exc_value, last = begin;
	if (pyprof_has(reading->layout, generator.exc_type)) {
		begin = at->generator.exc_type;
		last = at->generator.exc_traceback;
	}
	uint64_t end = thread + (uint64_t)at->thread.size;
	uint64_t item =
		read_word(reading, thread + (uint64_t)at->thread.exc_info);
	for (int i = 0; item && i < EXCEPTIONS_MAX; i++) {
		if (item >= thread && item < end)
			return tell_members(reading, PYPROF_ROOT_THREAD, item,
					    begin, exception_members, prefix);
		item = read_word(reading, item + (uint64_t)(last - begin) + 8);
	}
	return NULL;
}

static struct pyprof_error *tell_thread(struct reading *reading,
					const struct pyprof_thread *thread)
{
	if (thread->tid)
		(void)snprintf(reading->thread, sizeof(reading->thread),
			       "thread %d", (int)thread->tid);
	else
		(void)snprintf(reading->thread, sizeof(reading->thread),
			       "thread 0x%" PRIx64, thread->ident);
	char prefix[48];
	(void)snprintf(prefix, sizeof(prefix), "%s: ", reading->thread);
	struct pyprof_error *err =
		tell_members(reading, PYPROF_ROOT_THREAD, thread->address, 0,
			     thread_members, prefix);
	if (!err)
		err = tell_exceptions(reading, thread->address, prefix);
	if (!err)
		err = tell_frames(reading, thread->address);
	return err;
}

static struct pyprof_error *tell_threads(struct reading *reading)
{
	struct pyprof_threads threads = {};
	struct pyprof_error *err =
		pyprof_threads_read(reading->types->python, &threads);
	for (size_t i = 0; !err && i < threads.list.count; i++)
		err = tell_thread(reading, &threads.list.items[i]);
	pyprof_threads_deinit(&threads);
	/* What is left of a core may have the objects and no threads. */
	if (pyprof_error_catch(&err, PYPROF_ERROR_FAULT) ||
	    pyprof_error_catch(&err, PYPROF_ERROR_CORRUPT))
		reading->damaged++;
	return err;
}

struct pyprof_error *
pyprof_roots_read(struct pyprof_types *types,
		  struct pyprof_error *(*root)(void *context,
					       const struct pyprof_root *root),
		  void *context, size_t *damaged_ret)
{
	struct reading reading = {
		.types = types,
		.layout = types->layout,
		.root = root,
		.context = context,
		.stack = {.want_addresses = true},
		.name = PYPROF_BUF_INIT,
	};
	struct pyprof_error *err = pyprof_strtab_create(&reading.strings);
	if (!err)
		err = pyprof_code_cache_create(types->python, reading.strings,
					       &reading.codes);
	if (!err)
		err = pyprof_look_create(types->python->target, &reading.look);
	if (!err)
		err = tell_interps(&reading);
	if (!err)
		err = tell_threads(&reading);
	if (!err)
		*damaged_ret = reading.damaged;
	pyprof_look_destroy(reading.look);
	pyprof_code_cache_destroy(reading.codes);
	pyprof_strtab_destroy(reading.strings);
	pyprof_raw_stack_deinit(&reading.stack);
	pyprof_buf_deinit(&reading.name);
	return err;
}
