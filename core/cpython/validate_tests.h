// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the tests of a layout share: validate.c has the list of them and those
 * of types, lists and the GIL, validate_frames.c the one of frames and code.
 */
#ifndef PYPROF_CPYTHON_VALIDATE_TESTS_H
#define PYPROF_CPYTHON_VALIDATE_TESTS_H

#include "core/cpython/python.h"
#include "core/cpython/thread.h"

#define PYPROF_FLAG_BYTES (UINT64_C(1) << 27)
#define PYPROF_FLAG_STR (UINT64_C(1) << 28)
#define PYPROF_FLAG_TYPE (UINT64_C(1) << 31)

/** What is tested, and what the tests before have found. */
struct pyprof_subject {
	struct pyprof_python *python;
	struct pyprof_interps interps;
	struct pyprof_threads threads;
	/** Code objects seen, and those whose bytecode ends as it should. */
	size_t codes, covered;
	/** What a test has seen, for `info`. */
	char seen[160];
};

/** The word of a structure at an offset; CORRUPT when it is not one. */
struct pyprof_error *pyprof_subject_word(const struct pyprof_subject *subject,
					 uint64_t structure, int32_t offset,
					 uint64_t *ret) PYPROF_MUST_CHECK;

/** The type of an object. */
struct pyprof_error *pyprof_subject_type(const struct pyprof_subject *subject,
					 uint64_t object, uint64_t *ret)
	PYPROF_MUST_CHECK;

/** CORRUPT unless an object's type has a flag, as its subclasses have, too. */
struct pyprof_error *
pyprof_subject_check_kind(const struct pyprof_subject *subject, uint64_t object,
			  uint64_t flag, const char *what) PYPROF_MUST_CHECK;

/**
 * CORRUPT unless a type has a name. Names are constants: in a core without the
 * program's file they are not there to be compared, which is no failure.
 */
struct pyprof_error *
pyprof_subject_check_type_name(const struct pyprof_subject *subject,
			       uint64_t type, const char *name)
	PYPROF_MUST_CHECK;

/** The frames of all threads, and the code that they run. */
struct pyprof_error *pyprof_validate_frames(struct pyprof_subject *subject)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_VALIDATE_TESTS_H */
