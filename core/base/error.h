// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Errors are values: a fallible function returns a `struct pyprof_error *`,
 * NULL meaning success, and leaves its out-parameters untouched on failure.
 *
 * The caller owns a returned error and either passes it on, or releases it by
 * pyprof_error_destroy(). Errors for running out of memory are static, so
 * making, passing and destroying one never fails.
 *
 * Messages are one line, lower-case, without a full stop and without the
 * `pyprof: ` that the console puts in front.
 */
#ifndef PYPROF_BASE_ERROR_H
#define PYPROF_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/cleanup.h"

enum pyprof_error_code {
#define ERROR(name, text) PYPROF_ERROR_##name,
#include "core/base/error.def"
#undef ERROR
	PYPROF_ERROR_COUNT
};

struct pyprof_error {
	enum pyprof_error_code code;
	/** errno for PYPROF_ERROR_OS, else 0. */
	int os_errno;
	/** Where in the target, for FAULT and CORRUPT, else 0. */
	uint64_t address;
	/** Never NULL. */
	const char *message;
};

#define PYPROF_MUST_CHECK __attribute__((__warn_unused_result__))

/** Make an error with a printf-like message. Never returns NULL. */
struct pyprof_error *pyprof_error_create(enum pyprof_error_code code,
					 const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3), __returns_nonnull__))
	PYPROF_MUST_CHECK;

/** Like pyprof_error_create(), for FAULT and CORRUPT: appends the address. */
struct pyprof_error *pyprof_error_at(enum pyprof_error_code code,
				     uint64_t address, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4), __returns_nonnull__))
	PYPROF_MUST_CHECK;

/** Like pyprof_error_create(), for OS: appends strerror(os_errno). */
struct pyprof_error *pyprof_error_os(int os_errno, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3), __returns_nonnull__))
	PYPROF_MUST_CHECK;

/** The static out-of-memory error. */
struct pyprof_error *pyprof_error_oom(void) __attribute__((__returns_nonnull__))
PYPROF_MUST_CHECK;

/** Release an error; NULL is accepted. */
void pyprof_error_destroy(struct pyprof_error *error);
PYPROF_DEFINE_CLEANUP(pyprof_error, struct pyprof_error *, pyprof_error_destroy)

/** Destroy the error at the end of the scope; it need not be looked at. */
#define _cleanup_error_ \
	_cleanup_(pyprof_error_cleanup) __attribute__((__unused__))

/**
 * If *err is an error of this code, destroy it, set *err to NULL and return
 * true: the caller expected it.
 */
bool pyprof_error_catch(struct pyprof_error **err, enum pyprof_error_code code);

/** The name of a code, for counts and tables. */
const char *pyprof_error_code_name(enum pyprof_error_code code);

#endif /* PYPROF_BASE_ERROR_H */
