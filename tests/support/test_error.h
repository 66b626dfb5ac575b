// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Check assertions about `struct pyprof_error *`.
 */
#ifndef PYPROF_TESTS_SUPPORT_TEST_ERROR_H
#define PYPROF_TESTS_SUPPORT_TEST_ERROR_H

#include <check.h>

#include "core/base/error.h"

/** The expression succeeds. */
#define ck_ok(expression)                                   \
	do {                                                \
		struct pyprof_error *err_ = (expression);   \
		ck_assert_msg(!err_, "%s: %s", #expression, \
			      err_ ? err_->message : "");   \
	} while (0)

/** The expression fails with PYPROF_ERROR_`name`. */
#define ck_fails(expression, name)                                       \
	do {                                                             \
		struct pyprof_error *err_ = (expression);                \
		ck_assert_msg(err_ != NULL, "%s succeeds", #expression); \
		ck_assert_msg(err_->code == PYPROF_ERROR_##name,         \
			      "%s: %s error: %s", #expression,           \
			      pyprof_error_code_name(err_->code),        \
			      err_->message);                            \
		pyprof_error_destroy(err_);                              \
	} while (0)

#endif /* PYPROF_TESTS_SUPPORT_TEST_ERROR_H */
