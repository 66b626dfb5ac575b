// SPDX-License-Identifier: Apache-2.0
#include "core/sampler/decoder.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/base/clock.h"
#include "core/base/vec.h"
#include "core/cpython/code.h"
#include "core/sampler/state.h"

/* Locations of instructions that were decoded before, by hash; a collision
 * only costs decoding again. */
#define MEMO_SIZE 16384

struct memo {
	uint64_t code, instr, fingerprint;
	uint32_t flags, location;
	struct pyprof_columns columns;
	bool has_columns, hidden;
	/* A Python function was seen called from there, and not through C. */
	bool calls_python;
};

/* The frames of a sample as they go into the profile. */
struct made_stack {
	uint32_t stack;
	/* It lacks code that is gone. */
	bool lost;
	/* Of the innermost frame; columns where it has some. */
	uint32_t location;
	struct pyprof_columns columns;
	bool has_columns;
};

/* What is known of a thread state from its earlier samples. */
struct known_thread {
	uint64_t tstate, ident;
	int32_t tid;
	uint32_t thread;
	/* Of its last sample, unless that could not be decoded: why not. */
	struct made_stack last;
	bool is_bad;
	enum pyprof_error_code bad;
	UT_hash_handle hh;
};

struct pyprof_decoder {
	struct pyprof_attachment *attachment;
	struct pyprof_profile *profile;
	struct pyprof_code_cache *codes;
	struct known_thread *threads;
	struct memo *memo;
	PYPROF_VEC(uint32_t) locations;
};

struct pyprof_error *pyprof_decoder_create(struct pyprof_attachment *attachment,
					   struct pyprof_profile *profile,
					   struct pyprof_decoder **ret)
{
	struct pyprof_decoder *decoder = calloc(1, sizeof(*decoder));
	if (!decoder)
		return pyprof_error_oom();
	decoder->attachment = attachment;
	decoder->profile = profile;
	decoder->memo = calloc(MEMO_SIZE, sizeof(*decoder->memo));
	struct pyprof_error *err = decoder->memo ? NULL : pyprof_error_oom();
	if (!err)
		err = pyprof_code_cache_create(&attachment->decode_python,
					       pyprof_profile_strings(profile),
					       &decoder->codes);
	if (err) {
		pyprof_decoder_destroy(decoder);
		return err;
	}
	pyprof_code_cache_publish(decoder->codes, &attachment->known);
	*ret = decoder;
	return NULL;
}

void pyprof_decoder_destroy(struct pyprof_decoder *decoder)
{
	if (!decoder)
		return;
	struct known_thread *thread, *next;
	HASH_ITER(hh, decoder->threads, thread, next)
	{
		HASH_DEL(decoder->threads, thread);
		free(thread);
	}
	pyprof_code_cache_destroy(decoder->codes);
	free(decoder->memo);
	pyprof_vec_deinit(&decoder->locations);
	free(decoder);
}

/* The kernel's name of a thread, as a string of the profile; 0 if unknown. */
static uint32_t thread_name(struct pyprof_decoder *decoder, int32_t tid)
{
	struct pyprof_target *target = decoder->attachment->decode_target;
	const struct pyprof_os_thread *threads;
	size_t count;
	uint32_t name = 0;
	_cleanup_error_ struct pyprof_error *err =
		target->ops->threads(target, &threads, &count);
	for (size_t i = 0; !err && i < count; i++)
		if (threads[i].tid == tid)
			err = pyprof_strtab_intern(
				pyprof_profile_strings(decoder->profile),
				threads[i].name,
				strnlen(threads[i].name,
					sizeof(threads[i].name)),
				&name);
	return name;
}

