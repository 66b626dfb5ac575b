// SPDX-License-Identifier: Apache-2.0
/*
 * 3.11+: most frames lie one behind the other in the thread's data stack, a
 * list of chunks. A chunk is copied as one region and its frames are resolved
 * in the copy; only frames embedded in generators and the shims on the C stack
 * are fetched one by one.
 */
#include "core/base/vec.h"
#include "core/cpython/frame_walk.h"

/* As much of a chunk is copied as one; real ones have 16 KiB. */
#define REGION_MAX (UINT64_C(1) << 20)

/* The largest `owner` that any version knows. */
#define OWNER_MAX 4
#define OWNER_THREAD 0

/* Hidden frames are steps too. */
#define MAX_STEPS ((size_t)2 * PYPROF_MAX_FRAMES)

struct walk {
	const struct pyprof_python *python;
	struct pyprof_look *look;
	struct pyprof_raw_stack *stack;
	/* The sentinel that ends the chain; 0 when the chain ends by 0. */
	uint64_t base_frame;
	/* Chunk that the walk is in, and its copy: NULL when it has moved. */
	uint64_t start, end;
	const char *copy;
	/* Chunk that comes after it, and its end: 0 when not known yet. */
	uint64_t next, next_end;
};

struct frame {
	struct pyprof_raw_frame raw;
	uint64_t previous;
	int owner;
};

