// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * One program image that is being sampled: the process, the interpreter found
 * in it, and its GILs. A program that execs gets a new one.
 */
#ifndef PYPROF_SAMPLER_ATTACHMENT_H
#define PYPROF_SAMPLER_ATTACHMENT_H

#include "core/cpython/code_known.h"
#include "core/cpython/python.h"
#include "core/cpython/thread.h"
#include "core/sampler/namer.h"
#include "core/target/target.h"

struct pyprof_attachment {
	struct pyprof_target *target;
	struct pyprof_python *python;
	/**
	 * The same, over a target of its own, for the thread that decodes:
	 * what a target lists belongs to one thread at a time.
	 */
	struct pyprof_target *decode_target;
	struct pyprof_python decode_python;
	/** For the same thread. */
	struct pyprof_namer namer;
	/** Code that the thread that decodes has found to stay. */
	struct pyprof_known_codes known;
};

/** NOT_FOUND when there is no initialised interpreter in the process. */
struct pyprof_error *pyprof_attachment_create(int32_t pid,
					      struct pyprof_attachment **ret)
	PYPROF_MUST_CHECK;
void pyprof_attachment_destroy(struct pyprof_attachment *attachment);
PYPROF_DEFINE_CLEANUP(pyprof_attachment, struct pyprof_attachment *,
		      pyprof_attachment_destroy)

#endif /* PYPROF_SAMPLER_ATTACHMENT_H */