static struct pyprof_error *new_thread(struct pyprof_decoder *decoder,
				       const struct pyprof_raw_sample *raw,
				       uint32_t *ret)
{
	struct pyprof_thread thread;
	int64_t interp_id = 0;
	bool is_main = raw->tid == decoder->attachment->target->pid;
	_cleanup_error_ struct pyprof_error *unknown = pyprof_thread_resolve(
		&decoder->attachment->decode_python, raw->tstate, &thread);
	if (!unknown) {
		interp_id = thread.interp_id;
		is_main = thread.is_main;
	}
	struct pyprof_profile_thread made = {
		.tid = raw->tid,
		.ident = raw->ident,
		.name = thread_name(decoder, raw->tid),
		.interp_id = interp_id,
		.is_main = is_main,
	};
	return pyprof_profile_thread(decoder->profile, &made, ret);
}

static struct pyprof_error *know_thread(struct pyprof_decoder *decoder,
					const struct pyprof_raw_sample *raw,
					struct known_thread **ret)
{
	struct known_thread *known;
	HASH_FIND(hh, decoder->threads, &raw->tstate, sizeof(raw->tstate),
		  known);
	if (known && known->ident == raw->ident && known->tid == raw->tid) {
		*ret = known;
		return NULL;
	}
	uint32_t thread;
	struct pyprof_error *err = new_thread(decoder, raw, &thread);
	if (err)
		return err;
	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known)
			return pyprof_error_oom();
		known->tstate = raw->tstate;
		HASH_ADD(hh, decoder->threads, tstate, sizeof(known->tstate),
			 known);
		if (!known->hh.tbl) {
			free(known);
			return pyprof_error_oom();
		}
	}
	known->ident = raw->ident;
	known->tid = raw->tid;
	known->thread = thread;
	known->last = (struct made_stack){};
	known->is_bad = false;
	*ret = known;
	return NULL;
}

/* The code of a frame, which must still be that of when the sample was taken:
 * it may have been freed, and other code be there. */
static struct pyprof_error *find_code(struct pyprof_decoder *decoder,
				      const struct pyprof_raw_sample *raw,
				      const struct pyprof_raw_frame *frame,
				      const struct pyprof_code **ret)
{
	const struct pyprof_code *code;
	struct pyprof_error *err =
		pyprof_code_get(decoder->codes, frame->code, &code);
	if (err)
		return err;
	/* Without an identity it was known to stay when it was looked at. */
	bool same = frame->identity ? frame->identity == code->identity
				    : code->read_ns <= (int64_t)raw->at_ns;
	if (!same)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, frame->code,
				       "another code object is there now");
	*ret = code;
	return NULL;
}

static struct memo *memo_of(struct pyprof_decoder *decoder,
			    const struct pyprof_raw_frame *frame)
{
	uint64_t hash = (frame->code >> 4) * UINT64_C(0x9e3779b97f4a7c15) ^
			frame->instr * UINT64_C(0xc2b2ae3d27d4eb4f);
	return &decoder->memo[(hash >> 32) % MEMO_SIZE];
}

static struct pyprof_error *make_location(struct pyprof_decoder *decoder,
					  const struct pyprof_frame *frame,
					  uint32_t *ret)
{
	struct pyprof_function function = {
		.name = frame->code->name,
		.qualname = frame->code->qualname,
		.file = frame->code->file,
		.first_line = frame->code->first_line,
	};
	struct pyprof_location location = {.line = frame->position.line};
	struct pyprof_error *err = pyprof_profile_function(
		decoder->profile, &function, &location.function);
	if (err)
		return err;
	return pyprof_profile_location(decoder->profile, &location, ret);
}

/* The location of a frame, from the memo where its code is still the same. */
static struct pyprof_error *locate(struct pyprof_decoder *decoder,
				   const struct pyprof_raw_sample *sample,
				   const struct pyprof_raw_frame *raw,
				   struct memo **ret)
{
	struct memo *memo = memo_of(decoder, raw);
	const struct pyprof_code *code;
	struct pyprof_error *err = find_code(decoder, sample, raw, &code);
	if (err)
		return err;
	if (memo->code == raw->code && memo->instr == raw->instr &&
	    memo->flags == raw->flags &&
	    memo->fingerprint == code->fingerprint) {
		*ret = memo;
		return NULL;
	}
	struct pyprof_frame frame;
	uint32_t location;
	err = pyprof_frame_decode(decoder->codes, raw, false, &frame);
	if (!err)
		err = make_location(decoder, &frame, &location);
	if (err)
		return err;
	struct pyprof_columns columns = {
		.column = frame.position.column,
		.end_line = frame.position.end_line,
		.end_column = frame.position.end_column,
	};
	*memo = (struct memo){
		.code = raw->code,
		.instr = raw->instr,
		.flags = raw->flags,
		.fingerprint = code->fingerprint,
		.location = location,
		.columns = columns,
		.has_columns =
			pyprof_columns_are_known(&columns, frame.position.line),
		.hidden = frame.hidden,
	};
	*ret = memo;
	return NULL;
}

