// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the generated tables of this folder look like, for the code that
 * chooses from them. Nothing outside of layout code needs this.
 */
#ifndef PYPROF_CPYTHON_LAYOUTS_LAYOUTS_H
#define PYPROF_CPYTHON_LAYOUTS_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cpython/layout.h"

/** Where the int32_t of a member stands in struct pyprof_offsets. */
#define PYPROF_POSITION(structure, field)             \
	(offsetof(struct pyprof_offsets, structure) + \
	 offsetof(typeof(((struct pyprof_offsets *)0)->structure), field))

/** The offsets of one flavour of one range of micro versions. */
struct pyprof_known_build {
	uint8_t micro_first, micro_last;
	bool is_debug, is_free_threaded;
	/** See struct pyprof_layout. */
	int unicode_kind_shift;
	struct pyprof_offsets at;
};

struct pyprof_known_builds {
	const struct pyprof_known_build *items;
	size_t count;
};

/** All that is known of one minor version: a row of versions.def. */
struct pyprof_known_version {
	int minor;
	enum pyprof_frame_kind frames;
	enum pyprof_linetable_kind linetable;
	int lasti_unit;
	uint64_t tag_mask;
	uint32_t pool_size;
	const struct pyprof_known_builds *builds;
	/** 256 of enum pyprof_opcode_class. */
	const uint8_t *opcode_classes;
};

/** The row of CPython 3.`minor`, NULL when this build does not know it. */
const struct pyprof_known_version *pyprof_known_version(int minor);

/**
 * The row that a version belongs to. UNSUPPORTED, saying whether it is too old
 * or too new, when there is none.
 */
struct pyprof_error *
pyprof_known_version_find(uint32_t version,
			  const struct pyprof_known_version **ret)
	PYPROF_MUST_CHECK;

/** The line of offsets.def of a position; NULL if there is none. */
const struct pyprof_field *pyprof_field_at(size_t position);

/** The offset at a position. */
int32_t *pyprof_offset_at(struct pyprof_offsets *offsets, size_t position);
int32_t pyprof_offset_get(const struct pyprof_offsets *offsets,
			  size_t position);

/** All but the offsets of a layout, from what is known of its version. */
void pyprof_layout_set_rules(const struct pyprof_known_version *version,
			     const struct pyprof_build *build,
			     struct pyprof_layout *layout);

/**
 * UNSUPPORTED, naming it, if a member without which nothing can be read is
 * absent.
 */
struct pyprof_error *
pyprof_layout_check_complete(const struct pyprof_layout *layout)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_LAYOUTS_LAYOUTS_H */
