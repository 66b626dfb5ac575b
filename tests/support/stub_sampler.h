// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A sampler that samples nothing and writes down what it is told: a program
 * that has it among its sources has it instead of the real one.
 */
#ifndef PYPROF_TESTS_SUPPORT_STUB_SAMPLER_H
#define PYPROF_TESTS_SUPPORT_STUB_SAMPLER_H

#include "core/base/buf.h"
#include "core/sampler/sampler.h"

struct stub_sampler {
	/** "start 42, resumed, stop": the calls so far. */
	struct pyprof_buf calls;
	/** Of the last start that worked. */
	struct pyprof_sampler_options options;
	/** start fails with this message; NULL: it works. */
	const char *start_error;
	/** What status tells. */
	struct pyprof_sampler_status status;
	bool started, locked;
};

extern struct stub_sampler stub_sampler;

void stub_sampler_init(void);
void stub_sampler_deinit(void);

/** The calls since this was last asked; valid until the next call. */
const char *stub_sampler_calls(void);

#endif /* PYPROF_TESTS_SUPPORT_STUB_SAMPLER_H */
