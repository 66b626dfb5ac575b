// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "core/cpython/text.h"
#include "core/cpython/validate_tests.h"

/* Threads whose frames are looked at, and frames of each. */
#define THREADS_TRIED 64
#define FRAMES_TRIED 16

#define OWNER_MAX 4
#define NAME_MAX_CHARS 1000
#define UNITS_MAX (UINT64_C(1) << 28)
#define LINES_MAX (1 << 28)
/* The opcode, in 3.8 and 3.9. */
#define RETURN_VALUE 83
#define LINETABLE_MAX ((size_t)4 << 20)

/* A compact ASCII str ends in NUL just behind its last character. */
static struct pyprof_error *check_str(const struct pyprof_subject *subject,
				      uint64_t address, bool may_be_empty)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err = pyprof_subject_check_kind(
		subject, address, PYPROF_FLAG_STR, "a str");
	if (!err)
		err = pyprof_text_read_str(subject->python, address,
					   NAME_MAX_CHARS, &text);
	if (!err)
		err = pyprof_buf_error(&text);
	if (err)
		return err;
	if ((!text.length && !may_be_empty) ||
	    memchr(text.data, '\0', text.length))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not a name");
	return NULL;
}

/* A bytes object ends in NUL just behind its last byte. */
static struct pyprof_error *check_bytes(const struct pyprof_subject *subject,
					uint64_t address, uint64_t *size_ret)
{
	const struct pyprof_offsets *at = &subject->python->layout.at;
	uint64_t size;
	uint8_t last;
	struct pyprof_error *err = pyprof_subject_check_kind(
		subject, address, PYPROF_FLAG_BYTES, "bytes");
	if (!err)
		err = pyprof_subject_word(subject, address, at->object.var_size,
					  &size);
	if (!err && size > UNITS_MAX)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				      "bytes object of %llu bytes",
				      (unsigned long long)size);
	if (!err)
		err = pyprof_target_read_u8(
			subject->python->target,
			address + (uint64_t)at->bytes.data + size, &last);
	if (err)
		return err;
	if (last)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "bytes object without its end");
	*size_ret = size;
	return NULL;
}

static struct pyprof_error *check_names(const struct pyprof_subject *subject,
					uint64_t code)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	uint64_t filename, name, qualname;
	struct pyprof_error *err = pyprof_subject_word(
		subject, code, layout->at.code.filename, &filename);
	if (!err)
		err = check_str(subject, filename, true);
	if (!err)
		err = pyprof_subject_word(subject, code, layout->at.code.name,
					  &name);
	if (!err)
		err = check_str(subject, name, false);
	if (err || !pyprof_has(layout, code.qualname))
		return err;
	err = pyprof_subject_word(subject, code, layout->at.code.qualname,
				  &qualname);
	if (err)
		return err;
	return check_str(subject, qualname, false);
}

/* Where the instructions of a code object are, and their size in bytes. */
static struct pyprof_error *find_bytecode(const struct pyprof_subject *subject,
					  uint64_t code, uint64_t *start_ret,
					  uint64_t *size_ret)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t bytes, units;
	if (!pyprof_has(layout, code.adaptive)) {
		struct pyprof_error *err = pyprof_subject_word(
			subject, code, at->code.bytecode, &bytes);
		if (!err)
			err = check_bytes(subject, bytes, size_ret);
		if (!err)
			*start_ret = bytes + (uint64_t)at->bytes.data;
		return err;
	}
	struct pyprof_error *err =
		pyprof_subject_word(subject, code, at->object.var_size, &units);
	if (err)
		return err;
	if (!units || units > UNITS_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, code,
				       "code of %llu units",
				       (unsigned long long)units);
	*start_ret = code + (uint64_t)at->code.adaptive;
	*size_ret = units * 2;
	return NULL;
}

/* The bytes of bytecode that a line table is for. */
static uint64_t covered(enum pyprof_linetable_kind kind, const uint8_t *table,
			size_t size)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < size; i++) {
		if (kind == PYPROF_LINETABLE_RANGES)
			bytes += i % 2 ? 0 : table[i];
		else if (table[i] & 0x80)
			bytes += 2 * ((table[i] & 7) + 1);
	}
	return bytes;
}

