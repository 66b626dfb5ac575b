// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_python.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpython/layouts/layouts.h"
#include "tests/support/expect.h"

#define HEAP_START UINT64_C(0x10000000)
#define HEAP_STEP ((size_t)256 << 10)
#define CHUNK_SIZE ((size_t)16 << 10)

#define TYPE_IS_BYTES (UINT64_C(1) << 27)
#define TYPE_IS_STR (UINT64_C(1) << 28)

/* What is not a member that pyprof knows. */
#define SLACK 64

/* Bytes that hold all members of a structure. */
static size_t span(const struct pyprof_layout *layout, const char *structure)
{
	size_t end = 0;
	for (size_t i = 0; i < pyprof_field_count; i++) {
		const struct pyprof_field *field = &pyprof_fields[i];
		if (strcmp(field->structure, structure) != 0)
			continue;
		int32_t offset =
			pyprof_offset_get(&layout->at, field->position);
		if (!strcmp(field->name, "size") || offset < 0)
			continue;
		if ((size_t)offset + 8 > end)
			end = (size_t)offset + 8;
	}
	return end;
}

/* The GIL lies at the end of what it is part of. */
static size_t span_with_gil(const struct pyprof_layout *layout,
			    const char *structure)
{
	return span(layout, structure) + span(layout, "gil") + SLACK;
}

uint64_t fake_python_alloc(struct fake_python *fake, size_t size)
{
	uint64_t address = fake->next;
	fake->next += (size + 15) & ~(size_t)15;
	while (fake->end < fake->next) {
		fake_target_add(fake->target, fake->end, NULL, HEAP_STEP);
		fake->end += HEAP_STEP;
	}
	return address;
}

void fake_python_set(struct fake_python *fake, uint64_t at, int32_t offset,
		     uint64_t value)
{
	if (offset != PYPROF_ABSENT)
		fake_target_write_u64(fake->target, at + (uint64_t)offset,
				      value);
}

static void set_int(struct fake_python *fake, uint64_t at, int32_t offset,
		    int32_t value)
{
	if (offset != PYPROF_ABSENT)
		fake_target_write_u32(fake->target, at + (uint64_t)offset,
				      (uint32_t)value);
}

uint64_t fake_python_get(struct fake_python *fake, uint64_t at, int32_t offset)
{
	uint64_t value;
	expect(offset != PYPROF_ABSENT);
	expect_ok(pyprof_target_read_u64(fake->target, at + (uint64_t)offset,
					 &value));
	return value;
}

static uint64_t new_type(struct fake_python *fake, uint64_t flags)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	uint64_t type = fake_python_alloc(fake, span(layout, "type"));
	fake_python_set(fake, type, layout->at.type.flags, flags);
	return type;
}

/* The fake that is being tested; a test that passes destroys it. */
static const struct fake_python *living;

__attribute__((__destructor__)) static void say_layout(void)
{
	if (!living)
		return;
	const struct pyprof_layout *layout = &living->python.layout;
	fprintf(stderr, "# in the layout of 3.%d%s%s\n", layout->minor,
		layout->is_debug ? " debug" : "",
		layout->is_free_threaded ? " free-threaded" : "");
}

struct fake_python *fake_python_create(const struct pyprof_layout *layout)
{
	struct fake_python *fake = calloc(1, sizeof(*fake));
	expect(fake != NULL);
	fake->target = fake_target_create();
	fake->start = fake->next = fake->end = HEAP_START;
	fake->python = (struct pyprof_python){
		.target = fake->target,
		.build = {.version = 0x03000000u | (uint32_t)layout->minor
							   << 16,
			  .is_debug = layout->is_debug,
			  .is_free_threaded = layout->is_free_threaded},
		.layout = *layout,
		.tid_offset = -1,
		.validations = PYPROF_BUF_INIT,
	};
	struct pyprof_python *python = &fake->python;
	python->runtime =
		fake_python_alloc(fake, span_with_gil(layout, "runtime"));
	python->code_type = new_type(fake, 0);
	python->none_type = new_type(fake, 0);
	python->frame_type = new_type(fake, 0);
	python->unicode_type = new_type(fake, TYPE_IS_STR);
	python->bytes_type = new_type(fake, TYPE_IS_BYTES);
	fake->any_code = fake_python_code(fake, &(struct fake_code){});
	living = fake;
	return fake;
}

struct fake_python *fake_python_create_nth(int index)
{
	struct pyprof_layout layout = fake_layout(index);
	return fake_python_create(&layout);
}

void fake_python_destroy(struct fake_python *fake)
{
	if (!fake)
		return;
	living = NULL;
	pyprof_target_destroy(fake->target);
	free(fake);
}

