// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A profile that is being loaded: for profile_file_load.c, which finds the
 * sections of a file, and profile_file_parse.c, which takes in what they hold.
 */
#ifndef PYPROF_PROFILE_PROFILE_FILE_LOAD_H
#define PYPROF_PROFILE_PROFILE_FILE_LOAD_H

#include "core/base/compress.h"
#include "core/base/vec.h"
#include "core/profile/profile.h"

/** No version has more words of one kind. */
#define PYPROF_PROFILE_WORDS_MAX 64

/** The rest of a section; `bad` once it was not what it should be. */
struct pyprof_section_reader {
	const uint8_t *at, *end;
	bool bad;
};

/** Words of one kind: what their numbers in the file stand for here. */
struct pyprof_profile_words {
	uint32_t ids[PYPROF_PROFILE_WORDS_MAX];
	uint64_t count;
};

struct pyprof_profile_loading {
	struct pyprof_profile *profile;
	struct pyprof_profile_words states, exactnesses, errors;
	PYPROF_VEC(struct pyprof_tally) tallies;
	struct pyprof_decompressor *decompressor;
	/** What sections are decompressed to. */
	uint8_t *room;
	uint64_t slice_ns, at_ns;
	/** What the whole of it has, and what was read. */
	uint64_t all_samples, all_ns, samples, ns, bytes;
	/** What spans have of the whole, and what was read of that. */
	uint64_t all_span_samples, span_samples, span_ns;
	bool has_meta, is_whole;
	/** Where in the file to go on. */
	size_t offset;
};

/**
 * Take in a section with a tag of four bytes. What is wrong with it is an
 * error, CORRUPT, or makes the reader `bad`; what comes before that is in the
 * profile.
 */
struct pyprof_error *
pyprof_profile_parse(struct pyprof_profile_loading *loading, const uint8_t *tag,
		     struct pyprof_section_reader *reader) PYPROF_MUST_CHECK;

#endif /* PYPROF_PROFILE_PROFILE_FILE_LOAD_H */