/*
 * Whether bytecode ends where it seems to: where its line table ends, or, as
 * those of 3.8 and 3.9 do not tell, in a return.
 */
static bool ends_right(const struct pyprof_subject *subject,
		       const struct pyprof_buf *table, uint64_t start,
		       uint64_t size)
{
	enum pyprof_linetable_kind kind = subject->python->layout.linetable;
	if (kind != PYPROF_LINETABLE_LNOTAB)
		return covered(kind, (const uint8_t *)table->data,
			       table->length) == size;
	uint8_t opcode;
	_cleanup_error_ struct pyprof_error *err = pyprof_target_read_u8(
		subject->python->target, start + size - 2, &opcode);
	return !err && opcode == RETURN_VALUE;
}

static struct pyprof_error *check_linetable(struct pyprof_subject *subject,
					    uint64_t code, uint64_t start,
					    uint64_t code_size)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	_cleanup_buf_ struct pyprof_buf table = PYPROF_BUF_INIT;
	uint64_t linetable, size;
	struct pyprof_error *err = pyprof_subject_word(
		subject, code, layout->at.code.linetable, &linetable);
	if (!err)
		err = check_bytes(subject, linetable, &size);
	if (!err)
		err = pyprof_text_read_bytes(subject->python, linetable,
					     LINETABLE_MAX, &table);
	if (!err)
		err = pyprof_buf_error(&table);
	if (err)
		return err;
	subject->codes++;
	subject->covered += ends_right(subject, &table, start, code_size);
	return NULL;
}

static struct pyprof_error *check_code(struct pyprof_subject *subject,
				       uint64_t code, uint64_t *start_ret,
				       uint64_t *size_ret)
{
	const struct pyprof_python *python = subject->python;
	const struct pyprof_offsets *at = &python->layout.at;
	uint64_t type, start, size;
	uint32_t first_line;
	struct pyprof_error *err = pyprof_subject_type(subject, code, &type);
	if (!err && python->code_type && type != python->code_type)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, code,
				      "not a code object");
	if (!err)
		err = pyprof_subject_check_type_name(subject, type, "code");
	if (!err)
		err = check_names(subject, code);
	if (!err)
		err = pyprof_target_read_u32(
			python->target, code + (uint64_t)at->code.firstlineno,
			&first_line);
	/* 0 is the line of modules, from 3.11 on. */
	if (!err && first_line > LINES_MAX)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, code,
				      "code in line %u", first_line);
	if (!err)
		err = find_bytecode(subject, code, &start, &size);
	if (!err)
		err = check_linetable(subject, code, start, size);
	if (err)
		return err;
	*start_ret = start;
	*size_ret = size;
	return NULL;
}

/* One frame that runs code: its instruction has to lie in that code. */
static struct pyprof_error *check_running(struct pyprof_subject *subject,
					  uint64_t frame, uint64_t code)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t start, size, instr;
	struct pyprof_error *err = check_code(subject, code, &start, &size);
	if (err)
		return err;
	if (layout->frames == PYPROF_FRAMES_OBJECTS) {
		uint32_t lasti;
		err = pyprof_target_read_u32(subject->python->target,
					     frame + (uint64_t)at->frame.lasti,
					     &lasti);
		/* -1: it has not begun. */
		instr = start + (uint64_t)(int32_t)lasti * layout->lasti_unit;
	} else {
		err = pyprof_subject_word(subject, frame, at->frame.instr,
					  &instr);
	}
	if (err)
		return err;
	/* In thread-local bytecode it may lie anywhere. */
	if (pyprof_has(layout, code.tlbc))
		return NULL;
	if (instr + 2 < start || instr >= start + size)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, frame,
				       "instruction outside of its code");
	return NULL;
}

