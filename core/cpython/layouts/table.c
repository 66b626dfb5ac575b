// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/layouts/layouts.h"

#define VERSION(minor, frames, linetable, lasti_unit, tag_mask, pool_size) \
	extern const struct pyprof_known_builds pyprof_cp3##minor;         \
	extern const uint8_t pyprof_opcodes_3##minor[256];
#include "core/cpython/layouts/versions.def"
#undef VERSION

static const struct pyprof_known_version versions[] = {
#define VERSION(minor, frames, linetable, lasti_unit, tag_mask, pool_size) \
	{minor,                                                            \
	 PYPROF_FRAMES_##frames,                                           \
	 PYPROF_LINETABLE_##linetable,                                     \
	 lasti_unit,                                                       \
	 tag_mask,                                                         \
	 pool_size,                                                        \
	 &pyprof_cp3##minor,                                               \
	 pyprof_opcodes_3##minor},
#include "core/cpython/layouts/versions.def"
#undef VERSION
};

static const struct {
	int minor;
	/* See objects.def. */
	uint8_t dict_micro, name_micro;
	struct pyprof_object_rules rules;
} object_rules[] = {
#define OBJECTS(minor, counts, static_count, attributes, zero, head, classes,  \
		dict_micro, cleared, code, name_micro)                         \
	{minor,                                                                \
	 dict_micro,                                                           \
	 name_micro,                                                           \
	 {PYPROF_REFCOUNT_##counts, static_count,                              \
	  PYPROF_ATTRIBUTES_##attributes, zero, head, classes, false, cleared, \
	  code, false}},
#include "core/cpython/layouts/objects.def"
#undef OBJECTS
};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

/* Of PY_VERSION_HEX. */
#define LEVEL_ALPHA 0xa
#define LEVEL_BETA 0xb

const struct pyprof_known_version *pyprof_known_version(int minor)
{
	for (size_t i = 0; i < VERSION_COUNT; i++) {
		if (versions[i].minor == minor)
			return &versions[i];
	}
	return NULL;
}

struct pyprof_error *
pyprof_known_version_find(uint32_t version,
			  const struct pyprof_known_version **ret)
{
	char text[32];
	pyprof_version_text(version, text);

	int major = version >> 24, minor = version >> 16 & 0xff;
	const struct pyprof_known_version *newest =
		&versions[VERSION_COUNT - 1];
	if (major < 3 || (major == 3 && minor < versions[0].minor))
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"CPython %s is too old: 3.%d is the oldest supported",
			text, versions[0].minor);
	if (major > 3 || minor > newest->minor)
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"CPython %s is newer than this build knows", text);
	/* Structures are settled once there are release candidates. */
	int level = version >> 4 & 0xf;
	if (level == LEVEL_ALPHA || level == LEVEL_BETA)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "CPython %s is a pre-release", text);
	const struct pyprof_known_version *found = pyprof_known_version(minor);
	if (!found)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "CPython %s is not known", text);
	*ret = found;
	return NULL;
}

static void set_object_rules(const struct pyprof_build *build,
			     struct pyprof_layout *layout)
{
	uint8_t micro = build->version >> 8;
	for (size_t i = 0; i < sizeof(object_rules) / sizeof(object_rules[0]);
	     i++) {
		if (object_rules[i].minor != layout->minor)
			continue;
		layout->objects = object_rules[i].rules;
		layout->objects.dict_tells_inline_values =
			micro >= object_rules[i].dict_micro;
		layout->objects.type_vars_tell_name =
			micro >= object_rules[i].name_micro;
	}
	if (build->is_free_threaded)
		layout->objects.refcounts = PYPROF_REFCOUNT_SPLIT;
}

void pyprof_layout_set_rules(const struct pyprof_known_version *version,
			     const struct pyprof_build *build,
			     struct pyprof_layout *layout)
{
	layout->minor = version->minor;
	layout->is_debug = build->is_debug;
	layout->is_free_threaded = build->is_free_threaded;
	layout->frames = version->frames;
	layout->linetable = version->linetable;
	layout->lasti_unit = version->lasti_unit;
	layout->tag_mask = version->tag_mask;
	layout->pool_size = version->pool_size;
	layout->generator_owner = 1;
	layout->hidden_owner = 3;
	layout->opcode_classes = version->opcode_classes;
	set_object_rules(build, layout);
}

/*
 * The build of a row that covers a micro version. 0xff, an unknown micro,
 * is covered by a row without an end alone.
 */
static const struct pyprof_known_build *
find_build(const struct pyprof_known_version *version,
	   const struct pyprof_build *build)
{
	uint8_t micro = build->version >> 8;
	for (size_t i = 0; i < version->builds->count; i++) {
		const struct pyprof_known_build *known =
			&version->builds->items[i];
		if (known->is_debug == build->is_debug &&
		    known->is_free_threaded == build->is_free_threaded &&
		    known->micro_first <= micro && micro <= known->micro_last)
			return known;
	}
	return NULL;
}

struct pyprof_error *pyprof_layout_from_table(const struct pyprof_build *build,
					      struct pyprof_layout *ret)
{
	const struct pyprof_known_version *version;
	struct pyprof_error *err =
		pyprof_known_version_find(build->version, &version);
	if (err)
		return err;
#ifndef __x86_64__
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "CPython's layout is known on x86-64 only");
#endif

	const struct pyprof_known_build *known = find_build(version, build);
	if (!known) {
		char text[32];
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"no table for CPython %s (%s%s)",
			pyprof_version_text(build->version, text),
			build->is_debug ? "debug" : "release",
			build->is_free_threaded ? ", free-threaded" : "");
	}

	struct pyprof_layout layout = {
		.at = known->at,
		.source = "generated table",
		.unicode_kind_shift = known->unicode_kind_shift,
	};
	pyprof_layout_set_rules(version, build, &layout);
	err = pyprof_layout_check_complete(&layout);
	if (err)
		return err;
	*ret = layout;
	return NULL;
}