/* The GIL that the main interpreter brings along. */
static uint64_t main_gil(struct fake_python *fake)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	if (!pyprof_has(layout, interp.gil))
		return fake->python.runtime + (uint64_t)layout->at.runtime.gil;
	uint64_t interp = fake_python_get(fake, fake->python.runtime,
					  layout->at.runtime.interpreters_main);
	return interp + (uint64_t)layout->at.interp.own_gil;
}

uint64_t fake_python_add_interp(struct fake_python *fake, int64_t id)
{
	const struct pyprof_offsets *at = &fake->python.layout.at;
	uint64_t runtime = fake->python.runtime;
	uint64_t interp = fake_python_alloc(
		fake, span_with_gil(&fake->python.layout, "interp"));
	fake_python_set(fake, interp, at->interp.id, (uint64_t)id);
	fake_python_set(fake, interp, at->interp.runtime, runtime);
	fake_python_set(
		fake, interp, at->interp.next,
		fake_python_get(fake, runtime, at->runtime.interpreters_head));
	fake_python_set(fake, runtime, at->runtime.interpreters_head, interp);
	if (!id)
		fake_python_set(fake, runtime, at->runtime.interpreters_main,
				interp);
	fake_python_set(fake, interp, at->interp.gil, main_gil(fake));
	set_int(fake, main_gil(fake), at->gil.enabled, 1);
	return interp;
}

/* 3.15: the frame that is below all frames. */
static void add_base_frame(struct fake_python *fake, uint64_t thread)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	if (!pyprof_has(layout, thread.base_frame))
		return;
	uint64_t frame = fake_python_alloc(fake, span(layout, "frame"));
	fake_target_write_u8(fake->target,
			     frame + (uint64_t)layout->at.frame.owner,
			     (uint8_t)layout->hidden_owner);
	fake_python_set(fake, thread, layout->at.thread.base_frame, frame);
	fake_python_set(fake, thread, layout->at.thread.current_frame, frame);
}

static void add_chunk(struct fake_python *fake, uint64_t thread, size_t size)
{
	const struct pyprof_offsets *at = &fake->python.layout.at;
	uint64_t chunk = fake_python_alloc(fake, size);
	fake_python_set(
		fake, chunk, at->chunk.previous,
		fake_python_get(fake, thread, at->thread.datastack_chunk));
	fake_python_set(fake, chunk, at->chunk.chunk_size, size);
	fake_python_set(fake, thread, at->thread.datastack_chunk, chunk);
	fake_python_set(fake, thread, at->thread.datastack_top,
			chunk + (uint64_t)at->chunk.data);
}

uint64_t fake_python_add_thread(struct fake_python *fake, uint64_t interp,
				uint64_t ident, int32_t native)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t thread = fake_python_alloc(fake, span(layout, "thread"));
	uint64_t head = fake_python_get(fake, interp, at->interp.threads_head);
	fake_python_set(fake, thread, at->thread.interp, interp);
	fake_python_set(fake, thread, at->thread.next, head);
	if (head)
		fake_python_set(fake, head, at->thread.prev, thread);
	fake_python_set(fake, interp, at->interp.threads_head, thread);
	fake_python_set(fake, thread, at->thread.thread_id, ident);
	fake_python_set(fake, thread, at->thread.native_thread_id,
			(uint64_t)native);
	if (pyprof_has(layout, thread.cframe))
		fake_python_set(
			fake, thread, at->thread.cframe,
			fake_python_alloc(fake, span(layout, "cframe")));
	if (pyprof_has(layout, thread.datastack_chunk))
		add_chunk(fake, thread, CHUNK_SIZE);
	add_base_frame(fake, thread);
	return thread;
}

void fake_python_hold_gil(struct fake_python *fake, uint64_t gil,
			  uint64_t thread)
{
	const struct pyprof_offsets *at = &fake->python.layout.at;
	set_int(fake, gil, at->gil.locked, thread != 0);
	fake_python_set(fake, fake->python.runtime, at->runtime.tstate_current,
			thread);
	if (thread)
		fake_python_set(fake, gil, at->gil.last_holder, thread);
}

uint64_t fake_python_str(struct fake_python *fake, enum fake_str_kind kind,
			 const uint32_t *characters, size_t count)
{
	static const uint8_t widths[FAKE_STR_KINDS] = {1, 1, 2, 4, 1, 2, 4};
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	size_t width = widths[kind];
	bool is_compact = kind < FAKE_STR_POINTER_1;
	uint64_t str = fake_python_alloc(fake, span(layout, "unicode") +
						       (count + 1) * width);
	uint64_t data = str + (uint64_t)(kind == FAKE_STR_ASCII
						 ? at->unicode.ascii_data
						 : at->unicode.compact_data);
	if (!is_compact) {
		data = fake_python_alloc(fake, (count + 1) * width);
		fake_python_set(fake, str, at->unicode.data, data);
	}
	/* Bits around those that are read are noise. */
	uint32_t state = 3 | (uint32_t)width << layout->unicode_kind_shift;
	if (is_compact)
		state |= UINT32_C(1) << (layout->unicode_kind_shift + 3);
	if (kind == FAKE_STR_ASCII)
		state |= UINT32_C(1) << (layout->unicode_kind_shift + 4);
	set_int(fake, str, at->unicode.state, (int32_t)state);
	fake_python_set(fake, str, at->unicode.length, count);
	fake_python_set(fake, str, at->object.type, fake->python.unicode_type);
	for (size_t i = 0; i < count; i++)
		fake_target_write(fake->target, data + i * width,
				  &characters[i], width);
	return str;
}

