// SPDX-License-Identifier: Apache-2.0
#include "core/profile/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/intern.h"
#include "core/base/vec.h"
#include "core/profile/timeline.h"

/* What makes two threads the same; without padding, as it is a key. */
struct thread_key {
	uint64_t ident;
	int64_t tid;
};

struct pyprof_profile {
	struct pyprof_profile_meta meta;
	struct pyprof_strtab *strings;
	struct pyprof_intern functions, locations, stacks, tallies, spans;
	/** Keys of threads; the threads themselves are beside them. */
	struct pyprof_intern thread_keys;
	PYPROF_VEC(struct pyprof_profile_thread) threads;
	struct pyprof_timeline *timeline;
};

struct pyprof_error *pyprof_profile_create(struct pyprof_profile **ret)
{
	struct pyprof_profile *profile = malloc(sizeof(*profile));
	if (!profile)
		return pyprof_error_oom();
	*profile = (struct pyprof_profile){
		.functions = PYPROF_INTERN_INIT_WHOLE(struct pyprof_function),
		.locations = PYPROF_INTERN_INIT_WHOLE(struct pyprof_location),
		.stacks = PYPROF_INTERN_INIT(struct pyprof_stack, depth),
		.tallies = PYPROF_INTERN_INIT(struct pyprof_tally, samples),
		.spans = PYPROF_INTERN_INIT(struct pyprof_span, samples),
		.thread_keys = PYPROF_INTERN_INIT_WHOLE(struct thread_key),
	};
	/* The empty stack is the only one whose location is no location. */
	struct pyprof_stack empty = {.location = UINT32_MAX};
	uint32_t id;
	struct pyprof_error *err = pyprof_strtab_create(&profile->strings);
	if (!err)
		err = pyprof_timeline_create(&profile->timeline);
	if (!err)
		err = pyprof_intern(&profile->stacks, &empty, &id);
	if (err) {
		pyprof_profile_destroy(profile);
		return err;
	}
	*ret = profile;
	return NULL;
}

_Static_assert(offsetof(struct pyprof_tally, samples) == 4 * sizeof(uint32_t) &&
		       sizeof(enum pyprof_state) == sizeof(uint32_t),
	       "the key of a tally has no padding");
_Static_assert(offsetof(struct pyprof_span, samples) == 6 * sizeof(uint32_t),
	       "the key of a span has no padding");

void pyprof_profile_destroy(struct pyprof_profile *profile)
{
	if (!profile)
		return;
	pyprof_strtab_destroy(profile->strings);
	pyprof_intern_deinit(&profile->functions);
	pyprof_intern_deinit(&profile->locations);
	pyprof_intern_deinit(&profile->stacks);
	pyprof_intern_deinit(&profile->tallies);
	pyprof_intern_deinit(&profile->spans);
	pyprof_intern_deinit(&profile->thread_keys);
	pyprof_vec_deinit(&profile->threads);
	pyprof_timeline_destroy(profile->timeline);
	free(profile);
}

void pyprof_profile_reset(struct pyprof_profile *profile)
{
	struct pyprof_profile_meta *meta = &profile->meta;
	pyprof_intern_clear(&profile->tallies);
	pyprof_intern_clear(&profile->spans);
	pyprof_timeline_clear(profile->timeline);
	meta->sampled_ns = meta->missed = meta->cut = meta->lost = 0;
	meta->spans_lost = 0;
	memset(meta->samples, 0, sizeof(meta->samples));
	memset(meta->bad, 0, sizeof(meta->bad));
	meta->pauses = (struct pyprof_pauses){};
}

struct pyprof_strtab *pyprof_profile_strings(struct pyprof_profile *profile)
{
	return profile->strings;
}

const struct pyprof_strtab *
pyprof_profile_strings_const(const struct pyprof_profile *profile)
{
	return profile->strings;
}

const char *pyprof_profile_string(const struct pyprof_profile *profile,
				  uint32_t id)
{
	return pyprof_strtab_get(profile->strings, id);
}

