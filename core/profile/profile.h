// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The profile: what a run of samples adds up to, held as a tree of stacks with
 * the time of each thread and state in it.
 *
 * A pure model: it never touches a target, and its size depends on how many
 * different stacks there are, not on how long it grows: of when they were seen
 * (the moments) it keeps so much and no more. Times are nanoseconds
 * of wall-clock time that a sample stands for, never samples times a period.
 * It does no locking.
 */
#ifndef PYPROF_PROFILE_PROFILE_H
#define PYPROF_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/strtab.h"

/** What a thread was doing when it was looked at. */
enum pyprof_state {
#define STATE(name, group, word, text) PYPROF_STATE_##name,
#include "core/profile/states.def"
#undef STATE
	PYPROF_STATE_COUNT
};

/** The three shares that reports show. */
enum pyprof_state_group {
	PYPROF_GROUP_PYTHON,
	PYPROF_GROUP_NATIVE,
	PYPROF_GROUP_WAIT,
	PYPROF_GROUP_COUNT
};

struct pyprof_state_info {
	enum pyprof_state_group group;
	/** One word for tables and files: "python", "wait-gil". */
	const char *word;
	/** A few words for people. */
	const char *text;
};

extern const struct pyprof_state_info pyprof_states[PYPROF_STATE_COUNT];

/** How a sample was made, which says how far it can be trusted. */
enum pyprof_exactness {
#define EXACTNESS(name, word, text) PYPROF_EXACT_##name,
#include "core/profile/exactness.def"
#undef EXACTNESS
	PYPROF_EXACT_COUNT
};

struct pyprof_exactness_info {
	const char *word;
	const char *text;
};

extern const struct pyprof_exactness_info
	pyprof_exactnesses[PYPROF_EXACT_COUNT];

/** A function: interned, so that equal functions have equal ids. */
struct pyprof_function {
	/** Strings of the profile's table. */
	uint32_t name, qualname, file;
	int32_t first_line;
};

/** A place in a function. */
struct pyprof_location {
	uint32_t function;
	/** 1-based, or -1 where an instruction belongs to no line. */
	int32_t line;
};

/** A stack: a location called from the stack `parent`. */
struct pyprof_stack {
	/** Below its own id; stack 0 is the empty one and its own parent. */
	uint32_t parent;
	/** UINT32_MAX for stack 0. */
	uint32_t location;
	/** How many locations it has; 0 for stack 0. */
	uint32_t depth;
};

struct pyprof_profile_thread {
	/** As the kernel knows it, seen from here. */
	int32_t tid;
	/** The pthread_t, as threading.get_ident() gives it. */
	uint64_t ident;
	uint32_t name;
	int64_t interp_id;
	bool is_main;
};

/** Time of one (stack, thread, state, exactness). */
struct pyprof_tally {
	uint32_t stack, thread;
	enum pyprof_state state;
	enum pyprof_exactness exactness;
	uint64_t samples;
	uint64_t ns;
};

/**
 * A part of a line: the expression that an instruction is of (PEP 657), which
 * may end on a later line. Columns are bytes of the line in UTF-8, from 0; the
 * end is behind the last one.
 */
struct pyprof_columns {
	int32_t column, end_line, end_column;
};

/** Whether columns are those of a part of a line: not empty, not unknown. */
bool pyprof_columns_are_known(const struct pyprof_columns *columns,
			      int32_t line);

/**
 * Self time of one (part of a line, thread, state). Self time of a line that
 * is in no span of it is of a part that is not known.
 */
struct pyprof_span {
	uint32_t location, thread;
	enum pyprof_state state;
	struct pyprof_columns columns;
	uint64_t samples;
	uint64_t ns;
};

/** A profile has no more spans than this. */
#define PYPROF_SPANS_MAX 65536

/**
 * When one tally got some of its time: from `at_ns` on, for `ns`. The moments
 * of a tally add up to it exactly, in samples and in time.
 */
struct pyprof_moment {
	/** Since the beginning of the profile's first moment. */
	uint64_t at_ns;
	uint64_t ns;
	/** Which tally: stack, thread, state, exactness. */
	uint32_t tally;
	/** Samples in a row that found the same, at least 1. */
	uint32_t samples;
};

/** Logarithmic histogram of durations: 8 steps a factor of two. */
#define PYPROF_PAUSE_BUCKETS 256
struct pyprof_pauses {
	uint64_t count, total_ns, max_ns;
	uint64_t buckets[PYPROF_PAUSE_BUCKETS];
};

void pyprof_pauses_add(struct pyprof_pauses *pauses, uint64_t ns);
/**
 * The duration, ns, that `percent` of all are not above; 0 when empty. At most
 * an eighth too long.
 */
uint64_t pyprof_pauses_percentile(const struct pyprof_pauses *pauses,
				  double percent);

/** Facts about the run that every report states. */
struct pyprof_profile_meta {
	/** Strings of the profile's table. */
	uint32_t command_line, python_version, python_build, layout_source;
	uint32_t host, debugger, mode;
	/** The working directory of the program, which relative names of files
	 * are of; "" where it is not known. */
	uint32_t cwd;
	int32_t pid;
	/** Seconds since the epoch at the first start. */
	int64_t started_at;
	/** Rate asked for, samples a second. */
	double rate_hz;
	/** Time sampled: the process ran and the sampler was armed, ns. */
	uint64_t sampled_ns;
	/** Samples taken, by exactness; their sum is all ticks that worked. */
	uint64_t samples[PYPROF_EXACT_COUNT];
	/** Ticks that were due and not taken in time. */
	uint64_t missed;
	/** Looks given up, by the enum pyprof_error_code of the reason. */
	uint64_t bad[PYPROF_ERROR_COUNT];
	/** Stacks that were cut or that ended early, and are counted above. */
	uint64_t cut;
	/** Samples that are not here because the file that this was loaded from
	 * was cut off or damaged; all other counts are of the whole. */
	uint64_t lost;
	/** Samples whose part of the line was known and is not here: there
	 * were PYPROF_SPANS_MAX others, or the file is cut off or damaged. */
	uint64_t spans_lost;
	/** How long the target was held off its CPU, or stopped, a sample. */
	struct pyprof_pauses pauses;
};

