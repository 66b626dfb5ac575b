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

static struct pyprof_error *check_code(const struct pyprof_subject *subject,
				       uint64_t code, uint64_t *start_ret,
				       uint64_t *size_ret)
{
	const struct pyprof_python *python = subject->python;
	const struct pyprof_offsets *at = &python->layout.at;
	uint64_t type, linetable, size;
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
		err = pyprof_subject_word(subject, code, at->code.linetable,
					  &linetable);
	if (!err)
		err = check_bytes(subject, linetable, &size);
	if (!err)
		err = pyprof_target_read_u32(
			python->target, code + (uint64_t)at->code.firstlineno,
			&first_line);
	/* 0 is the line of modules, from 3.11 on. */
	if (!err && first_line > LINES_MAX)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, code,
				      "code in line %u", first_line);
	if (err)
		return err;
	return find_bytecode(subject, code, start_ret, size_ret);
}

/* One frame that runs code: its instruction has to lie in that code. */
static struct pyprof_error *check_running(const struct pyprof_subject *subject,
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

/*
 * One frame of a chain.
 *
 * @param[out] is_code_ret Whether it runs code; shims do not.
 */
static struct pyprof_error *check_frame(const struct pyprof_subject *subject,
					uint64_t frame, bool *is_code_ret)
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
	*is_code_ret = owner < layout->hidden_owner;
	if (*is_code_ret)
		return check_running(subject, frame, code);
	return pyprof_subject_type(subject, code, &type);
}

/* The newest frame of a thread; 0 when it has none. */
static struct pyprof_error *newest_frame(const struct pyprof_subject *subject,
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

/* The frames of one thread, the newest ones of many. */
static struct pyprof_error *check_chain(const struct pyprof_subject *subject,
					uint64_t tstate, size_t *codes)
{
	uint64_t frame = 0;
	size_t found = 0;
	struct pyprof_error *err = newest_frame(subject, tstate, &frame);
	for (size_t i = 0; !err && frame && i < FRAMES_TRIED; i++) {
		bool is_code = false;
		err = check_frame(subject, frame, &is_code);
		found += is_code;
		if (!err)
			err = pyprof_subject_word(
				subject, frame,
				subject->python->layout.at.frame.previous,
				&frame);
	}
	if (!err)
		*codes += found;
	return err;
}

struct pyprof_error *pyprof_validate_frames(struct pyprof_subject *subject)
{
	size_t codes = 0, threads = 0;
	struct pyprof_error *worst = NULL;
	for (size_t i = 0; i < subject->threads.list.count && i < THREADS_TRIED;
	     i++) {
		struct pyprof_error *err = check_chain(
			subject, subject->threads.list.items[i].address,
			&codes);
		threads += !err;
		if (!worst)
			worst = err;
		else
			pyprof_error_destroy(err);
	}
	/* Threads that run while being looked at may well look broken. */
	if (worst && (subject->python->target->is_static || !codes))
		return worst;
	pyprof_error_destroy(worst);
	snprintf(subject->seen, sizeof(subject->seen),
		 "%zu of %zu threads, %zu code objects", threads,
		 subject->threads.list.count, codes);
	return NULL;
}