/* Whether a frame was not called through a C function. Before 3.11 all calls
 * look alike: every frame begins a native activation. */
static bool is_called_by_python(const struct pyprof_decoder *decoder,
				const struct pyprof_raw_frame *frame)
{
	const struct pyprof_layout *layout =
		&decoder->attachment->python->layout;
	return layout->frames == PYPROF_FRAMES_OBJECTS ||
	       !(frame->flags & PYPROF_RAW_ENTRY);
}

/* What stands for a frame whose code was freed before it was decoded. */
static struct pyprof_error *push_lost(struct pyprof_decoder *decoder)
{
	static const char name[] = "<code that is gone>";
	struct pyprof_function function = {};
	struct pyprof_location location = {.line = -1};
	uint32_t id;
	struct pyprof_error *err =
		pyprof_strtab_intern(pyprof_profile_strings(decoder->profile),
				     name, sizeof(name) - 1, &function.name);
	if (err)
		return err;
	function.qualname = function.name;
	function.file = function.name;
	err = pyprof_profile_function(decoder->profile, &function,
				      &location.function);
	if (!err)
		err = pyprof_profile_location(decoder->profile, &location, &id);
	if (!err && !pyprof_vec_push(&decoder->locations, id))
		err = pyprof_error_oom();
	return err;
}

/*
 * Whether a sample is kept although a frame of it could not be decoded: its
 * frames are known to have been there, and code that runs once, as that of a
 * module, is often freed before we come to it.
 */
static bool is_kept(const struct pyprof_raw_sample *raw,
		    const struct pyprof_error *err)
{
	return raw->exactness != PYPROF_EXACT_INEXACT &&
	       (err->code == PYPROF_ERROR_CORRUPT ||
		err->code == PYPROF_ERROR_FAULT);
}

/* A frame of a stack that is being made, from the innermost one on. */
static bool push_frame(struct pyprof_decoder *decoder, const struct memo *memo,
		       struct made_stack *made)
{
	if (!decoder->locations.count) {
		made->location = memo->location;
		made->columns = memo->columns;
		made->has_columns = memo->has_columns;
	}
	return pyprof_vec_push(&decoder->locations, memo->location);
}

static struct pyprof_error *make_stack(struct pyprof_decoder *decoder,
				       const struct pyprof_raw_sample *raw,
				       struct made_stack *ret)
{
	struct made_stack made = {};
	decoder->locations.count = 0;
	for (size_t i = 0; i < raw->count; i++) {
		struct memo *memo;
		struct pyprof_error *err =
			locate(decoder, raw, &raw->frames[i], &memo);
		if (err && is_kept(raw, err)) {
			pyprof_error_destroy(err);
			err = push_lost(decoder);
			if (err)
				return err;
			made.lost = true;
			continue;
		}
		if (err)
			return err;
		if (i && is_called_by_python(decoder, &raw->frames[i - 1]))
			memo->calls_python = true;
		if (!memo->hidden && !push_frame(decoder, memo, &made))
			return pyprof_error_oom();
	}
	for (size_t i = decoder->locations.count; i-- > 0;) {
		struct pyprof_error *err = pyprof_profile_stack(
			decoder->profile, made.stack,
			decoder->locations.items[i], &made.stack);
		if (err)
			return err;
	}
	*ret = made;
	return NULL;
}