uint64_t fake_python_text(struct fake_python *fake, const char *text)
{
	size_t length = strlen(text);
	uint32_t *characters = calloc(length + 1, sizeof(*characters));
	expect(characters != NULL);
	for (size_t i = 0; i < length; i++)
		characters[i] = (uint8_t)text[i];
	uint64_t str =
		fake_python_str(fake, FAKE_STR_ASCII, characters, length);
	free(characters);
	return str;
}

uint64_t fake_python_bytes(struct fake_python *fake, const void *data,
			   size_t size)
{
	const struct pyprof_offsets *at = &fake->python.layout.at;
	uint64_t bytes =
		fake_python_alloc(fake, (size_t)at->bytes.data + size + 1);
	fake_python_set(fake, bytes, at->object.type, fake->python.bytes_type);
	fake_python_set(fake, bytes, at->object.var_size, size);
	if (data && size)
		fake_target_write(fake->target,
				  bytes + (uint64_t)at->bytes.data, data, size);
	return bytes;
}

static uint64_t text_or(struct fake_python *fake, const char *text,
			const char *otherwise)
{
	return fake_python_text(fake, text ? text : otherwise);
}

/* An array of copies of the bytecode; the first is the code's own. */
static uint64_t add_tlbc(struct fake_python *fake, uint64_t bytecode,
			 size_t size, uint32_t count)
{
	uint64_t array = fake_python_alloc(fake, 8 + 8 * (size_t)count);
	fake_python_set(fake, array, 0, count);
	_cleanup_free_ char *copy = malloc(size);
	expect(copy != NULL);
	expect_ok(pyprof_target_read(fake->target, bytecode, copy, size));
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = bytecode;
		if (i) {
			at = fake_python_alloc(fake, size);
			fake_target_write(fake->target, at, copy, size);
		}
		fake_python_set(fake, array + 8, (int32_t)(8 * i), at);
	}
	return array;
}

/* Instructions, in the code object or in a bytes of their own. */
static uint64_t new_code(struct fake_python *fake, const void *bytecode,
			 size_t size, uint32_t tlbc_count)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t code = fake_python_alloc(fake, span(layout, "code") + size);
	if (pyprof_has(layout, code.bytecode)) {
		fake_python_set(fake, code, at->code.bytecode,
				fake_python_bytes(fake, bytecode, size));
		return code;
	}
	uint64_t start = code + (uint64_t)at->code.adaptive;
	fake_python_set(fake, code, at->object.var_size, size / 2);
	fake_target_write(fake->target, start, bytecode, size);
	if (tlbc_count && pyprof_has(layout, code.tlbc))
		fake_python_set(fake, code, at->code.tlbc,
				add_tlbc(fake, start, size, tlbc_count));
	return code;
}

uint64_t fake_python_code(struct fake_python *fake,
			  const struct fake_code *code)
{
	static const char nops[64];
	const struct pyprof_offsets *at = &fake->python.layout.at;
	uint64_t address =
		new_code(fake, code->bytecode ? code->bytecode : nops,
			 code->bytecode ? code->bytecode_size : sizeof(nops),
			 code->tlbc_count);
	fake_python_set(fake, address, at->object.type, fake->python.code_type);
	const char *name = code->name ? code->name : "f";
	fake_python_set(fake, address, at->code.name,
			fake_python_text(fake, name));
	fake_python_set(fake, address, at->code.qualname,
			text_or(fake, code->qualname, name));
	fake_python_set(fake, address, at->code.filename,
			text_or(fake, code->filename, "/f.py"));
	fake_python_set(
		fake, address, at->code.linetable,
		fake_python_bytes(fake, code->linetable, code->linetable_size));
	set_int(fake, address, at->code.flags, (int32_t)code->flags);
	set_int(fake, address, at->code.firstlineno,
		code->first_line ? code->first_line : 1);
	set_int(fake, address, at->code.firsttraceable, code->first_traceable);
	return address;
}