size_t pyprof_profile_string_length(const struct pyprof_profile *profile,
				    uint32_t id)
{
	return pyprof_strtab_length(profile->strings, id);
}

struct pyprof_profile_meta *pyprof_profile_meta(struct pyprof_profile *profile)
{
	return &profile->meta;
}

const struct pyprof_profile_meta *
pyprof_profile_meta_const(const struct pyprof_profile *profile)
{
	return &profile->meta;
}

static struct pyprof_error *unknown(const char *what, uint32_t id)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT,
				   "the profile has no %s %u", what, id);
}

struct pyprof_error *
pyprof_profile_function(struct pyprof_profile *profile,
			const struct pyprof_function *function, uint32_t *ret)
{
	return pyprof_intern(&profile->functions, function, ret);
}

struct pyprof_error *
pyprof_profile_location(struct pyprof_profile *profile,
			const struct pyprof_location *location, uint32_t *ret)
{
	if (location->function >= profile->functions.count)
		return unknown("function", location->function);
	return pyprof_intern(&profile->locations, location, ret);
}

struct pyprof_error *pyprof_profile_stack(struct pyprof_profile *profile,
					  uint32_t parent, uint32_t location,
					  uint32_t *ret)
{
	if (parent >= profile->stacks.count)
		return unknown("stack", parent);
	if (location >= profile->locations.count)
		return unknown("location", location);
	const struct pyprof_stack *stacks = profile->stacks.items;
	struct pyprof_stack stack = {
		.parent = parent,
		.location = location,
		.depth = stacks[parent].depth + 1,
	};
	return pyprof_intern(&profile->stacks, &stack, ret);
}

struct pyprof_error *
pyprof_profile_thread(struct pyprof_profile *profile,
		      const struct pyprof_profile_thread *thread, uint32_t *ret)
{
	struct thread_key key = {.ident = thread->ident, .tid = thread->tid};
	uint32_t id;
	if (!pyprof_vec_reserve(&profile->threads, 1))
		return pyprof_error_oom();
	struct pyprof_error *err =
		pyprof_intern(&profile->thread_keys, &key, &id);
	if (err)
		return err;
	if (id == profile->threads.count)
		profile->threads.items[profile->threads.count++] = *thread;
	*ret = id;
	return NULL;
}

void pyprof_profile_name_thread(struct pyprof_profile *profile, uint32_t id,
				uint32_t name)
{
	if (id < profile->threads.count)
		profile->threads.items[id].name = name;
}

/* The tally of a stack, thread, state and exactness. */
static struct pyprof_error *find_tally(struct pyprof_profile *profile,
				       const struct pyprof_tally *wanted,
				       uint32_t *ret)
{
	if (wanted->stack >= profile->stacks.count)
		return unknown("stack", wanted->stack);
	if (wanted->thread >= profile->threads.count)
		return unknown("thread", wanted->thread);
	if ((unsigned)wanted->state >= PYPROF_STATE_COUNT)
		return unknown("state", wanted->state);
	if ((unsigned)wanted->exactness >= PYPROF_EXACT_COUNT)
		return unknown("exactness", wanted->exactness);
	struct pyprof_tally tally = *wanted;
	tally.samples = tally.ns = 0;
	return pyprof_intern(&profile->tallies, &tally, ret);
}

struct pyprof_error *pyprof_profile_add(struct pyprof_profile *profile,
					uint32_t stack, uint32_t thread,
					enum pyprof_state state,
					enum pyprof_exactness exactness,
					uint64_t at_ns, uint64_t ns)
{
	struct pyprof_tally key = {
		.stack = stack,
		.thread = thread,
		.state = state,
		.exactness = exactness,
	};
	uint32_t id;
	struct pyprof_error *err = find_tally(profile, &key, &id);
	if (err)
		return err;
	struct pyprof_tally *tallies = profile->tallies.items;
	err = pyprof_timeline_add(profile->timeline, tallies,
				  profile->tallies.count, id, at_ns, ns);
	if (err)
		return err;
	tallies[id].samples++;
	tallies[id].ns += ns;
	return NULL;
}

