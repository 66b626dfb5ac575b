// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Walking the Python frames of a thread.
 *
 * A walk copies raw words only, so that it can be done while a thread is held
 * off its CPU; pyprof_code and pyprof_linetable make names and lines of them
 * later. Nothing that is read is trusted: the chain is counted, and every
 * frame that does not look like one ends the walk with the reason.
 *
 * To add a shape of frame: one file with a `const struct pyprof_frame_walker`
 * and one row in frame.c.
 */
#ifndef PYPROF_CPYTHON_FRAME_H
#define PYPROF_CPYTHON_FRAME_H

#include "core/cpython/look.h"
#include "core/cpython/python.h"

/** Frames kept of one stack; what is beyond is cut and said so. */
#define PYPROF_MAX_FRAMES 20000

enum pyprof_raw_flag {
	/** Begins a native activation of the eval loop. */
	PYPROF_RAW_ENTRY = 1 << 0,
	/** Belongs to a generator or coroutine; told from 3.11 on. */
	PYPROF_RAW_GENERATOR = 1 << 1,
	/** `instr` is a line number that a tracer has set (3.8-3.10). */
	PYPROF_RAW_LINE = 1 << 2,
};

struct pyprof_raw_frame {
	uint64_t code;
	/**
	 * 3.8-3.10: byte offset of the instruction, signed. 3.11+: address of
	 * the instruction.
	 */
	uint64_t instr;
	uint32_t tlbc_index;
	uint32_t flags;
	/** Of the code, by pyprof_code_identify(); 0 where it was not asked. */
	uint64_t identity;
};

/** Why a walk ended. */
enum pyprof_walk_end {
	PYPROF_WALK_COMPLETE,
	/** More than PYPROF_MAX_FRAMES. */
	PYPROF_WALK_CUT,
	/** A frame could not be read. */
	PYPROF_WALK_FAULT,
	/** A frame, or the chain, is implausible. */
	PYPROF_WALK_CORRUPT,
};

/** Frames, most recent first. Zero-initialise; keeps its memory for reuse. */
struct pyprof_raw_stack {
	struct pyprof_raw_frame *frames;
	size_t count, capacity;
	/** Set by the caller: also keep where each frame is. */
	bool want_addresses;
	uint64_t *addresses;
	size_t address_capacity;
	enum pyprof_walk_end end;
	/** Where it went wrong, for FAULT and CORRUPT. */
	uint64_t bad_address;
};

void pyprof_raw_stack_deinit(struct pyprof_raw_stack *stack);

/**
 * Walk the frames of a thread state through a look.
 *
 * Shims are left out; frames that have not begun, which Python hides as well,
 * are told by pyprof_frame_decode(). Always leaves `stack` usable: `count`
 * frames and why it ended. The only error is running out of memory.
 */
struct pyprof_error *
pyprof_frames_walk(const struct pyprof_python *python, struct pyprof_look *look,
		   uint64_t tstate, struct pyprof_raw_stack *stack)
	PYPROF_MUST_CHECK;

struct pyprof_frame_walker {
	struct pyprof_error *(*walk)(const struct pyprof_python *python,
				     struct pyprof_look *look, uint64_t tstate,
				     struct pyprof_raw_stack *stack);
};

/** frame_object.c: 3.8-3.10. */
extern const struct pyprof_frame_walker pyprof_frame_object_walker;
/** frame_interp.c: 3.11+. */
extern const struct pyprof_frame_walker pyprof_frame_interp_walker;

#endif /* PYPROF_CPYTHON_FRAME_H */
