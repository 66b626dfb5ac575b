// SPDX-License-Identifier: Apache-2.0
#include "core/report/calls.h"

#include <stdlib.h>
#include <string.h>

/* A stack of the profile while calls are added up. */
struct node {
	uint32_t callee, call;
	/* 0 for none, as stack 0 is nobody's child or sibling. */
	uint32_t first_child, next_sibling;
	uint64_t self_ns, self_samples, total_ns, total_samples;
};

struct builder {
	const struct pyprof_frames *frames;
	struct pyprof_calls *calls;
	/* The callee of each function of the profile. */
	uint32_t *callee_of;
	struct node *nodes;
	/* How often each callee and call is on the way from the root. */
	uint32_t *open_callees, *open_calls;
};

static void builder_deinit(struct builder *builder)
{
	free(builder->callee_of);
	free(builder->nodes);
	free(builder->open_callees);
	free(builder->open_calls);
}

static struct pyprof_error *intern_text(struct pyprof_calls *calls,
					const char *text, size_t length,
					uint32_t *ret)
{
	_cleanup_buf_ struct pyprof_buf clean = PYPROF_BUF_INIT;
	pyprof_put_utf8(&clean, text, length);
	struct pyprof_error *err = pyprof_buf_error(&clean);
	return err ? err
		   : pyprof_strtab_intern(calls->names, clean.data,
					  clean.length, ret);
}

static struct pyprof_error *intern_string(struct builder *builder, uint32_t id,
					  uint32_t *ret)
{
	const struct pyprof_profile *profile = builder->frames->profile;
	return intern_text(builder->calls, pyprof_profile_string(profile, id),
			   pyprof_profile_string_length(profile, id), ret);
}

static struct pyprof_error *make_callees(struct builder *builder)
{
	const struct pyprof_frames *frames = builder->frames;
	builder->callee_of =
		calloc(frames->function_count + 1, sizeof(*builder->callee_of));
	if (!builder->callee_of)
		return pyprof_error_oom();
	for (size_t i = 0; i < frames->function_count; i++) {
		const struct pyprof_function *function = &frames->functions[i];
		struct pyprof_callee callee = {
			.first_line = function->first_line > 0
					      ? function->first_line
					      : 0,
		};
		struct pyprof_error *err =
			intern_string(builder, function->file, &callee.file);
		if (!err)
			err = intern_string(builder,
					    pyprof_function_label(function),
					    &callee.name);
		if (!err)
			err = pyprof_intern(&builder->calls->callees, &callee,
					    &builder->callee_of[i]);
		if (err)
			return err;
	}
	return NULL;
}

static void add_tallies(struct builder *builder,
			const struct pyprof_filter *filter)
{
	const struct pyprof_frames *frames = builder->frames;
	for (size_t i = 0; i < frames->tally_count; i++) {
		const struct pyprof_tally *tally = &frames->tallies[i];
		if (!pyprof_filter_accepts(filter, frames->profile, tally))
			continue;
		struct node *node = &builder->nodes[tally->stack];
		node->self_ns += tally->ns;
		node->self_samples += tally->samples;
	}
}

/* Parents have smaller ids than their children. */
static void roll_up(struct builder *builder)
{
	struct node *nodes = builder->nodes;
	for (size_t i = builder->frames->stack_count; i-- > 1;) {
		struct node *node = &nodes[i];
		struct node *parent = &nodes[builder->frames->stacks[i].parent];
		node->total_ns += node->self_ns;
		node->total_samples += node->self_samples;
		if (!node->total_samples)
			continue;
		parent->total_ns += node->total_ns;
		parent->total_samples += node->total_samples;
		node->next_sibling = parent->first_child;
		parent->first_child = (uint32_t)i;
	}
}

static struct pyprof_error *add_line(struct builder *builder,
				     const struct node *node, int32_t number)
{
	struct pyprof_callee_line line = {
		.callee = node->callee,
		.line = number,
	};
	uint32_t id;
	if (!node->self_samples)
		return NULL;
	struct pyprof_error *err =
		pyprof_intern(&builder->calls->lines, &line, &id);
	if (err)
		return err;
	struct pyprof_callee_line *lines = builder->calls->lines.items;
	lines[id].ns += node->self_ns;
	lines[id].samples += node->self_samples;
	return NULL;
}

/* Name what a stack is a call of, and from where. */
static struct pyprof_error *name_call(struct builder *builder, uint32_t id,
				      bool by_line)
{
	const struct pyprof_frames *frames = builder->frames;
	const struct pyprof_stack *stack = &frames->stacks[id];
	struct node *node = &builder->nodes[id];
	uint32_t function = frames->locations[stack->location].function;
	node->callee = builder->callee_of[function];
	struct pyprof_call call = {
		.caller = PYPROF_NO_CALLER,
		.callee = node->callee,
	};
	if (stack->parent) {
		const struct pyprof_stack *parent =
			&frames->stacks[stack->parent];
		call.caller = builder->nodes[stack->parent].callee;
		if (by_line)
			call.line =
				pyprof_frames_line(frames, parent->location);
	}
	struct pyprof_error *err = add_line(
		builder, node, pyprof_frames_line(frames, stack->location));
	return err ? err
		   : pyprof_intern(&builder->calls->calls, &call, &node->call);
}

