// SPDX-License-Identifier: Apache-2.0
//
// datetime.datetime and datetime.time: a hash, whether there is a time zone,
// the fields as bytes, and then the time zone. Without one, no memory is
// allocated for it.
#include "core/cpython/object.h"

#define HAS_ZONE 8
#define DATETIME_ZONE 24
#define TIME_ZONE 16

static bool tell_zone(const struct pyprof_types *types,
		      const struct pyprof_object *object, int32_t offset,
		      struct pyprof_edge_sink *sink)
{
	int32_t header = types->layout->at.object.size;
	if (!object->bytes[header + HAS_ZONE])
		return true;
	const uint8_t *zone = pyprof_memory_at(
		types->memory, object->address + (uint64_t)(header + offset),
		8);
	if (!zone)
		return false;
	pyprof_edge(sink, pyprof_word(zone, 0),
		    PYPROF_EDGE_MEMBER | PYPROF_EDGE_UNTOLD,
		    (uintptr_t) "tzinfo");
	return true;
}

static bool datetime_edges(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct pyprof_edge_sink *sink)
{
	return tell_zone(types, object, DATETIME_ZONE, sink);
}

static bool time_edges(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_edge_sink *sink)
{
	return tell_zone(types, object, TIME_ZONE, sink);
}

const struct pyprof_kind pyprof_kind_datetime = {
	.name = "datetime.datetime",
	.size_position = -1,
	.edges = datetime_edges,
};

const struct pyprof_kind pyprof_kind_time = {
	.name = "datetime.time",
	.size_position = -1,
	.edges = time_edges,
};
