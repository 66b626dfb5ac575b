// SPDX-License-Identifier: Apache-2.0
//
// Reading `_Py_DebugOffsets`, the table of offsets that CPython 3.13+ has at
// the beginning of `_PyRuntime`. The shape of the table is fixed within a
// minor version and stands in debug_offsets_3MINOR.def:
//
//   SIZE(structure, position)           a size, for the bounds of what follows
//   SIZED(structure, position)          one that offsets.def has, too
//   OFFSET(structure, field, position)  an offset in the last SIZE
//   OPTIONAL(…)                         one that is absent where 0
//   IN_GIL(…), IN_GIL_OPTIONAL(…)       one that counts from the interpreter
//                                       to a member of the GIL inside of it
//
// What the table does not tell is completed from a generated table, structure
// by structure, and only where both agree on all that the table does tell. In a
// release that no table is of, members that moved between the others stay
// absent.
#include <string.h>

#include "core/cpython/layouts/layouts.h"

enum kind {
	KIND_SIZE,
	KIND_OFFSET,
	KIND_OPTIONAL,
	KIND_IN_GIL,
	KIND_IN_GIL_OPTIONAL,
};

/* One row of a .def file. */
struct row {
	enum kind kind;
	/* In the table. */
	size_t position;
	/* In struct pyprof_offsets; SIZE_MAX when it is not kept. */
	size_t field;
	const char *name;
};

#define MEMBER(kind, structure, field, position)            \
	{kind, position, PYPROF_POSITION(structure, field), \
	 #structure "." #field},
#define SIZE(structure, position) \
	{KIND_SIZE, position, SIZE_MAX, #structure ".size"},
#define SIZED(structure, position) MEMBER(KIND_SIZE, structure, size, position)
#define OFFSET(structure, field, position) \
	MEMBER(KIND_OFFSET, structure, field, position)
#define OPTIONAL(structure, field, position) \
	MEMBER(KIND_OPTIONAL, structure, field, position)
#define IN_GIL(field, position) MEMBER(KIND_IN_GIL, gil, field, position)
#define IN_GIL_OPTIONAL(field, position) \
	MEMBER(KIND_IN_GIL_OPTIONAL, gil, field, position)

static const struct row rows_313[] = {
#include "core/cpython/layouts/debug_offsets_313.def"
};
static const struct row rows_314[] = {
#include "core/cpython/layouts/debug_offsets_314.def"
};
static const struct row rows_315[] = {
#include "core/cpython/layouts/debug_offsets_315.def"
};

#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

static const struct shape {
	int minor;
	/* sizeof(_Py_DebugOffsets) */
	size_t size;
	const struct row *rows;
	size_t count;
} shapes[] = {
	{13, 584, ROWS(rows_313)},
	{14, 760, ROWS(rows_314)},
	{15, 888, ROWS(rows_315)},
};

/* No structure is larger; sizeof(_PyRuntimeState) is 0.3-0.5 MiB. */
#define MAX_SIZE (UINT64_C(8) << 20)
/* sizeof(struct _gil_runtime_state) is about 200. */
#define MAX_GIL_SIZE 1024

static const struct shape *find_shape(int minor)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].minor == minor)
			return &shapes[i];
	}
	return NULL;
}

static uint64_t word_at(const void *table, size_t position)
{
	uint64_t word;
	memcpy(&word, (const char *)table + position, sizeof(word));
	return word;
}

static struct pyprof_error *bad_value(const struct row *row, uint64_t value)
{
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"_Py_DebugOffsets is damaged: %s cannot be %llu", row->name,
		(unsigned long long)value);
}

/* Whether a member fits into the structure and is aligned in it. */
static bool is_plausible(uint64_t value, size_t field, uint64_t size)
{
	uint64_t width = pyprof_field_at(field)->width;
	return value <= size && width <= size - value &&
	       (!width || value % width == 0);
}

/*
 * Take one row into `at`; `size` is that of the structure that the rows are
 * in.
 */
static struct pyprof_error *read_row(const struct row *row, uint64_t value,
				     uint64_t *size, struct pyprof_offsets *at)
{
	bool is_in_gil =
		row->kind == KIND_IN_GIL || row->kind == KIND_IN_GIL_OPTIONAL;
	bool is_optional =
		row->kind == KIND_OPTIONAL || row->kind == KIND_IN_GIL_OPTIONAL;
	if (row->kind == KIND_SIZE) {
		if (!value || value > MAX_SIZE || value % 8)
			return bad_value(row, value);
		*size = value;
		if (row->field != SIZE_MAX)
			*pyprof_offset_at(at, row->field) = value;
		return NULL;
	}
	if (is_optional && !value)
		return NULL;
	if (!is_plausible(value, row->field, *size))
		return bad_value(row, value);
	if (is_in_gil) {
		uint64_t gil = at->interp.own_gil;
		if (value < gil || value - gil > MAX_GIL_SIZE)
			return bad_value(row, value);
		value -= gil;
	}
	*pyprof_offset_at(at, row->field) = value;
	return NULL;
}

/* Whether a row tells a member of a structure that `known` is to complete. */
static bool tells(const struct shape *shape, size_t field)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (shape->rows[i].field == field)
			return true;
	}
	return false;
}

/*
 * Whether a known build has all members of a structure, but for its size,
 * where the table says.
 */