/* Where the word is that points to the newest frame. */
static uint64_t current_word(struct fake_python *fake, uint64_t thread)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	switch (layout->frames) {
	case PYPROF_FRAMES_OBJECTS:
		return thread + (uint64_t)at->thread.frame;
	case PYPROF_FRAMES_CFRAME:
		return fake_python_get(fake, thread, at->thread.cframe) +
		       (uint64_t)at->cframe.current_frame;
	default:
		return thread + (uint64_t)at->thread.current_frame;
	}
}

uint64_t fake_python_current(struct fake_python *fake, uint64_t thread)
{
	return fake_python_get(fake, current_word(fake, thread), 0);
}

static uint64_t push_object(struct fake_python *fake, uint64_t thread,
			    const struct fake_frame *frame)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	if (frame->kind == FAKE_FRAME_SHIM)
		return 0;
	uint64_t address = fake_python_alloc(fake, span(layout, "frame"));
	fake_python_set(fake, address, at->object.type,
			fake->python.frame_type);
	fake_python_set(fake, address, at->frame.code, frame->code);
	set_int(fake, address, at->frame.lasti,
		frame->offset < 0
			? -1
			: (int32_t)(frame->offset / layout->lasti_unit));
	set_int(fake, address, at->frame.lineno, frame->traced_line);
	fake_python_set(fake, address, at->frame.trace,
			frame->traced_line ? address : 0);
	fake_python_set(fake, address, at->frame.previous,
			fake_python_current(fake, thread));
	return address;
}

/* Frames of functions lie in the data stack, all others where they like. */
static uint64_t place_frame(struct fake_python *fake, uint64_t thread,
			    const struct fake_frame *frame)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	size_t words = frame->words ? frame->words : 4;
	size_t size = ((span(layout, "frame") + 7) & ~(size_t)7) + 8 * words;
	if (frame->kind != FAKE_FRAME_FUNCTION)
		return fake_python_alloc(fake, size);
	uint64_t chunk =
		fake_python_get(fake, thread, at->thread.datastack_chunk);
	uint64_t top = fake_python_get(fake, thread, at->thread.datastack_top);
	if (top + size >
	    chunk + fake_python_get(fake, chunk, at->chunk.chunk_size)) {
		add_chunk(fake, thread,
			  size + SLACK > CHUNK_SIZE ? 2 * size : CHUNK_SIZE);
		top = fake_python_get(fake, thread, at->thread.datastack_top);
	}
	fake_python_set(fake, thread, at->thread.datastack_top, top + size);
	return top;
}

/* Where the bytecode that the frame runs begins. */
static uint64_t bytecode_of(struct fake_python *fake,
			    const struct fake_frame *frame)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	if (!frame->tlbc_index || !pyprof_has(layout, code.tlbc))
		return frame->code + (uint64_t)at->code.adaptive;
	uint64_t array = fake_python_get(fake, frame->code, at->code.tlbc);
	return fake_python_get(fake, array + 8,
			       (int32_t)(8 * frame->tlbc_index));
}

static uint64_t push_interp(struct fake_python *fake, uint64_t thread,
			    const struct fake_frame *frame)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *at = &layout->at;
	uint64_t previous = fake_python_current(fake, thread);
	bool is_shim = frame->kind == FAKE_FRAME_SHIM;
	if (is_shim && pyprof_has(layout, frame.is_entry)) {
		fake->entering = true;
		return 0;
	}
	uint64_t address = place_frame(fake, thread, frame);
	int owner = is_shim ? layout->hidden_owner
		    : frame->kind == FAKE_FRAME_GENERATOR
			    ? layout->generator_owner
			    : 0;
	fake_target_write_u8(fake->target, address + (uint64_t)at->frame.owner,
			     (uint8_t)owner);
	if (fake->entering)
		fake_target_write_u8(fake->target,
				     address + (uint64_t)at->frame.is_entry, 1);
	fake->entering = false;
	/* A borrowed reference, where references are tagged. */
	fake_python_set(fake, address, at->frame.code,
			frame->code | (layout->tag_mask ? 1 : 0));
	fake_python_set(fake, address, at->frame.previous, previous);
	fake_python_set(fake, address, at->frame.instr,
			bytecode_of(fake, frame) + (uint64_t)frame->offset);
	set_int(fake, address, at->frame.tlbc_index,
		(int32_t)frame->tlbc_index);
	return address;
}

uint64_t fake_python_push(struct fake_python *fake, uint64_t thread,
			  const struct fake_frame *frame)
{
	struct fake_frame complete = *frame;
	if (!complete.code)
		complete.code = fake->any_code;
	bool is_object = fake->python.layout.frames == PYPROF_FRAMES_OBJECTS;
	uint64_t address = is_object ? push_object(fake, thread, &complete)
				     : push_interp(fake, thread, &complete);
	if (address)
		fake_target_write_u64(fake->target, current_word(fake, thread),
				      address);
	return address;
}
