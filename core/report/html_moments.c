// SPDX-License-Identifier: Apache-2.0
#include "core/report/html_moments.h"

#include <stdlib.h>

struct moment {
	uint64_t slice, samples, ns;
	uint32_t tally;
};

static int compare(const void *a, const void *b)
{
	const struct moment *left = a, *right = b;
	if (left->slice != right->slice)
		return left->slice < right->slice ? -1 : 1;
	return (left->tally > right->tally) - (left->tally < right->tally);
}

/* Put moments in order and add up those that are alike. */
static size_t merge(struct moment *moments, size_t count)
{
	size_t last = 0;
	if (!count)
		return 0;
	qsort(moments, count, sizeof(*moments), compare);
	for (size_t i = 1; i < count; i++) {
		if (compare(&moments[last], &moments[i])) {
			moments[++last] = moments[i];
		} else {
			moments[last].samples += moments[i].samples;
			moments[last].ns += moments[i].ns;
		}
	}
	return last + 1;
}

/*
 * Make slices longer until there are few enough moments. There is one for each
 * tally at least.
 */
static size_t shrink(struct moment *moments, size_t count, size_t limit,
		     uint64_t *slice_ns)
{
	count = merge(moments, count);
	while (count > limit && moments[count - 1].slice > 0) {
		for (size_t i = 0; i < count; i++)
			moments[i].slice /= 2;
		*slice_ns *= 2;
		count = merge(moments, count);
	}
	return count;
}

#define COLUMN(key, value)                             \
	do {                                           \
		pyprof_json_key(json, key);            \
		pyprof_json_begin_array(json);         \
		for (size_t i = 0; i < count; i++)     \
			pyprof_json_uint(json, value); \
		pyprof_json_end_array(json);           \
	} while (0)

/*
 * The last moment of a tally says 0 for "what is left of it", which saves most
 * figures where tallies are small.
 */
static void drop_rests(struct moment *moments, size_t count,
		       const struct pyprof_html_shape *shape, uint64_t *left)
{
	for (size_t i = 0; i < shape->tally_count; i++)
		left[i] = shape->tallies[i].samples;
	for (size_t i = 0; i < count; i++) {
		uint64_t *samples = &left[moments[i].tally];
		*samples -= moments[i].samples;
		if (!*samples)
			moments[i].samples = moments[i].ns = 0;
	}
}

static void put(const struct moment *moments, size_t count, uint64_t slice_ns,
		struct pyprof_json *json)
{
	pyprof_json_key(json, "moments");
	pyprof_json_begin_object(json);
	pyprof_json_key(json, "slice_ns");
	pyprof_json_uint(json, slice_ns);
	COLUMN("step", moments[i].slice - (i ? moments[i - 1].slice : 0));
	COLUMN("tally", moments[i].tally);
	COLUMN("samples", moments[i].samples);
	COLUMN("ns", moments[i].ns);
	pyprof_json_end_object(json);
}

struct pyprof_error *pyprof_html_moments(const struct pyprof_profile *profile,
					 const struct pyprof_html_shape *shape,
					 size_t limit, struct pyprof_json *json)
{
	const struct pyprof_moment *from;
	uint64_t slice_ns;
	size_t count = pyprof_profile_moments(profile, &from, &slice_ns);
	if (!count)
		return NULL;
	_cleanup_free_ struct moment *moments = calloc(count, sizeof(*moments));
	_cleanup_free_ uint64_t *left =
		calloc(shape->tally_count + 1, sizeof(*left));
	if (!moments || !left)
		return pyprof_error_oom();
	uint64_t least = from[count - 1].at_ns / PYPROF_HTML_SLICES + 1;
	if (slice_ns < least)
		slice_ns = least;
	for (size_t i = 0; i < count; i++)
		moments[i] = (struct moment){
			.slice = from[i].at_ns / slice_ns,
			.samples = from[i].samples,
			.ns = from[i].ns,
			.tally = shape->tally_of[from[i].tally],
		};
	count = shrink(moments, count, limit, &slice_ns);
	drop_rests(moments, count, shape, left);
	put(moments, count, slice_ns, json);
	return NULL;
}
