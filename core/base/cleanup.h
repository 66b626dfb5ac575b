// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Scope guards: a variable declared with one releases what it holds when its
 * scope ends, so that functions return from where they are instead of jumping
 * to a label.
 *
 * A type that needs releasing declares its own guard beside its destroy
 * function, by PYPROF_DEFINE_CLEANUP().
 */
#ifndef PYPROF_BASE_CLEANUP_H
#define PYPROF_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/** Call `function(&variable)` when the variable goes out of scope. */
#define _cleanup_(function) __attribute__((__cleanup__(function)))

/**
 * Define `NAME_cleanup(TYPE *)`, which calls `DESTROY(*pointer)`, for use as
 * `_cleanup_(NAME_cleanup)`. DESTROY has to accept a null value.
 */
#define PYPROF_DEFINE_CLEANUP(name, type, destroy) \
	static inline void name##_cleanup(type *p) \
	{                                          \
		destroy(*p);                       \
	}

static inline void pyprof_free_cleanup(void *p)
{
	free(*(void **)p);
}

static inline void pyprof_close_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/** free() the pointer at the end of the scope. */
#define _cleanup_free_ _cleanup_(pyprof_free_cleanup)

/** close() the file descriptor, unless negative, at the end of the scope. */
#define _cleanup_close_ _cleanup_(pyprof_close_cleanup)

/** Take a guarded pointer out of its guard: evaluates to it, leaves NULL. */
#define no_cleanup_ptr(p)                 \
	({                                \
		__auto_type taken_ = (p); \
		(p) = NULL;               \
		taken_;                   \
	})

/** Return a guarded pointer to the caller, who owns it from here on. */
#define return_ptr(p) return no_cleanup_ptr(p)

#endif /* PYPROF_BASE_CLEANUP_H */
