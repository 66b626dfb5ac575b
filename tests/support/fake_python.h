// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A CPython built by hand in a fake target, in any layout that pyprof knows:
 * what tests of the decoders read.
 *
 *	struct fake_python *fake = fake_python_create(&layout);
 *	uint64_t interp = fake_python_add_interp(fake, 0);
 *	uint64_t thread = fake_python_add_thread(fake, interp, 0x7000, 42);
 *	uint64_t code = fake_python_code(fake, &(struct fake_code){…});
 *	fake_python_push(fake, thread, &(struct fake_frame){.code = code});
 *
 * Nothing here fails but the test that misuses it.
 */
#ifndef PYPROF_TESTS_SUPPORT_FAKE_PYTHON_H
#define PYPROF_TESTS_SUPPORT_FAKE_PYTHON_H

#include "core/cpython/python.h"
#include "tests/support/fake_target.h"

/** How many layouts there are: builds of all versions. */
int fake_layout_count(void);
/** One of them. */
struct pyprof_layout fake_layout(int index);

struct fake_python {
	/** Made to look as pyprof_python_find() would leave it. */
	struct pyprof_python python;
	struct pyprof_target *target;
	/** A code object made for frames that name none. */
	uint64_t any_code;
	/** Where memory begins and ends, and where the next object goes. */
	uint64_t start, end, next;
	/** A shim was pushed that this layout tells by its next frame. */
	bool entering;
};

struct fake_python *fake_python_create(const struct pyprof_layout *layout);
void fake_python_destroy(struct fake_python *fake);
PYPROF_DEFINE_CLEANUP(fake_python, struct fake_python *, fake_python_destroy)

/** A fake that goes at the end of the scope. */
#define _cleanup_fake_ _cleanup_(fake_python_cleanup)

/** fake_python_create() of fake_layout(index). */
struct fake_python *fake_python_create_nth(int index);

/**
 * Do what follows once a layout, with a new `fake`. A test that fails in it
 * names the layout.
 */
#define FOR_EACH_LAYOUT(fake)                                           \
	for (int layout_ = 0; layout_ < fake_layout_count(); layout_++) \
		for (_cleanup_fake_ struct fake_python *fake =          \
			     fake_python_create_nth(layout_),           \
						       *once_ = fake;   \
		     once_; once_ = NULL)

/** Memory of zeros, aligned to 16 bytes. */
uint64_t fake_python_alloc(struct fake_python *fake, size_t size);

/** Newest first in the list; the interpreter of id 0 brings the GIL. */
uint64_t fake_python_add_interp(struct fake_python *fake, int64_t id);
/** Newest first in the list; `native` is the tid as the target sees it. */
uint64_t fake_python_add_thread(struct fake_python *fake, uint64_t interp,
				uint64_t ident, int32_t native);
/** Give the GIL to a thread state, 0 for nobody. */
void fake_python_hold_gil(struct fake_python *fake, uint64_t gil,
			  uint64_t thread);

/** How the characters of a str are kept. */
enum fake_str_kind {
	FAKE_STR_ASCII,
	FAKE_STR_COMPACT_1,
	FAKE_STR_COMPACT_2,
	FAKE_STR_COMPACT_4,
	/** Not compact: behind a pointer, one byte each. */
	FAKE_STR_POINTER_1,
	FAKE_STR_POINTER_2,
	FAKE_STR_POINTER_4,
	FAKE_STR_KINDS
};

uint64_t fake_python_str(struct fake_python *fake, enum fake_str_kind kind,
			 const uint32_t *characters, size_t count);
/** A compact ASCII one. */
uint64_t fake_python_text(struct fake_python *fake, const char *text);
/** Of zeros when `data` is NULL. */
uint64_t fake_python_bytes(struct fake_python *fake, const void *data,
			   size_t size);

/** Members left out get something plausible. */
struct fake_code {
	const char *name, *qualname, *filename;
	int32_t first_line;
	uint32_t flags;
	const void *linetable;
	size_t linetable_size;
	const void *bytecode;
	size_t bytecode_size;
	/** In units. */
	int32_t first_traceable;
	/** How many thread-local copies of the bytecode, where there are. */
	uint32_t tlbc_count;
};

uint64_t fake_python_code(struct fake_python *fake,
			  const struct fake_code *code);

enum fake_frame_kind {
	FAKE_FRAME_FUNCTION,
	FAKE_FRAME_GENERATOR,
	/**
	 * The eval loop is entered from C: a shim frame where the layout has
	 * them, else the mark in the next frame, or nothing.
	 */
	FAKE_FRAME_SHIM,
};

struct fake_frame {
	enum fake_frame_kind kind;
	/** 0 for `any_code`. */
	uint64_t code;
	/** Bytes from the first instruction. */
	int64_t offset;
	uint32_t tlbc_index;
	/** The line a tracer has set, where layouts have it. */
	int32_t traced_line;
	/** Words of locals and stack behind the frame; a few when 0. */
	size_t words;
};

/** Call: a new current frame. Returns its address, 0 for none. */
uint64_t fake_python_push(struct fake_python *fake, uint64_t thread,
			  const struct fake_frame *frame);

/** The current frame of a thread. */
uint64_t fake_python_current(struct fake_python *fake, uint64_t thread);

/** Set a word of `at` + `offset` if the layout has the member. */
void fake_python_set(struct fake_python *fake, uint64_t at, int32_t offset,
		     uint64_t value);
uint64_t fake_python_get(struct fake_python *fake, uint64_t at, int32_t offset);

#endif /* PYPROF_TESTS_SUPPORT_FAKE_PYTHON_H */
