// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Profiles for tests, written as text.
 */
#ifndef PYPROF_TESTS_SUPPORT_MAKE_PROFILE_H
#define PYPROF_TESTS_SUPPORT_MAKE_PROFILE_H

#include "core/profile/profile.h"

/** An empty profile. All of these end the test when they fail. */
struct pyprof_profile *test_profile(void);

uint32_t test_string(struct pyprof_profile *profile, const char *text);
uint32_t test_thread(struct pyprof_profile *profile, int32_t tid,
		     const char *name);

/**
 * The stack of frames written "function@file:line", outermost first, with a
 * space between them: "main@a.py:9 work@a.py:3". A function's first line is
 * 1 unless the line has "/first" behind it: "work@a.py:3/2".
 */
uint32_t test_stack(struct pyprof_profile *profile, const char *frames);

/** What a sample of test_add() stands for: 10 ms. */
#define TEST_SAMPLE_NS UINT64_C(10000000)

/** The sum of all times: when the next sample of test_add() begins. */
uint64_t test_clock(const struct pyprof_profile *profile);

/** Add `times` samples, one after the other, after all that are there. */
void test_add(struct pyprof_profile *profile, const char *frames,
	      uint32_t thread, enum pyprof_state state, unsigned times);

/**
 * The same, for samples that were in a part of the innermost line: from byte
 * `column` to before `end_column` of it.
 */
void test_add_part(struct pyprof_profile *profile, const char *frames,
		   uint32_t thread, enum pyprof_state state, int32_t column,
		   int32_t end_column, unsigned times);

#endif /* PYPROF_TESTS_SUPPORT_MAKE_PROFILE_H */