bool pyprof_columns_are_known(const struct pyprof_columns *columns,
			      int32_t line)
{
	return line > 0 && columns->column >= 0 && columns->end_line >= line &&
	       columns->end_column >= 0 &&
	       (columns->end_line > line ||
		columns->end_column > columns->column);
}

static struct pyprof_error *check_span(const struct pyprof_profile *profile,
				       const struct pyprof_span *span)
{
	const struct pyprof_location *locations = profile->locations.items;
	if (span->location >= profile->locations.count)
		return unknown("location", span->location);
	if (span->thread >= profile->threads.count)
		return unknown("thread", span->thread);
	if ((unsigned)span->state >= PYPROF_STATE_COUNT)
		return unknown("state", span->state);
	if (!pyprof_columns_are_known(&span->columns,
				      locations[span->location].line))
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "no part of a line");
	return NULL;
}

struct pyprof_error *pyprof_profile_add_span(struct pyprof_profile *profile,
					     const struct pyprof_span *span)
{
	uint32_t id;
	struct pyprof_error *err = check_span(profile, span);
	if (err)
		return err;
	if (!pyprof_intern_find(&profile->spans, span, &id)) {
		if (profile->spans.count >= PYPROF_SPANS_MAX) {
			profile->meta.spans_lost += span->samples;
			return NULL;
		}
		struct pyprof_span fresh = *span;
		fresh.samples = fresh.ns = 0;
		err = pyprof_intern(&profile->spans, &fresh, &id);
		if (err)
			return err;
	}
	struct pyprof_span *spans = profile->spans.items;
	spans[id].samples += span->samples;
	spans[id].ns += span->ns;
	return NULL;
}

struct pyprof_error *pyprof_profile_restore(struct pyprof_profile *profile,
					    const struct pyprof_tally *tally,
					    const struct pyprof_moment *moment,
					    uint64_t slice_ns)
{
	struct pyprof_moment restored = *moment;
	struct pyprof_error *err = find_tally(profile, tally, &restored.tally);
	if (err)
		return err;
	struct pyprof_tally *tallies = profile->tallies.items;
	err = pyprof_timeline_restore(profile->timeline, tallies,
				      profile->tallies.count, &restored,
				      slice_ns);
	if (err)
		return err;
	tallies[restored.tally].samples += restored.samples;
	tallies[restored.tally].ns += restored.ns;
	return NULL;
}

size_t pyprof_profile_functions(const struct pyprof_profile *profile,
				const struct pyprof_function **ret)
{
	*ret = profile->functions.items;
	return profile->functions.count;
}

size_t pyprof_profile_locations(const struct pyprof_profile *profile,
				const struct pyprof_location **ret)
{
	*ret = profile->locations.items;
	return profile->locations.count;
}

size_t pyprof_profile_stacks(const struct pyprof_profile *profile,
			     const struct pyprof_stack **ret)
{
	*ret = profile->stacks.items;
	return profile->stacks.count;
}

size_t pyprof_profile_threads(const struct pyprof_profile *profile,
			      const struct pyprof_profile_thread **ret)
{
	*ret = profile->threads.items;
	return profile->threads.count;
}

size_t pyprof_profile_tallies(const struct pyprof_profile *profile,
			      const struct pyprof_tally **ret)
{
	*ret = profile->tallies.items;
	return profile->tallies.count;
}

size_t pyprof_profile_spans(const struct pyprof_profile *profile,
			    const struct pyprof_span **ret)
{
	*ret = profile->spans.items;
	return profile->spans.count;
}

size_t pyprof_profile_moments(const struct pyprof_profile *profile,
			      const struct pyprof_moment **ret,
			      uint64_t *slice_ns_ret)
{
	return pyprof_timeline_moments(
		profile->timeline, profile->tallies.items, ret, slice_ns_ret);
}

uint64_t pyprof_profile_samples(const struct pyprof_profile *profile)
{
	uint64_t samples = 0;
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		samples += profile->meta.samples[i];
	return samples;
}
