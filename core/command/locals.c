// SPDX-License-Identifier: Apache-2.0
#include "core/command/locals.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpython/frame_vars.h"
#include "core/cpython/object.h"
#include "core/cpython/text.h"
#include "core/cpython/text_view.h"

/* Of one frame; code with more variables was generated. */
#define VARIABLES_MAX 1000
#define NAME_MAX_BYTES 200
/* References looked at before a value is shown. */
#define LEARNED_MAX 64

/* Where a variable's texts begin in `text`. */
struct span {
	size_t name, value;
};

struct pyprof_locals {
	struct pyprof_memory *memory;
	struct pyprof_target *target;
	/** What is inspected, read from the copy; its strings are borrowed. */
	struct pyprof_python python;
	struct pyprof_types *types;

	/* Of the frame that was read last. */
	struct pyprof_buf text;
	PYPROF_VEC(struct span) spans;
	PYPROF_VEC(struct pyprof_local) list;
};

/* Collects the variables among a frame's references. */
struct collector {
	struct pyprof_edge_sink sink;
	struct pyprof_locals *locals;
	bool failed;
};

void pyprof_locals_destroy(struct pyprof_locals *locals)
{
	if (!locals)
		return;
	pyprof_vec_deinit(&locals->list);
	pyprof_vec_deinit(&locals->spans);
	pyprof_buf_deinit(&locals->text);
	pyprof_types_destroy(locals->types);
	pyprof_target_destroy(locals->target);
	pyprof_memory_destroy(locals->memory);
	free(locals);
}

struct pyprof_error *pyprof_locals_create(struct pyprof_inspected *inspected,
					  struct pyprof_locals **ret)
{
	_cleanup_(pyprof_locals_cleanup) struct pyprof_locals *made =
		calloc(1, sizeof(*made));
	if (!made)
		return pyprof_error_oom();
	pyprof_buf_init(&made->text);
	struct pyprof_error *err =
		pyprof_memory_lazy(inspected->target, &made->memory);
	if (!err)
		err = pyprof_memory_target(made->memory, inspected->target,
					   &made->target);
	if (err)
		return err;
	made->python = *inspected->python;
	made->python.target = made->target;
	err = pyprof_types_create(made->memory, &made->python, &made->types);
	if (err)
		return err;
	*ret = no_cleanup_ptr(made);
	return NULL;
}

static bool put_name(struct pyprof_locals *locals, uint64_t address)
{
	struct pyprof_object name;
	struct pyprof_text_view view;
	if (!pyprof_object_at(locals->types, address, 0, &name) ||
	    !pyprof_text_view(locals->types, &name, &view))
		return false;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	_cleanup_error_ struct pyprof_error *err = pyprof_text_read_str(
		&locals->python, address, NAME_MAX_BYTES, &text);
	if (err || !text.length)
		return false;
	pyprof_buf_append(&locals->text, text.data, text.length);
	pyprof_buf_putc(&locals->text, '\0');
	return true;
}

/* Takes notice of the types of what an object refers to. */
struct learner {
	struct pyprof_edge_sink sink;
	struct pyprof_types *types;
	unsigned left;
};

static void learn_target(struct pyprof_edge_sink *sink, uint64_t target,
			 unsigned kind, uint64_t label)
{
	struct learner *learner = (struct learner *)sink;
	struct pyprof_object object;
	if (!learner->left)
		return;
	learner->left--;
	if (pyprof_object_at(learner->types, target, 0, &object) &&
	    pyprof_edge_is_dict(kind, label))
		pyprof_object_edges(learner->types, &object, sink);
	if ((kind & PYPROF_EDGE_KIND_MASK) == PYPROF_EDGE_VALUE)
		pyprof_object_at(learner->types, label, 0, &object);
}

/* Only types that were seen are known, and nothing has been counted here. */
static void learn(struct pyprof_types *types, uint64_t address)
{
	struct learner learner = {
		.sink = {learn_target},
		.types = types,
		.left = LEARNED_MAX,
	};
	struct pyprof_object object;
	if (pyprof_object_at(types, address, 0, &object))
		pyprof_object_edges(types, &object, &learner.sink);
}

/* What is in a cell, which a variable of an outer function is kept in; else the
 * object itself. */
static uint64_t look_into(struct pyprof_locals *locals, uint64_t address)
{
	const struct pyprof_layout *layout = locals->types->layout;
	struct pyprof_object object;
	if (!pyprof_object_at(locals->types, address, 0, &object) ||
	    !object.type->kind || strcmp(object.type->kind->name, "cell") != 0)
		return address;
	return pyprof_word(object.bytes, layout->at.cell.contents);
}

static void take(struct pyprof_edge_sink *sink, uint64_t target, unsigned kind,
		 uint64_t label)
{
	struct collector *collector = (struct collector *)sink;
	struct pyprof_locals *locals = collector->locals;
	if ((kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_LOCAL ||
	    locals->spans.count == VARIABLES_MAX)
		return;
	uint64_t value = look_into(locals, target);
	struct span span = {.name = locals->text.length};
	if (!value || !put_name(locals, label))
		return;
	span.value = locals->text.length;
	learn(locals->types, value);
	pyprof_object_preview(locals->types, value, &locals->text);
	pyprof_buf_putc(&locals->text, '\0');
	if (!pyprof_vec_push(&locals->spans, span))
		collector->failed = true;
}

struct pyprof_error *pyprof_locals_read(struct pyprof_locals *locals,
					uint64_t frame,
					const struct pyprof_local **ret,
					size_t *count_ret, bool *damaged_ret)
{
	struct collector collector = {
		.sink = {take},
		.locals = locals,
	};
	locals->list.count = locals->spans.count = 0;
	pyprof_buf_clear(&locals->text);
	bool whole = pyprof_frame_edges(locals->types, frame, false,
					&collector.sink);
	if (collector.failed || locals->text.failed ||
	    !pyprof_vec_reserve(&locals->list, locals->spans.count))
		return pyprof_error_oom();
	for (size_t i = 0; i < locals->spans.count; i++)
		locals->list.items[locals->list.count++] =
			(struct pyprof_local){
				locals->text.data + locals->spans.items[i].name,
				locals->text.data +
					locals->spans.items[i].value,
			};
	*ret = locals->list.items;
	*count_ret = locals->list.count;
	*damaged_ret = !whole;
	return NULL;
}
