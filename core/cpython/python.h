// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The CPython runtime found in a target: where it is, which build it is, and
 * the validated layout to read it by.
 *
 * One target can hold several runtimes (two copies of libpython); the one
 * that has interpreters is taken.
 */
#ifndef PYPROF_CPYTHON_PYTHON_H
#define PYPROF_CPYTHON_PYTHON_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/cpython/layout.h"
#include "core/target/target.h"

struct pyprof_python {
	/** Borrowed. */
	struct pyprof_target *target;
	struct pyprof_build build;
	struct pyprof_layout layout;
	/** Address of `_PyRuntime`. */
	uint64_t runtime;
	/** The file it was found in, and how: symbol, section, cookie. */
	char *path;
	const char *found_by;
	/** Executable range of that file, [start, end). */
	uint64_t text_start, text_end;
	/** Address of PyCode_Type, PyFrame_Type …, 0 when not exported. */
	uint64_t code_type, none_type, unicode_type, bytes_type, frame_type;
	/**
	 * Where a thread's rseq area lies from its thread pointer, and whether
	 * there is one (glibc >= 2.35).
	 */
	int64_t rseq_offset;
	bool has_rseq;
	/** Bytes from a pthread_t to the tid in it; -1 when not known. */
	int32_t tid_offset;
	/** One line a validation that passed, for `pyprof info`. */
	struct pyprof_buf validations;
};

/**
 * Find and validate the interpreter of a target.
 *
 * NOT_FOUND when there is no CPython in it. UNSUPPORTED when there is one that
 * this build cannot read; the message names the version and the validation
 * that failed. An interpreter that is not initialised yet is NOT_FOUND too.
 */
struct pyprof_error *pyprof_python_find(struct pyprof_target *target,
					struct pyprof_python **ret)
	PYPROF_MUST_CHECK;
void pyprof_python_destroy(struct pyprof_python *python);
PYPROF_DEFINE_CLEANUP(pyprof_python, struct pyprof_python *,
		      pyprof_python_destroy)

#endif /* PYPROF_CPYTHON_PYTHON_H */