static bool agrees(const struct shape *shape, const char *structure,
		   const struct pyprof_offsets *told,
		   const struct pyprof_offsets *known)
{
	for (size_t i = 0; i < pyprof_field_count; i++) {
		const struct pyprof_field *field = &pyprof_fields[i];
		if (strcmp(field->structure, structure) != 0 ||
		    strcmp(field->name, "size") == 0 ||
		    !tells(shape, field->position))
			continue;
		if (pyprof_offset_get(told, field->position) !=
		    pyprof_offset_get(known, field->position))
			return false;
	}
	return true;
}

/* What a structure may be completed from. */
struct donors {
	/* The build itself, else the next older one, else any; or NULL. */
	const struct pyprof_known_build *best;
	bool is_same;
	/* All of them. */
	const struct pyprof_known_build *all[32];
	size_t count;
};

static void find_donors(const struct shape *shape,
			const struct pyprof_known_version *version,
			const struct pyprof_build *build, const char *structure,
			const struct pyprof_offsets *told, struct donors *ret)
{
	*ret = (struct donors){0};
	uint8_t micro = build->version >> 8;
	for (size_t i = 0; i < version->builds->count && ret->count < 32; i++) {
		const struct pyprof_known_build *known =
			&version->builds->items[i];
		if (known->is_free_threaded != build->is_free_threaded ||
		    known->is_debug != build->is_debug ||
		    !agrees(shape, structure, told, &known->at))
			continue;
		ret->all[ret->count++] = known;
		if (!ret->best || known->micro_first <= micro)
			ret->best = known;
	}
	ret->is_same = ret->best && ret->best->micro_first <= micro &&
		       micro <= ret->best->micro_last;
}

/*
 * Whether a release that is in no table may be taken to have a member where
 * those that are have it: not where it moved between them.
 */
static bool is_settled(const struct donors *donors, size_t position)
{
	for (size_t i = 0; i < donors->count && !donors->is_same; i++) {
		if (pyprof_offset_get(&donors->all[i]->at, position) !=
		    pyprof_offset_get(&donors->best->at, position))
			return false;
	}
	return donors->best != NULL;
}

static void complete(const struct shape *shape,
		     const struct pyprof_known_version *version,
		     const struct pyprof_build *build,
		     struct pyprof_layout *layout)
{
	const struct pyprof_offsets told = layout->at;
	struct donors donors = {};
	/* Members of a structure stand together. */
	const char *structure = "";
	for (size_t i = 0; i < pyprof_field_count; i++) {
		const struct pyprof_field *field = &pyprof_fields[i];
		if (tells(shape, field->position))
			continue;
		if (strcmp(structure, field->structure) != 0) {
			structure = field->structure;
			find_donors(shape, version, build, structure, &told,
				    &donors);
		}
		if (!is_settled(&donors, field->position))
			continue;
		*pyprof_offset_at(&layout->at, field->position) =
			pyprof_offset_get(&donors.best->at, field->position);
		if (strcmp(field->structure, "unicode") == 0)
			layout->unicode_kind_shift =
				donors.best->unicode_kind_shift;
	}
}

/* frame.size, which means what we read of a frame, not sizeof. */
static int32_t frame_size(const struct pyprof_offsets *at)
{
	int32_t end = 0;
	for (size_t i = 0; i < pyprof_field_count; i++) {
		const struct pyprof_field *field = &pyprof_fields[i];
		int32_t offset = pyprof_offset_get(at, field->position);
		if (strcmp(field->structure, "frame") == 0 &&
		    strcmp(field->name, "size") != 0 &&
		    offset != PYPROF_ABSENT && offset + field->width > end)
			end = offset + field->width;
	}
	return (end + 7) & ~7;
}

static struct pyprof_error *check_table(const struct shape *shape,
					const void *table, size_t size,
					const struct pyprof_build *build)
{
	if (size < shape->size)
		return pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"_Py_DebugOffsets is cut: %zu of %zu bytes", size,
			shape->size);
	if (memcmp(table, PYPROF_DEBUG_COOKIE, 8) != 0)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "_Py_DebugOffsets has no cookie");
	if (word_at(table, 8) != build->version ||
	    word_at(table, 16) != build->is_free_threaded)
		return pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"_Py_DebugOffsets is of another build");
	return NULL;
}

struct pyprof_error *
pyprof_layout_from_debug_offsets(const void *table, size_t size,
				 const struct pyprof_build *build,
				 struct pyprof_layout *ret)
{
	const struct pyprof_known_version *version;
	struct pyprof_error *err =
		pyprof_known_version_find(build->version, &version);
	if (err)
		return err;
	const struct shape *shape = find_shape(version->minor);
	if (!shape)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"CPython 3.%d has no _Py_DebugOffsets", version->minor);
	err = check_table(shape, table, size, build);
	if (err)
		return err;

	struct pyprof_layout layout = {.source = "_Py_DebugOffsets"};
	for (size_t i = 0; i < pyprof_field_count; i++)
		*pyprof_offset_at(&layout.at, pyprof_fields[i].position) =
			PYPROF_ABSENT;
	uint64_t structure_size = 0;
	for (size_t i = 0; i < shape->count; i++) {
		err = read_row(&shape->rows[i],
			       word_at(table, shape->rows[i].position),
			       &structure_size, &layout.at);
		if (err)
			return err;
	}
	pyprof_layout_set_rules(version, build, &layout);
	complete(shape, version, build, &layout);
	layout.at.frame.size = frame_size(&layout.at);
	err = pyprof_layout_check_complete(&layout);
	if (err)
		return err;
	*ret = layout;
	return NULL;
}
