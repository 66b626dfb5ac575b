// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Assertions of what tests are built from. Unlike Check's they also work
 * outside of a test, in fuzzers and benches: they abort.
 */
#ifndef PYPROF_TESTS_SUPPORT_EXPECT_H
#define PYPROF_TESTS_SUPPORT_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/error.h"

static inline void expect_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/** The condition holds. */
#define expect(condition) \
	((condition) ? (void)0 : expect_failed(__FILE__, __LINE__, #condition))

/** The expression succeeds. */
#define expect_ok(expression)                                             \
	do {                                                              \
		struct pyprof_error *err_ = (expression);                 \
		if (err_)                                                 \
			expect_failed(__FILE__, __LINE__, err_->message); \
	} while (0)

#endif /* PYPROF_TESTS_SUPPORT_EXPECT_H */
