// SPDX-License-Identifier: Apache-2.0
//
// Types of ctypes. What they know of C's types is in a dict of its own sort up
// to 3.12, and behind the members of a type from 3.13 on.
#include "core/cpython/objects/dict_table.h"
#include "core/cpython/objects/members.h"

#define COUNT_MAX (UINT64_C(1) << 24)

/* What is known, in words from the size of the C type on. */
#define WORD_LENGTH 2
#define WORD_ELEMENTS 5
#define WORD_PROTO 6
#define WORD_ARGTYPES 10

/* Where the rest is, and how much there is; -1: there is none. */
struct shape {
	int pointer_type, module, format, count;
};

static const struct shape dict_shape = {-1, -1, 15, 18};
static const struct shape type_13_shape = {-1, 14, 16, 19};
static const struct shape type_14_shape = {14, 15, 17, 21};

static const struct shape *shape_of_types(const struct pyprof_layout *layout)
{
	return pyprof_layout_is_within(layout, 13, 13) ? &type_13_shape
						       : &type_14_shape;
}

/* A word, aligned, tells whether the rest is there. */
static uint64_t start_in_types(const struct pyprof_layout *layout)
{
	return (((uint64_t)layout->at.heap_type.size + 15) & ~UINT64_C(15)) + 8;
}

struct known {
	const struct shape *shape;
	const uint8_t *words;
};

static uint64_t word(const struct known *known, int index)
{
	return pyprof_word(known->words, index * 8);
}

/* What a dict or a type of theirs knows; false when it is cut off. */
static bool read_known(const struct pyprof_types *types,
		       const struct pyprof_object *object, bool is_dict,
		       struct known *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	uint64_t start = (uint64_t)at->dict.size;
	ret->shape = &dict_shape;
	if (!is_dict) {
		ret->shape = shape_of_types(types->layout);
		start = start_in_types(types->layout);
	}
	ret->words = pyprof_memory_at(types->memory, object->address + start,
				      (uint64_t)ret->shape->count * 8);
	return ret->words != NULL;
}

/* --- Its own memory --- */

struct arrays {
	uint64_t format_size, elements_size, shape_size;
};

static bool read_arrays(const struct pyprof_types *types,
			const struct known *known, struct arrays *ret)
{
	uint64_t length = word(known, WORD_LENGTH);
	uint64_t dimensions = (uint32_t)word(known, known->shape->format + 1);
	*ret = (struct arrays){
		.format_size = pyprof_cstr_size(
			types, word(known, known->shape->format)),
		.shape_size = dimensions * 8,
	};
	if (dimensions >= COUNT_MAX)
		return false;
	/* Arrays have no elements, and may be of any length. */
	if (!word(known, WORD_ELEMENTS))
		return true;
	ret->elements_size = (length + 1) * 8;
	return length < COUNT_MAX;
}

static bool add_arrays(const struct pyprof_types *types,
		       const struct known *known, uint64_t *size)
{
	struct arrays arrays;
	if (!read_arrays(types, known, &arrays))
		return false;
	*size += arrays.format_size + arrays.elements_size + arrays.shape_size;
	return true;
}

static bool tell_arrays(const struct pyprof_types *types,
			const struct known *known,
			struct pyprof_buffer_sink *sink)
{
	struct arrays arrays;
	int format = known->shape->format;
	if (!read_arrays(types, known, &arrays))
		return false;
	if (arrays.format_size)
		sink->buffer(sink, word(known, format), arrays.format_size);
	if (arrays.elements_size)
		sink->buffer(sink, word(known, WORD_ELEMENTS),
			     arrays.elements_size);
	if (arrays.shape_size)
		sink->buffer(sink, word(known, format + 2), arrays.shape_size);
	return true;
}

/* --- What it refers to --- */

static void tell_known(const struct known *known, unsigned flags,
		       struct pyprof_edge_sink *sink)
{
	static const char *const names[] = {"argtypes", "converters", "restype",
					    "checker"};
	unsigned kind = PYPROF_EDGE_MEMBER | flags;
	const struct shape *shape = known->shape;
	pyprof_edge(sink, word(known, WORD_PROTO), kind, (uintptr_t) "proto");
	for (int i = 0; i < 4; i++)
		pyprof_edge(sink, word(known, WORD_ARGTYPES + i), kind,
			    (uintptr_t)names[i]);
	if (shape->pointer_type >= 0)
		pyprof_edge(sink, word(known, shape->pointer_type), kind,
			    (uintptr_t) "pointer_type");
	if (shape->module >= 0)
		pyprof_edge(sink, word(known, shape->module), kind,
			    (uintptr_t) "module");
}

/* --- Up to 3.12: the dict of a type --- */

