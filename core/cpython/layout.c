// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/layout.h"

#include <stdio.h>

#include "core/cpython/layouts/layouts.h"

#define AT PYPROF_POSITION

const struct pyprof_field pyprof_fields[] = {
#define STRUCT_BEGIN(name)
#define FIELD(structure, field, width, text) \
	{#structure, #field, width, text, AT(structure, field)},
#define STRUCT_END(name)
#include "core/cpython/offsets.def"
#undef STRUCT_BEGIN
#undef FIELD
#undef STRUCT_END
};

const size_t pyprof_field_count =
	sizeof(pyprof_fields) / sizeof(pyprof_fields[0]);

const struct pyprof_field *pyprof_field_at(size_t position)
{
	for (size_t i = 0; i < pyprof_field_count; i++) {
		if (pyprof_fields[i].position == position)
			return &pyprof_fields[i];
	}
	return NULL;
}

int32_t *pyprof_offset_at(struct pyprof_offsets *offsets, size_t position)
{
	return (int32_t *)((char *)offsets + position);
}

int32_t pyprof_offset_get(const struct pyprof_offsets *offsets, size_t position)
{
	return *(const int32_t *)((const char *)offsets + position);
}

const char *pyprof_build_text(const struct pyprof_build *build)
{
	if (build->is_free_threaded)
		return build->is_debug ? "free-threaded debug"
				       : "free-threaded";
	return build->is_debug ? "debug" : "release";
}

const char *pyprof_version_text(uint32_t version, char buffer[static 32])
{
	unsigned major = version >> 24, minor = version >> 16 & 0xff;
	unsigned micro = version >> 8 & 0xff, level = version >> 4 & 0xf;
	if (micro == 0xff) {
		snprintf(buffer, 32, "%u.%u.?", major, minor);
		return buffer;
	}

	const char *kind = level == 0xa	  ? "a"
			   : level == 0xb ? "b"
			   : level == 0xc ? "rc"
					  : NULL;
	if (kind)
		snprintf(buffer, 32, "%u.%u.%u%s%u", major, minor, micro, kind,
			 version & 0xf);
	else
		snprintf(buffer, 32, "%u.%u.%u", major, minor, micro);
	return buffer;
}

/* Members that are needed to read anything at all; see check_all(). */
static const size_t needed[] = {
	AT(runtime, interpreters_head),
	AT(interp, next),
	AT(interp, id),
	AT(interp, threads_head),
	AT(thread, next),
	AT(thread, interp),
	AT(thread, thread_id),
	AT(frame, size),
	AT(frame, code),
	AT(frame, previous),
	AT(code, firstlineno),
	AT(code, filename),
	AT(code, name),
	AT(code, linetable),
	AT(object, type),
	AT(object, var_size),
	AT(type, name),
	AT(type, flags),
	AT(bytes, data),
	AT(unicode, length),
	AT(unicode, state),
	AT(unicode, ascii_data),
	AT(unicode, compact_data),
	AT(unicode, data),
	AT(gil, locked),
	AT(gil, last_holder),
};

static const size_t needed_by_objects[] = {
	AT(thread, frame),	     AT(frame, lasti),
	AT(code, bytecode),	     AT(runtime, gil),
	AT(runtime, tstate_current),
};

static const size_t needed_by_cframe[] = {
	AT(thread, cframe), AT(cframe, current_frame), AT(frame, instr),
	AT(frame, owner),   AT(code, adaptive),
};

static const size_t needed_by_current[] = {
	AT(thread, current_frame), AT(frame, instr), AT(frame, owner),
	AT(code, adaptive),	   AT(interp, gil),
};

#define NEEDED(list)                                 \
	{                                            \
		list, sizeof(list) / sizeof(list[0]) \
	}

static const struct {
	const size_t *positions;
	size_t count;
} needed_by[] = {
	[PYPROF_FRAMES_OBJECTS] = NEEDED(needed_by_objects),
	[PYPROF_FRAMES_CFRAME] = NEEDED(needed_by_cframe),
	[PYPROF_FRAMES_CURRENT] = NEEDED(needed_by_current),
};

static struct pyprof_error *check_all(const struct pyprof_layout *layout,
				      const size_t *positions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pyprof_offset_get(&layout->at, positions[i]) !=
		    PYPROF_ABSENT)
			continue;
		const struct pyprof_field *field =
			pyprof_field_at(positions[i]);
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"the layout of CPython 3.%d lacks %s.%s", layout->minor,
			field ? field->structure : "?",
			field ? field->name : "?");
	}
	return NULL;
}

struct pyprof_error *
pyprof_layout_check_complete(const struct pyprof_layout *layout)
{
	struct pyprof_error *err =
		check_all(layout, needed, sizeof(needed) / sizeof(needed[0]));
	if (err)
		return err;
	return check_all(layout, needed_by[layout->frames].positions,
			 needed_by[layout->frames].count);
}

bool pyprof_layout_is_within(const struct pyprof_layout *layout, int first,
			     int last)
{
	return layout->minor >= first && layout->minor <= last;
}
