// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A layout: where every member that pyprof reads lies in the structures of one
 * build of CPython, and the rules that go with it.
 *
 * All offsets come from the one list in offsets.def and are used as
 * `layout->thread.current_frame`. A member that the build does not have is
 * PYPROF_ABSENT: ask pyprof_has() instead of comparing versions.
 *
 * To add a version of CPython: one row in layouts/versions.def and the files
 * that it names, which scripts/gen-layouts and scripts/gen-opcodes write;
 * CONTRIBUTING.md has the steps.
 */
#ifndef PYPROF_CPYTHON_LAYOUT_H
#define PYPROF_CPYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"

/** The value of an offset that does not exist in a build. */
#define PYPROF_ABSENT (-1)

/** Offsets in bytes; `size` is sizeof of the whole structure. */
struct pyprof_offsets {
#define STRUCT_BEGIN(name) struct {
#define FIELD(structure, field, width, text) int32_t field;
#define STRUCT_END(name) \
	}                \
	name;
#include "core/cpython/offsets.def"
#undef STRUCT_BEGIN
#undef FIELD
#undef STRUCT_END
};

/** Whether a build has a member: `pyprof_has(layout, thread.cframe)`. */
#define pyprof_has(layout, member) ((layout)->at.member != PYPROF_ABSENT)

/** One line of offsets.def, for code that treats all of them alike. */
struct pyprof_field {
	const char *structure;
	const char *name;
	/** Bytes read there; 0 for `size` and for embedded structures. */
	int width;
	/** What it is, for `info` and the documentation. */
	const char *text;
	/** Where its int32_t stands in struct pyprof_offsets. */
	size_t position;
};

extern const struct pyprof_field pyprof_fields[];
extern const size_t pyprof_field_count;

/** How the current frame is found and what a frame is. */
enum pyprof_frame_kind {
	/** 3.8-3.10: PyFrameObject on the heap, linked by f_back. */
	PYPROF_FRAMES_OBJECTS,
	/** 3.11, 3.12: _PyInterpreterFrame, found through ts->cframe. */
	PYPROF_FRAMES_CFRAME,
	/** 3.13+: _PyInterpreterFrame, found through ts->current_frame. */
	PYPROF_FRAMES_CURRENT,
};

/** How instruction offsets become lines. */
enum pyprof_linetable_kind {
	PYPROF_LINETABLE_LNOTAB,    /* 3.8, 3.9 */
	PYPROF_LINETABLE_RANGES,    /* 3.10 */
	PYPROF_LINETABLE_LOCATIONS, /* 3.11+ */
};

/** What an instruction does, as far as time is concerned. */
enum pyprof_opcode_class {
	PYPROF_OPCODE_PLAIN = 0,
	/** Calls something; no newer frame means it is C code. */
	PYPROF_OPCODE_CALL = 1,
	/** Operator or iteration that may run C code of a type. */
	PYPROF_OPCODE_OPERATOR = 2,
};

/** How reference counts are kept. */
enum pyprof_refcount_kind {
	PYPROF_REFCOUNT_WORD,  /* 3.8-3.11 */
	PYPROF_REFCOUNT_SIGN,  /* 3.12, 3.13: immortal when the half is < 0 */
	PYPROF_REFCOUNT_HALF,  /* 3.14+: half a word, immortal when < 0 */
	PYPROF_REFCOUNT_SPLIT, /* free-threaded: a local and a shared count */
};

/** Where attributes of instances are that their type manages. */
enum pyprof_attributes_kind {
	PYPROF_ATTRIBUTES_NONE,	  /* 3.8-3.10: there are no such */
	PYPROF_ATTRIBUTES_WORDS,  /* 3.11: words for the dict and for values */
	PYPROF_ATTRIBUTES_TAGGED, /* 3.12: one word, odd when it is values */
	PYPROF_ATTRIBUTES_HEADER, /* 3.13: values behind the header */
	PYPROF_ATTRIBUTES_BEHIND, /* 3.14+: values behind the object */
};