/* It says more than there is: its own words are counted twice. */
static bool stg_dict_size(const struct pyprof_types *types,
			  const struct pyprof_object *object, uint64_t *ret)
{
	struct known known;
	if (!pyprof_dict_size(types, object, ret) ||
	    !read_known(types, object, true, &known))
		return false;
	*ret += (uint64_t)dict_shape.count * 8;
	return add_arrays(types, &known, ret);
}

static bool stg_dict_buffers(const struct pyprof_types *types,
			     const struct pyprof_object *object,
			     struct pyprof_buffer_sink *sink)
{
	struct known known;
	return pyprof_dict_buffers(types, object, sink) &&
	       read_known(types, object, true, &known) &&
	       tell_arrays(types, &known, sink);
}

/* The dict's collector knows of nothing but the dict. */
static bool stg_dict_edges(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_edge_sink *sink)
{
	struct known known;
	if (!pyprof_dict_edges(types, object, sink) ||
	    !read_known(types, object, true, &known))
		return false;
	tell_known(&known, PYPROF_EDGE_UNTOLD, sink);
	return true;
}

static bool stg_dict_fits(const struct pyprof_kind *kind,
			  const struct pyprof_layout *layout, int64_t basicsize)
{
	(void)kind;
	return pyprof_layout_is_within(layout, 8, 12) &&
	       basicsize == layout->at.dict.size + dict_shape.count * 8;
}

const struct pyprof_kind pyprof_kind_stg_dict = {
	.name = "StgDict",
	.fits = stg_dict_fits,
	.size_position = -1,
	.size = stg_dict_size,
	.edges = stg_dict_edges,
	.buffers = stg_dict_buffers,
	.show = pyprof_show_dict,
};

/* --- Up to 3.12: types of pointers, which tell of their dict's `proto` --- */

static bool pointer_type_edges(const struct pyprof_types *types,
			       const struct pyprof_object *object,
			       struct pyprof_edge_sink *sink)
{
	uint64_t address =
		pyprof_word(object->bytes, types->layout->at.type.dict);
	struct pyprof_object dict;
	struct known known;
	if (!pyprof_kind_type.edges(types, object, sink))
		return false;
	if (!pyprof_object_known(types, address, &dict) ||
	    dict.type->kind != &pyprof_kind_stg_dict ||
	    !read_known(types, &dict, true, &known))
		return true;
	pyprof_edge(sink, word(&known, WORD_PROTO),
		    PYPROF_EDGE_MEMBER | PYPROF_EDGE_BORROWED,
		    (uintptr_t) "proto");
	return true;
}

static bool pointer_type_fits(const struct pyprof_kind *kind,
			      const struct pyprof_layout *layout,
			      int64_t basicsize)
{
	(void)kind;
	return pyprof_layout_is_within(layout, 8, 12) &&
	       basicsize == layout->at.heap_type.size;
}

const struct pyprof_kind pyprof_kind_ctypes_pointer_type = {
	.name = "_ctypes.PyCPointerType",
	.fits = pointer_type_fits,
	.size_position = -1,
	.size = pyprof_type_size,
	.edges = pointer_type_edges,
	.buffers = pyprof_type_buffers,
	.show = pyprof_show_type,
};

/* --- From 3.13 on: types --- */

static bool ctypes_type_size(const struct pyprof_types *types,
			     const struct pyprof_object *object, uint64_t *ret)
{
	struct known known;
	*ret = (uint64_t)object->type->basicsize;
	return read_known(types, object, false, &known) &&
	       add_arrays(types, &known, ret);
}

static bool ctypes_type_edges(const struct pyprof_types *types,
			      const struct pyprof_object *object,
			      struct pyprof_edge_sink *sink)
{
	struct known known;
	if (!pyprof_kind_type.edges(types, object, sink) ||
	    !read_known(types, object, false, &known))
		return false;
	tell_known(&known, 0, sink);
	return true;
}

static bool ctypes_type_buffers(const struct pyprof_types *types,
				const struct pyprof_object *object,
				struct pyprof_buffer_sink *sink)
{
	struct known known;
	return pyprof_type_buffers(types, object, sink) &&
	       read_known(types, object, false, &known) &&
	       tell_arrays(types, &known, sink);
}

static bool ctypes_type_fits(const struct pyprof_kind *kind,
			     const struct pyprof_layout *layout,
			     int64_t basicsize)
{
	(void)kind;
	return pyprof_layout_is_within(layout, 13, 15) &&
	       (uint64_t)basicsize ==
		       start_in_types(layout) +
			       (uint64_t)shape_of_types(layout)->count * 8;
}

const struct pyprof_kind pyprof_kind_ctypes_type = {
	.name = "_ctypes.CType_Type",
	.fits = ctypes_type_fits,
	.size_position = -1,
	.size = ctypes_type_size,
	.edges = ctypes_type_edges,
	.buffers = ctypes_type_buffers,
	.show = pyprof_show_type,
};
