// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * From raw samples to the profile: code objects become functions and lines,
 * stacks become ids, and what the thread was doing becomes a state.
 *
 * A decoder belongs to one attachment and to one thread at a time.
 */
#ifndef PYPROF_SAMPLER_DECODER_H
#define PYPROF_SAMPLER_DECODER_H

#include "core/cpython/code.h"
#include "core/profile/profile.h"
#include "core/sampler/attachment.h"
#include "core/sampler/ring.h"

struct pyprof_decoder;

/** All are borrowed and must outlive the decoder. */
struct pyprof_error *pyprof_decoder_create(struct pyprof_attachment *attachment,
					   struct pyprof_profile *profile,
					   struct pyprof_decoder **ret)
	PYPROF_MUST_CHECK;
void pyprof_decoder_destroy(struct pyprof_decoder *decoder);

/**
 * Take in all samples that are in the ring. Samples that cannot be decoded
 * are counted in the profile's meta; the only error is running out of memory.
 */
struct pyprof_error *pyprof_decoder_drain(struct pyprof_decoder *decoder,
					  struct pyprof_ring *ring)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_SAMPLER_DECODER_H */
