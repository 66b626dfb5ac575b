// SPDX-License-Identifier: Apache-2.0
//
// Exceptions: what all of them have, and the members that some add behind.
#include "core/cpython/objects/members.h"

static const struct pyprof_object_member base_members[] = {
	PYPROF_MEMBER(exception, args, "args"),
	PYPROF_MEMBER(exception, notes, "__notes__"),
	PYPROF_MEMBER(exception, traceback, "__traceback__"),
	PYPROF_MEMBER(exception, context, "__context__"),
	PYPROF_MEMBER(exception, cause, "__cause__"),
	{},
};

PYPROF_DEFINE_MEMBER_EDGES(base_edges, base_members)

const struct pyprof_kind pyprof_kind_exception = {
	.name = "BaseException",
	.subclass_bit = 30,
	.size_position = PYPROF_SIZE_OF(exception),
	.edges = base_edges,
};

/* Words added that are no references. */
#define NO NULL

/* Tell of words behind the members of all exceptions. */
static bool tell_added(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink, const char *const *names,
		       int count)
{
	int32_t offset = types->layout->at.exception.size;
	for (int i = 0; i < count; i++, offset += 8) {
		if (names[i])
			pyprof_edge(sink, pyprof_word(object->bytes, offset),
				    PYPROF_EDGE_MEMBER, (uintptr_t)names[i]);
	}
	return base_edges(types, object, sink);
}

static bool added_fits(const struct pyprof_layout *layout, int64_t basicsize,
		       int count)
{
	return pyprof_has(layout, exception.size) &&
	       basicsize - layout->at.exception.size == 8 * count;
}

#define COUNT(names) ((int)(sizeof(names) / sizeof((names)[0])))

/* An exception with so many words of its own. */
#define EXCEPTION(symbol, type_name, ...)                                    \
	static const char *const symbol##_names[] = {__VA_ARGS__};           \
	static bool symbol##_edges(const struct pyprof_types *types,         \
				   const struct pyprof_object *object,       \
				   struct pyprof_edge_sink *sink)            \
	{                                                                    \
		return tell_added(types, object, sink, symbol##_names,       \
				  COUNT(symbol##_names));                    \
	}                                                                    \
	static bool symbol##_fits(const struct pyprof_kind *kind,            \
				  const struct pyprof_layout *layout,        \
				  int64_t basicsize)                         \
	{                                                                    \
		(void)kind;                                                  \
		return added_fits(layout, basicsize, COUNT(symbol##_names)); \
	}                                                                    \
	const struct pyprof_kind pyprof_kind_##symbol = {                    \
		.name = type_name,                                           \
		.size_position = -1,                                         \
		.fits = symbol##_fits,                                       \
		.edges = symbol##_edges,                                     \
	};

/* 3.8, 3.9 */
EXCEPTION(syntax_error_8, "SyntaxError", "msg", "filename", "lineno", "offset",
	  "text", "print_file_and_line")
EXCEPTION(syntax_error_10, "SyntaxError", "msg", "filename", "lineno", "offset",
	  "end_lineno", "end_offset", "text", "print_file_and_line")
EXCEPTION(syntax_error_14, "SyntaxError", "msg", "filename", "lineno", "offset",
	  "end_lineno", "end_offset", "text", "print_file_and_line",
	  "_metadata")
EXCEPTION(import_error_8, "ImportError", "msg", "name", "path")
EXCEPTION(import_error_12, "ImportError", "msg", "name", "path", "name_from")
EXCEPTION(os_error, "OSError", "errno", "strerror", "filename", "filename2", NO)
EXCEPTION(system_exit, "SystemExit", "code")
EXCEPTION(stop_iteration, "StopIteration", "value")
EXCEPTION(name_error, "NameError", "name")
EXCEPTION(attribute_error, "AttributeError", "obj", "name")
EXCEPTION(encode_error, "UnicodeEncodeError", "encoding", "object", NO, NO,
	  "reason")
EXCEPTION(decode_error, "UnicodeDecodeError", "encoding", "object", NO, NO,
	  "reason")
EXCEPTION(translate_error, "UnicodeTranslateError", "encoding", "object", NO,
	  NO, "reason")
EXCEPTION(exception_group_11, "BaseExceptionGroup", "message", "exceptions")
EXCEPTION(exception_group_14, "BaseExceptionGroup", "message", "exceptions",
	  "exceptions_str")
