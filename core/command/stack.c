// SPDX-License-Identifier: Apache-2.0
#include "core/command/stack.h"

#include <inttypes.h>

#include "core/cpython/look.h"

/** How often a stack that changed while it was read is read again. */
#define TRIES 5

void pyprof_stack_deinit(struct pyprof_stack_view *view)
{
	pyprof_vec_deinit(&view->rows);
	if (view->why.data)
		pyprof_buf_deinit(&view->why);
}

static void explain(struct pyprof_stack_view *view,
		    const struct pyprof_raw_stack *raw)
{
	switch (raw->end) {
	case PYPROF_WALK_COMPLETE:
		break;
	case PYPROF_WALK_CUT:
		pyprof_buf_printf(&view->why, "more than %d frames",
				  PYPROF_MAX_FRAMES);
		break;
	case PYPROF_WALK_FAULT:
		pyprof_buf_printf(&view->why,
				  "the next frame cannot be read at 0x%" PRIx64,
				  raw->bad_address);
		break;
	case PYPROF_WALK_CORRUPT:
		pyprof_buf_printf(&view->why,
				  "what follows at 0x%" PRIx64
				  " is not a frame",
				  raw->bad_address);
		break;
	}
	view->end = raw->end;
}

/** Decode what was walked; a frame that cannot be decoded ends the stack. */
static struct pyprof_error *decode(struct pyprof_inspected *inspected,
				   const struct pyprof_raw_stack *raw,
				   struct pyprof_stack_view *view)
{
	explain(view, raw);
	for (size_t i = 0; i < raw->count; i++) {
		struct pyprof_frame frame;
		struct pyprof_error *err = pyprof_frame_decode(
			inspected->codes, &raw->frames[i], false, &frame);
		if (err && err->code == PYPROF_ERROR_OOM)
			return err;
		if (err) {
			pyprof_buf_clear(&view->why);
			pyprof_buf_puts(&view->why, err->message);
			view->end = err->code == PYPROF_ERROR_FAULT
					    ? PYPROF_WALK_FAULT
					    : PYPROF_WALK_CORRUPT;
			pyprof_error_destroy(err);
			return NULL;
		}
		if (frame.hidden)
			continue;
		struct pyprof_stack_row row = {
			.name = frame.code->name,
			.qualname = frame.code->qualname,
			.file = frame.code->file,
			.position = frame.position,
			.frame = raw->addresses[i],
		};
		if (!pyprof_vec_push(&view->rows, row))
			return pyprof_error_oom();
	}
	return NULL;
}

struct pyprof_error *pyprof_stack_read(struct pyprof_inspected *inspected,
				       uint64_t tstate, bool is_running,
				       struct pyprof_stack_view *view)
{
	_cleanup_(pyprof_look_cleanup) struct pyprof_look *look = NULL;
	struct pyprof_raw_stack raw = {.want_addresses = true};
	struct pyprof_error *err = pyprof_look_create(inspected->target, &look);
	pyprof_buf_init(&view->why);
	for (int tries = is_running ? TRIES : 1; !err && tries; tries--) {
		view->rows.count = 0;
		pyprof_buf_clear(&view->why);
		pyprof_look_reset(look);
		err = pyprof_frames_walk(inspected->python, look, tstate, &raw);
		if (err)
			break;
		pyprof_code_cache_prefetch(inspected->codes, raw.frames,
					   raw.count);
		err = decode(inspected, &raw, view);
		if (view->end == PYPROF_WALK_COMPLETE)
			break;
		pyprof_code_cache_next_epoch(inspected->codes);
	}
	pyprof_raw_stack_deinit(&raw);
	return err;
}