struct pyprof_profile;

struct pyprof_error *pyprof_profile_create(struct pyprof_profile **ret)
	PYPROF_MUST_CHECK;
void pyprof_profile_destroy(struct pyprof_profile *profile);

/**
 * Forget all samples and set all counts of the meta to 0. Its other facts, and
 * all ids, stay.
 */
void pyprof_profile_reset(struct pyprof_profile *profile);

struct pyprof_strtab *pyprof_profile_strings(struct pyprof_profile *profile);
const struct pyprof_strtab *
pyprof_profile_strings_const(const struct pyprof_profile *profile);
const char *pyprof_profile_string(const struct pyprof_profile *profile,
				  uint32_t id);
size_t pyprof_profile_string_length(const struct pyprof_profile *profile,
				    uint32_t id);
struct pyprof_profile_meta *pyprof_profile_meta(struct pyprof_profile *profile);
const struct pyprof_profile_meta *
pyprof_profile_meta_const(const struct pyprof_profile *profile);

/*
 * Building. Every id given out is dense and starts at 0. An id that was not
 * given out is a CORRUPT error.
 */

struct pyprof_error *
pyprof_profile_function(struct pyprof_profile *profile,
			const struct pyprof_function *function, uint32_t *ret)
	PYPROF_MUST_CHECK;
struct pyprof_error *
pyprof_profile_location(struct pyprof_profile *profile,
			const struct pyprof_location *location, uint32_t *ret)
	PYPROF_MUST_CHECK;
struct pyprof_error *pyprof_profile_stack(struct pyprof_profile *profile,
					  uint32_t parent, uint32_t location,
					  uint32_t *ret) PYPROF_MUST_CHECK;
/** Threads are the same when tid and ident are; one that is there stays as it
 * is. */
struct pyprof_error *
pyprof_profile_thread(struct pyprof_profile *profile,
		      const struct pyprof_profile_thread *thread, uint32_t *ret)
	PYPROF_MUST_CHECK;
/** Give thread `id` another name, a string of the profile. */
void pyprof_profile_name_thread(struct pyprof_profile *profile, uint32_t id,
				uint32_t name);
/**
 * Add a sample.
 *
 * @param at_ns When it was taken, by a clock that does not go back.
 * @param ns The time until then that it stands for.
 */
struct pyprof_error *
pyprof_profile_add(struct pyprof_profile *profile, uint32_t stack,
		   uint32_t thread, enum pyprof_state state,
		   enum pyprof_exactness exactness, uint64_t at_ns, uint64_t ns)
	PYPROF_MUST_CHECK;

/**
 * Say in which part of its line the innermost frame of samples was, which have
 * been added. Columns that are not known are a CORRUPT error. When there are
 * too many spans, the samples are counted as such.
 */
struct pyprof_error *pyprof_profile_add_span(struct pyprof_profile *profile,
					     const struct pyprof_span *span)
	PYPROF_MUST_CHECK;

/**
 * Add what another profile, which was saved, had at one moment: those of a
 * profile in their order.
 *
 * @param tally Its stack, thread, state and exactness alone matter.
 * @param moment Its tally does not matter.
 * @param slice_ns What pyprof_profile_moments() said of the other.
 */
struct pyprof_error *pyprof_profile_restore(struct pyprof_profile *profile,
					    const struct pyprof_tally *tally,
					    const struct pyprof_moment *moment,
					    uint64_t slice_ns)
	PYPROF_MUST_CHECK;

/* Reading. Arrays are valid until the profile changes. */

size_t pyprof_profile_functions(const struct pyprof_profile *profile,
				const struct pyprof_function **ret);
size_t pyprof_profile_locations(const struct pyprof_profile *profile,
				const struct pyprof_location **ret);
size_t pyprof_profile_stacks(const struct pyprof_profile *profile,
			     const struct pyprof_stack **ret);
size_t pyprof_profile_threads(const struct pyprof_profile *profile,
			      const struct pyprof_profile_thread **ret);
size_t pyprof_profile_tallies(const struct pyprof_profile *profile,
			      const struct pyprof_tally **ret);
size_t pyprof_profile_spans(const struct pyprof_profile *profile,
			    const struct pyprof_span **ret);

/**
 * When it was, in the order of `at_ns`. Moments of one thread can overlap by
 * the time that a sample stands for. Beyond a number of them those that begin
 * in the same slice of time and are of the same tally are merged, and slices
 * grow with the profile.
 *
 * @param[out] slice_ns_ret How long slices are: a moment that was merged has
 * its time somewhere between `at_ns` and the end of its slice, or of its last
 * run. 0 when nothing was merged: then every moment lasts from `at_ns` to
 * `at_ns` + `ns`.
 */
size_t pyprof_profile_moments(const struct pyprof_profile *profile,
			      const struct pyprof_moment **ret,
			      uint64_t *slice_ns_ret);

/** Sum over the exactnesses. */
uint64_t pyprof_profile_samples(const struct pyprof_profile *profile);

#endif /* PYPROF_PROFILE_PROFILE_H */
