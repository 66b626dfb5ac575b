// SPDX-License-Identifier: Apache-2.0
//
// What the looker looks at in turn: the GILs there are or, in builds without
// one, the threads.
#include "core/base/clock.h"
#include "core/sampler/machine.h"

/* How often they are listed anew. */
#define LIST_EVERY_NS (100 * INT64_C(1000000))

/* The lane of the same GIL, or of the same thread, if it is known. */
static struct pyprof_lane *find_lane(struct pyprof_sampler *sampler,
				     const struct pyprof_lane *wanted)
{
	for (size_t i = 0; i < sampler->lanes.count; i++) {
		struct pyprof_lane *lane = &sampler->lanes.items[i];
		if (lane->gil == wanted->gil &&
		    (lane->gil || lane->tstate == wanted->tstate))
			return lane;
	}
	return NULL;
}

/* Replace the lanes, keeping what is known of those that stay. */
static void replace_lanes(struct pyprof_sampler *sampler,
			  struct pyprof_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		const struct pyprof_lane *known =
			find_lane(sampler, &lanes->items[i]);
		if (known)
			lanes->items[i] = *known;
	}
	pyprof_vec_deinit(&sampler->lanes);
	sampler->lanes = *lanes;
}

static bool has_gil(const struct pyprof_lanes *lanes, uint64_t gil)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (lanes->items[i].gil == gil)
			return true;
	return false;
}

/* One lane a GIL: interpreters can share one. */
static struct pyprof_error *list_gils(struct pyprof_python *python, int64_t now,
				      struct pyprof_lanes *lanes)
{
	struct pyprof_interps interps = {};
	struct pyprof_error *err = pyprof_interps_read(python, &interps);
	for (size_t i = 0; !err && i < interps.list.count; i++) {
		struct pyprof_lane lane = {
			.gil = interps.list.items[i].gil,
			.last_ns = now,
		};
		if (lane.gil && !has_gil(lanes, lane.gil) &&
		    !pyprof_vec_push(lanes, lane))
			err = pyprof_error_oom();
	}
	pyprof_interps_deinit(&interps);
	return err;
}

static struct pyprof_error *list_threads(struct pyprof_python *python,
					 int64_t now,
					 struct pyprof_lanes *lanes)
{
	struct pyprof_threads threads = {};
	struct pyprof_error *err = pyprof_threads_read(python, &threads);
	for (size_t i = 0; !err && i < threads.list.count; i++) {
		struct pyprof_lane lane = {
			.tstate = threads.list.items[i].address,
			.last_ns = now,
		};
		if (!pyprof_vec_push(lanes, lane))
			err = pyprof_error_oom();
	}
	pyprof_threads_deinit(&threads);
	return err;
}

struct pyprof_error *pyprof_lanes_refresh(struct pyprof_sampler *sampler,
					  int64_t now)
{
	if (sampler->lanes.count &&
	    now - sampler->lanes_read_ns < LIST_EVERY_NS)
		return NULL;
	sampler->lanes_read_ns = now;
	pyprof_observer_expire(sampler->observer);
	struct pyprof_python *python = sampler->attachment->python;
	struct pyprof_lanes lanes = {};
	struct pyprof_error *err = list_gils(python, now, &lanes);
	if (!err && !lanes.count)
		err = list_threads(python, now, &lanes);
	if (err) {
		pyprof_vec_deinit(&lanes);
		return err;
	}
	replace_lanes(sampler, &lanes);
	return NULL;
}
