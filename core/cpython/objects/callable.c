// SPDX-License-Identifier: Apache-2.0
//
// Functions, those written in Python and those written in C.
#include "core/cpython/objects/members.h"
#include "core/cpython/text.h"

#define NAME_MAX_CHARS 120

static const struct pyprof_object_member function_members[] = {
	PYPROF_MEMBER(function, code, "__code__"),
	PYPROF_MEMBER(function, globals, "__globals__"),
	PYPROF_MEMBER(function, builtins, "__builtins__"),
	PYPROF_MEMBER(function, name, "__name__"),
	PYPROF_MEMBER(function, qualname, "__qualname__"),
	PYPROF_MEMBER(function, defaults, "__defaults__"),
	PYPROF_MEMBER(function, kwdefaults, "__kwdefaults__"),
	PYPROF_MEMBER(function, closure, "__closure__"),
	PYPROF_MEMBER(function, doc, "__doc__"),
	PYPROF_MEMBER(function, module, "__module__"),
	PYPROF_MEMBER(function, annotations, "__annotations__"),
	PYPROF_MEMBER(function, annotate, "__annotate__"),
	PYPROF_MEMBER(function, typeparams, "__type_params__"),
	{},
};

PYPROF_DEFINE_MEMBER_EDGES(function_edges, function_members)

static void show_str(const struct pyprof_types *types, uint64_t str,
		     struct pyprof_buf *buf)
{
	pyprof_error_destroy(
		pyprof_text_read_str(types->python, str, NAME_MAX_CHARS, buf));
}

static void show_function(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buf *buf)
{
	show_str(
		types,
		pyprof_word(object->bytes, types->layout->at.function.qualname),
		buf);
}

const struct pyprof_kind pyprof_kind_function = {
	.name = "function",
	.size_position = PYPROF_SIZE_OF(function),
	.edges = function_edges,
	.show = show_function,
};

static const struct pyprof_object_member cfunction_members[] = {
	PYPROF_MEMBER(cfunction, self, "__self__"),
	PYPROF_MEMBER(cfunction, module, "__module__"),
	{},
};

PYPROF_DEFINE_MEMBER_EDGES(cfunction_edges, cfunction_members)

/* A PyMethodDef begins with the address of the name. */
static void show_cfunction(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_buf *buf)
{
	struct pyprof_target *target = types->python->target;
	uint64_t name;
	char text[NAME_MAX_CHARS];
	struct pyprof_error *err = pyprof_target_read_u64(
		target,
		pyprof_word(object->bytes, types->layout->at.cfunction.def),
		&name);
	if (!err)
		err = pyprof_target_read_cstr(target, name, text, sizeof(text));
	if (!err)
		pyprof_buf_puts(buf, text);
	pyprof_error_destroy(err);
}

const struct pyprof_kind pyprof_kind_cfunction = {
	.name = "builtin_function_or_method",
	.size_position = PYPROF_SIZE_OF(cfunction),
	.edges = cfunction_edges,
	.show = show_cfunction,
};

static const struct pyprof_object_member cmethod_members[] = {
	PYPROF_MEMBER(cfunction, self, "__self__"),
	PYPROF_MEMBER(cfunction, module, "__module__"),
	PYPROF_MEMBER(cfunction, class, "(class)"),
	{},
};

PYPROF_DEFINE_MEMBER_EDGES(cmethod_edges, cmethod_members)

/* A method that is told its class. */
static bool cmethod_fits(const struct pyprof_kind *kind,
			 const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return pyprof_has(layout, cfunction.class) &&
	       basicsize == layout->at.cfunction.class + 8;
}

const struct pyprof_kind pyprof_kind_cmethod = {
	.name = "builtin_method",
	.size_position = -1,
	.fits = cmethod_fits,
	.edges = cmethod_edges,
	.show = show_cfunction,
};