/* The empty stack is that of a function of its own, which calls nothing. */
static struct pyprof_error *name_frameless(struct builder *builder)
{
	struct pyprof_calls *calls = builder->calls;
	struct node *node = &builder->nodes[0];
	struct pyprof_callee callee = {};
	struct pyprof_call call = {.caller = PYPROF_NO_CALLER};
	node->total_ns = node->self_ns;
	node->total_samples = node->self_samples;
	if (!node->self_samples)
		return NULL;
	struct pyprof_error *err = intern_text(
		calls, PYPROF_NO_FRAME, strlen(PYPROF_NO_FRAME), &callee.name);
	if (!err)
		err = pyprof_intern(&calls->callees, &callee, &node->callee);
	call.callee = node->callee;
	if (!err)
		err = pyprof_intern(&calls->calls, &call, &node->call);
	return err ? err : add_line(builder, node, 0);
}

static struct pyprof_error *name_calls(struct builder *builder, bool by_line)
{
	struct pyprof_error *err = name_frameless(builder);
	for (uint32_t i = 1; !err && i < builder->frames->stack_count; i++) {
		if (builder->nodes[i].total_samples)
			err = name_call(builder, i, by_line);
	}
	return err;
}

static void enter(struct builder *builder, uint32_t stack)
{
	const struct node *node = &builder->nodes[stack];
	struct pyprof_callee *callee =
		(struct pyprof_callee *)builder->calls->callees.items +
		node->callee;
	struct pyprof_call *call =
		(struct pyprof_call *)builder->calls->calls.items + node->call;
	callee->times.self_ns += node->self_ns;
	callee->times.self_samples += node->self_samples;
	call->self_ns += node->self_ns;
	call->self_samples += node->self_samples;
	if (builder->open_callees[node->callee]++ == 0) {
		callee->times.total_ns += node->total_ns;
		callee->times.total_samples += node->total_samples;
		call->entered_ns += node->total_ns;
		call->entered_samples += node->total_samples;
	}
	if (builder->open_calls[node->call]++ == 0) {
		call->total_ns += node->total_ns;
		call->total_samples += node->total_samples;
	}
}

static void leave(struct builder *builder, uint32_t stack)
{
	const struct node *node = &builder->nodes[stack];
	builder->open_callees[node->callee]--;
	builder->open_calls[node->call]--;
}

static void walk(struct builder *builder)
{
	const struct node *nodes = builder->nodes;
	uint32_t stack = nodes[0].first_child;
	if (nodes[0].self_samples) {
		enter(builder, 0);
		leave(builder, 0);
	}
	while (stack) {
		enter(builder, stack);
		if (nodes[stack].first_child) {
			stack = nodes[stack].first_child;
			continue;
		}
		leave(builder, stack);
		while (stack && !nodes[stack].next_sibling) {
			stack = builder->frames->stacks[stack].parent;
			if (stack)
				leave(builder, stack);
		}
		stack = nodes[stack].next_sibling;
	}
}

static struct pyprof_error *
build(struct builder *builder, const struct pyprof_filter *filter, bool by_line)
{
	const struct pyprof_frames *frames = builder->frames;
	struct pyprof_calls *calls = builder->calls;
	struct pyprof_error *err = pyprof_strtab_create(&calls->names);
	if (!err)
		err = make_callees(builder);
	if (err)
		return err;
	builder->nodes = calloc(frames->stack_count, sizeof(*builder->nodes));
	if (!builder->nodes)
		return pyprof_error_oom();
	add_tallies(builder, filter);
	roll_up(builder);
	err = name_calls(builder, by_line);
	if (err)
		return err;
	builder->open_callees = calloc(calls->callees.count + 1,
				       sizeof(*builder->open_callees));
	builder->open_calls =
		calloc(calls->calls.count + 1, sizeof(*builder->open_calls));
	if (!builder->open_callees || !builder->open_calls)
		return pyprof_error_oom();
	walk(builder);
	return NULL;
}

struct pyprof_error *pyprof_calls_init(const struct pyprof_frames *frames,
				       const struct pyprof_filter *filter,
				       bool by_line, struct pyprof_calls *ret)
{
	*ret = (struct pyprof_calls){
		.callees = PYPROF_INTERN_INIT(struct pyprof_callee, times),
		.lines = PYPROF_INTERN_INIT(struct pyprof_callee_line, ns),
		.calls = PYPROF_INTERN_INIT(struct pyprof_call, self_ns),
	};
	struct builder builder = {.frames = frames, .calls = ret};
	struct pyprof_error *err = build(&builder, filter, by_line);
	builder_deinit(&builder);
	if (err)
		pyprof_calls_deinit(ret);
	return err;
}

void pyprof_calls_deinit(struct pyprof_calls *calls)
{
	pyprof_strtab_destroy(calls->names);
	calls->names = NULL;
	pyprof_intern_deinit(&calls->callees);
	pyprof_intern_deinit(&calls->lines);
	pyprof_intern_deinit(&calls->calls);
}