/* What the thread was doing: its innermost frame tells when it ran. */
static enum pyprof_state state_of(struct pyprof_decoder *decoder,
				  const struct pyprof_raw_sample *raw)
{
	const struct pyprof_layout *layout =
		&decoder->attachment->python->layout;
	bool holder = raw->role == PYPROF_GIL_HOLDER;
	struct pyprof_frame frame;
	const struct pyprof_frame *top = NULL;
	_cleanup_error_ struct pyprof_error *err = NULL;
	if (raw->count && (holder || raw->os.running)) {
		const struct pyprof_code *code;
		err = find_code(decoder, raw, &raw->frames[0], &code);
		if (!err)
			err = pyprof_frame_decode(
				decoder->codes, &raw->frames[0], true, &frame);
		/* Calling a Python function takes its time, too: until there is
		 * a frame, and after there was one. */
		if (!err && memo_of(decoder, &raw->frames[0])->calls_python)
			frame.opcode_class = PYPROF_OPCODE_PLAIN;
		top = err ? NULL : &frame;
	}
	if (holder)
		return pyprof_state_inside(layout, top);
	return pyprof_state_outside(layout, &raw->os, raw->gil, top);
}

static struct pyprof_error *add(struct pyprof_decoder *decoder,
				const struct pyprof_raw_sample *raw,
				const struct known_thread *known)
{
	const struct made_stack *made = &known->last;
	struct pyprof_span span = {
		.location = made->location,
		.thread = known->thread,
		.state = state_of(decoder, raw),
		.columns = made->columns,
		.samples = 1,
		.ns = raw->ns,
	};
	struct pyprof_error *err = pyprof_profile_add(
		decoder->profile, made->stack, known->thread, span.state,
		raw->exactness, raw->at_ns, raw->ns);
	if (!err && made->has_columns)
		err = pyprof_profile_add_span(decoder->profile, &span);
	return err;
}

/* The stack of a sample, as known->last. */
static struct pyprof_error *know_stack(struct pyprof_decoder *decoder,
				       const struct pyprof_raw_sample *raw,
				       struct known_thread *known)
{
	if (raw->same && known->is_bad)
		return pyprof_error_create(known->bad,
					   "it is where it was not read");
	if (raw->same)
		return NULL;
	struct pyprof_error *err = make_stack(decoder, raw, &known->last);
	known->is_bad = err != NULL;
	if (err)
		known->bad = err->code;
	return err;
}

static struct pyprof_error *take(struct pyprof_decoder *decoder,
				 const struct pyprof_raw_sample *raw)
{
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(decoder->profile);
	struct known_thread *known;
	struct pyprof_error *err = know_thread(decoder, raw, &known);
	if (err)
		return err;
	err = know_stack(decoder, raw, known);
	if (!err)
		err = add(decoder, raw, known);
	if (err)
		return err;
	if (!raw->beside)
		meta->samples[raw->exactness]++;
	if (raw->end != PYPROF_WALK_COMPLETE || known->last.lost)
		meta->cut++;
	return NULL;
}

struct pyprof_error *pyprof_decoder_drain(struct pyprof_decoder *decoder,
					  struct pyprof_ring *ring)
{
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(decoder->profile);
	const struct pyprof_raw_sample *raw;
	int64_t epoch_ns = 0;
	while ((raw = pyprof_ring_peek(ring))) {
		/* Code is compared with the target after it was sampled. */
		if ((int64_t)(raw->at_ns + raw->held_ns) >= epoch_ns) {
			epoch_ns = pyprof_clock_ns();
			pyprof_code_cache_next_epoch(decoder->codes);
		}
		pyprof_code_cache_prefetch(decoder->codes, raw->frames,
					   raw->count);
		struct pyprof_error *err = take(decoder, raw);
		if (raw->held_ns)
			pyprof_pauses_add(&meta->pauses, raw->held_ns);
		pyprof_ring_pop(ring);
		if (err && err->code == PYPROF_ERROR_OOM)
			return err;
		if (err)
			meta->bad[err->code]++;
		pyprof_error_destroy(err);
	}
	return NULL;
}