/** A row of layouts/objects.def. */
struct pyprof_object_rules {
	enum pyprof_refcount_kind refcounts;
	/** The count that static objects begin with, where no bit tells them;
	 * else 0. */
	int64_t static_count;
	enum pyprof_attributes_kind attributes;
	/** sys.getsizeof(): the int 0 has a digit like all others. */
	bool zero_has_digit;
	/** sys.getsizeof() adds a collector's head to static types. */
	bool static_types_have_head;
	/** gc.get_referents() tells of types on the heap only when they are
	 * classes written in Python. */
	bool only_classes_tell_type;
	/** Values in an instance that has a dict are told of by the dict, not
	 * by the instance. They are held once, whoever tells. */
	bool dict_tells_inline_values;
	/** gi_frame_state of a generator that has come to its end, 3.11+. */
	int generator_cleared;
	/** Collector: and such a one still tells of its code. */
	bool cleared_generators_tell_code;
	/** Collector: TypeVar and the like tell of their names. */
	bool type_vars_tell_name;
};

struct pyprof_layout {
	struct pyprof_offsets at;
	struct pyprof_object_rules objects;

	/** 3.X: the X. */
	int minor;
	bool is_debug, is_free_threaded;
	/** "generated table", "_Py_DebugOffsets", … for `info`. */
	const char *source;

	enum pyprof_frame_kind frames;
	enum pyprof_linetable_kind linetable;
	/** Bytes per unit of f_lasti (3.10: 2) in object frames. */
	int lasti_unit;
	/** Low bits of references in frames that are not address (3.14+: 3). */
	uint64_t tag_mask;
	/** Bytes of a pool of small blocks; an arena has 64 of them. */
	uint32_t pool_size;
	/** Smallest `owner` of frames that are not Python's to show. */
	int hidden_owner;
	/** The value of `owner` for frames embedded in generators. */
	int generator_owner;
	/**
	 * Lowest bit of the kind in a str's state, read as one word: 2, in
	 * free-threaded builds from 3.14 on 8. The compact and the ascii bit
	 * lie 3 and 4 bits above it.
	 */
	int unicode_kind_shift;

	/**
	 * Class of each opcode (enum pyprof_opcode_class), 256 entries; NULL
	 * when this build's opcodes are not known.
	 */
	const uint8_t *opcode_classes;
};

/**
 * Whether a layout is of 3.`first` to 3.`last`: for tables of types that no
 * offset tells apart. Elsewhere, ask for the member.
 */
bool pyprof_layout_is_within(const struct pyprof_layout *layout, int first,
			     int last);

/** What is known of a build before its layout is chosen. */
struct pyprof_build {
	/** As PY_VERSION_HEX, 0x030b07f0 for 3.11.7; micro 0xff if unknown. */
	uint32_t version;
	bool is_debug, is_free_threaded;
};

/** "3.11.7", "3.14.0rc2", "3.9.?" into `buffer`; returns it. */
const char *pyprof_version_text(uint32_t version, char buffer[static 32]);

/** "release", "free-threaded debug". */
const char *pyprof_build_text(const struct pyprof_build *build);

/**
 * The generated layout of a build. UNSUPPORTED, with the reason, when there
 * is none: nothing is ever guessed.
 */
struct pyprof_error *pyprof_layout_from_table(const struct pyprof_build *build,
					      struct pyprof_layout *ret)
	PYPROF_MUST_CHECK;

/** What a `_Py_DebugOffsets` table begins with. */
#define PYPROF_DEBUG_COOKIE "xdebugpy"

/**
 * The layout told by a `_Py_DebugOffsets` table (3.13+), completed from the
 * generated tables for members that it does not name.
 *
 * @param table The bytes at `_PyRuntime`, untrusted; every offset is checked
 * to lie inside its structure and to be aligned.
 */
struct pyprof_error *
pyprof_layout_from_debug_offsets(const void *table, size_t size,
				 const struct pyprof_build *build,
				 struct pyprof_layout *ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_LAYOUT_H */