static int32_t max_offset(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* How much of a thread state holds all the words below. */
static size_t thread_span(const struct pyprof_offsets *at)
{
	int32_t last = max_offset(at->thread.cframe, at->thread.current_frame);
	last = max_offset(last, at->thread.datastack_chunk);
	last = max_offset(last, at->thread.datastack_top);
	last = max_offset(last, at->thread.base_frame);
	return (size_t)last + sizeof(uint64_t);
}

/* Take the chunks and find the newest frame; false when unreadable. */
static bool begin(struct walk *walk, uint64_t tstate, uint64_t *frame_ret)
{
	const struct pyprof_layout *layout = &walk->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	const char *copy = pyprof_look_at(walk->look, tstate, thread_span(at));
	if (!copy)
		return false;
	if (pyprof_has(layout, thread.base_frame))
		walk->base_frame = pyprof_word(copy, at->thread.base_frame);
	/* Frames are read one by one where these are not known. */
	if (pyprof_has(layout, thread.datastack_top) &&
	    pyprof_has(layout, thread.datastack_chunk)) {
		uint64_t top = pyprof_word(copy, at->thread.datastack_top);
		walk->next = pyprof_word(copy, at->thread.datastack_chunk);
		if (top > walk->next && top - walk->next <= REGION_MAX)
			walk->next_end = top;
	}
	if (layout->frames == PYPROF_FRAMES_CURRENT) {
		*frame_ret = pyprof_word(copy, at->thread.current_frame);
		return true;
	}
	copy = pyprof_look_at(walk->look,
			      pyprof_word(copy, at->thread.cframe) +
				      at->cframe.current_frame,
			      sizeof(uint64_t));
	if (!copy)
		return false;
	*frame_ret = pyprof_word(copy, 0);
	return true;
}

/* Find out where the next chunk ends; gives it up when it is not one. */
static void measure_next(struct walk *walk)
{
	const struct pyprof_offsets *at = &walk->python->layout.at;
	const char *copy = NULL;
	if (pyprof_plausible_pointer(walk->next))
		copy = pyprof_look_at(walk->look, walk->next, at->chunk.data);
	uint64_t size = copy ? pyprof_word(copy, at->chunk.chunk_size) : 0;
	walk->copy = NULL;
	if (size < (uint64_t)at->chunk.data) {
		walk->next = 0;
		return;
	}
	walk->next_end = walk->next + (size < REGION_MAX ? size : REGION_MAX);
}

/* Go to the next chunk if the frame is in it: walks meet them in order. */
static bool enter_next(struct walk *walk, uint64_t frame)
{
	if (walk->next && !walk->next_end)
		measure_next(walk);
	if (!walk->next || frame < walk->next || frame >= walk->next_end)
		return false;
	const char *copy = pyprof_look_region(walk->look, walk->next,
					      walk->next_end - walk->next);
	walk->start = walk->next;
	walk->end = copy ? walk->next_end : walk->next;
	walk->copy = copy;
	walk->next_end = 0;
	walk->next =
		copy ? pyprof_word(copy, walk->python->layout.at.chunk.previous)
		     : 0;
	return copy != NULL;
}

/* The newest chunk can be there for a frame that is not linked yet. */
static void skip_next(struct walk *walk)
{
	const struct pyprof_offsets *at = &walk->python->layout.at;
	const char *copy = NULL;
	if (pyprof_plausible_pointer(walk->next))
		copy = pyprof_look_at(walk->look, walk->next, at->chunk.data);
	walk->next = copy ? pyprof_word(copy, at->chunk.previous) : 0;
	walk->next_end = 0;
	walk->copy = NULL;
}

static bool in_chunk(const struct walk *walk, uint64_t frame, size_t size)
{
	return frame >= walk->start && frame < walk->end &&
	       walk->end - frame >= size;
}

/* A copy of a frame, valid until the next call; NULL when unreadable. */
static const char *copy_frame(struct walk *walk, uint64_t frame)
{
	size_t size = (size_t)walk->python->layout.at.frame.size;
	if (!in_chunk(walk, frame, size) &&
	    (!enter_next(walk, frame) || !in_chunk(walk, frame, size))) {
		walk->copy = NULL;
		return pyprof_look_at(walk->look, frame, size);
	}
	if (!walk->copy)
		walk->copy = pyprof_look_region(walk->look, walk->start,
						walk->end - walk->start);
	return walk->copy ? walk->copy + (frame - walk->start) : NULL;
}

static void decode(const struct pyprof_layout *layout, const char *copy,
		   struct frame *ret)
{
	const struct pyprof_offsets *at = &layout->at;
	uint32_t flags = 0;
	ret->owner = (uint8_t)copy[at->frame.owner];
	ret->previous = pyprof_word(copy, at->frame.previous);
	if (ret->owner == layout->generator_owner)
		flags |= PYPROF_RAW_GENERATOR;
	if (pyprof_has(layout, frame.is_entry) && copy[at->frame.is_entry])
		flags |= PYPROF_RAW_ENTRY;
	ret->raw = (struct pyprof_raw_frame){
		.code = pyprof_word(copy, at->frame.code) & ~layout->tag_mask,
		.instr = pyprof_word(copy, at->frame.instr),
		.flags = flags,
	};
	if (pyprof_has(layout, frame.tlbc_index))
		ret->raw.tlbc_index =
			(uint32_t)pyprof_int(copy, at->frame.tlbc_index);
}

enum step {
	STEP_ON,
	STEP_STOP,
	STEP_OOM,
};

static enum step stop(struct walk *walk, enum pyprof_walk_end end,
		      uint64_t address)
{
	pyprof_walk_stop(walk->stack, end, address);
	return STEP_STOP;
}

/* Keep a frame, or take note of a shim. */
static enum step take(struct walk *walk, const struct frame *frame,
		      uint64_t address)
{
	struct pyprof_raw_stack *stack = walk->stack;
	if (frame->owner > OWNER_MAX)
		return stop(walk, PYPROF_WALK_CORRUPT, address);
	if (frame->owner >= walk->python->layout.hidden_owner) {
		/* It was called from C. */
		if (stack->count)
			stack->frames[stack->count - 1].flags |=
				PYPROF_RAW_ENTRY;
		return STEP_ON;
	}
	if (!pyprof_plausible_pointer(frame->raw.code))
		return stop(walk, PYPROF_WALK_CORRUPT, address);
	if (stack->count == PYPROF_MAX_FRAMES)
		return stop(walk, PYPROF_WALK_CUT, address);
	return pyprof_walk_keep(stack, frame->raw, address) ? STEP_ON
							    : STEP_OOM;
}

static enum step step(struct walk *walk, uint64_t *address)
{
	const struct pyprof_layout *layout = &walk->python->layout;
	if (!pyprof_plausible_pointer(*address))
		return stop(walk, PYPROF_WALK_CORRUPT, *address);
	const char *copy = copy_frame(walk, *address);
	if (!copy)
		return stop(walk, PYPROF_WALK_FAULT, *address);
	struct frame frame;
	decode(layout, copy, &frame);
	if (!walk->copy && frame.owner == OWNER_THREAD)
		skip_next(walk);
	enum step result = take(walk, &frame, *address);
	*address = frame.previous;
	return result;
}

static struct pyprof_error *walk(const struct pyprof_python *python,
				 struct pyprof_look *look, uint64_t tstate,
				 struct pyprof_raw_stack *stack)
{
	struct walk walk = {.python = python, .look = look, .stack = stack};
	struct pyprof_chain chain = {};
	uint64_t address;
	if (!begin(&walk, tstate, &address)) {
		pyprof_walk_stop(stack, PYPROF_WALK_FAULT, tstate);
		return NULL;
	}
	while (address && address != walk.base_frame) {
		if (!pyprof_chain_step(&chain, address)) {
			pyprof_walk_stop(stack, PYPROF_WALK_CORRUPT, address);
			return NULL;
		}
		if (chain.steps > MAX_STEPS) {
			pyprof_walk_stop(stack, PYPROF_WALK_CUT, address);
			return NULL;
		}
		enum step result = step(&walk, &address);
		if (result != STEP_ON)
			return result == STEP_OOM ? pyprof_error_oom() : NULL;
	}
	if (address != walk.base_frame)
		pyprof_walk_stop(stack, PYPROF_WALK_CORRUPT, walk.base_frame);
	return NULL;
}

const struct pyprof_frame_walker pyprof_frame_interp_walker = {
	.walk = walk,
};