/* One frame of a chain. Shims run no code, but have an object for it. */
static struct pyprof_error *check_frame(struct pyprof_subject *subject,
					uint64_t frame)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint8_t owner = 0;
	uint64_t code, type;
	struct pyprof_error *err =
		pyprof_subject_word(subject, frame, at->frame.code, &code);
	if (!err && pyprof_has(layout, frame.owner))
		err = pyprof_target_read_u8(subject->python->target,
					    frame + (uint64_t)at->frame.owner,
					    &owner);
	if (!err && layout->frames == PYPROF_FRAMES_OBJECTS &&
	    subject->python->frame_type) {
		err = pyprof_subject_type(subject, frame, &type);
		if (!err && type != subject->python->frame_type)
			err = pyprof_error_at(PYPROF_ERROR_CORRUPT, frame,
					      "not a frame object");
	}
	if (err)
		return err;
	if (owner > OWNER_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, frame,
				       "frame with owner %d", owner);
	code &= ~layout->tag_mask;
	if (owner < layout->hidden_owner)
		return check_running(subject, frame, code);
	return pyprof_subject_type(subject, code, &type);
}

/* The newest frame of a thread; 0 when it has none. */
static struct pyprof_error *newest_frame(struct pyprof_subject *subject,
					 uint64_t tstate, uint64_t *ret)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	if (layout->frames == PYPROF_FRAMES_OBJECTS)
		return pyprof_subject_word(subject, tstate, at->thread.frame,
					   ret);
	if (layout->frames == PYPROF_FRAMES_CURRENT)
		return pyprof_subject_word(subject, tstate,
					   at->thread.current_frame, ret);
	uint64_t cframe;
	struct pyprof_error *err = pyprof_subject_word(
		subject, tstate, at->thread.cframe, &cframe);
	if (err)
		return err;
	return pyprof_subject_word(subject, cframe, at->cframe.current_frame,
				   ret);
}

/*
 * A thread that runs no code has nothing on its data stack either, but for the
 * unused first word of the first chunk.
 */
static struct pyprof_error *check_idle(struct pyprof_subject *subject,
				       uint64_t tstate)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t chunk, top;
	if (!pyprof_has(layout, thread.datastack_chunk) ||
	    !pyprof_has(layout, thread.datastack_top) ||
	    !pyprof_has(layout, chunk.data))
		return NULL;
	struct pyprof_error *err = pyprof_subject_word(
		subject, tstate, at->thread.datastack_chunk, &chunk);
	if (!err)
		err = pyprof_subject_word(subject, tstate,
					  at->thread.datastack_top, &top);
	if (!err && chunk && top != chunk + (uint64_t)at->chunk.data &&
	    top != chunk + (uint64_t)at->chunk.data + 8)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, tstate,
				      "thread has no frames on its data stack");
	return err;
}

/* The frames of one thread, the newest ones of many. */
static struct pyprof_error *check_chain(struct pyprof_subject *subject,
					uint64_t tstate)
{
	uint64_t frame = 0;
	size_t codes = subject->codes;
	struct pyprof_error *err = newest_frame(subject, tstate, &frame);
	for (size_t i = 0; !err && frame && i < FRAMES_TRIED; i++) {
		err = check_frame(subject, frame);
		if (!err)
			err = pyprof_subject_word(
				subject, frame,
				subject->python->layout.at.frame.previous,
				&frame);
	}
	if (!err && subject->codes == codes)
		err = check_idle(subject, tstate);
	return err;
}

struct pyprof_error *pyprof_validate_frames(struct pyprof_subject *subject)
{
	size_t good = 0, count = subject->threads.list.count;
	struct pyprof_error *bad = NULL;
	subject->codes = subject->covered = 0;
	for (size_t i = 0; i < count && i < THREADS_TRIED; i++) {
		struct pyprof_error *err = check_chain(
			subject, subject->threads.list.items[i].address);
		good += !err;
		if (!bad)
			bad = err;
		else
			pyprof_error_destroy(err);
	}
	/*
	 * Threads that run while being looked at may well look broken, and in
	 * cores stacks may be missing; with a wrong layout all are broken.
	 */
	if (bad && !good)
		return bad;
	pyprof_error_destroy(bad);
	/* Tools may give code a line table that does not fit, but not all. */
	if (subject->codes && !subject->covered)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "no code ends where it should");
	snprintf(subject->seen, sizeof(subject->seen),
		 "%zu of %zu threads, %zu code objects", good, count,
		 subject->codes);
	return NULL;
}
