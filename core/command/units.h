// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Numbers as users write them: "100hz", "10ms", "64mb", "2.5s". Units may be
 * in any case. All errors are USAGE and quote what was written.
 */
#ifndef PYPROF_COMMAND_UNITS_H
#define PYPROF_COMMAND_UNITS_H

#include <stdint.h>

#include "core/base/error.h"

struct pyprof_error *pyprof_parse_integer(const char *text, int64_t *ret)
	PYPROF_MUST_CHECK;

/** "250us", "10ms", "2s", "1min", "1h"; a bare number is seconds. In ns. */
struct pyprof_error *pyprof_parse_time(const char *text, int64_t *ret)
	PYPROF_MUST_CHECK;

/** "64mb", "1gb", "512"; in bytes, a kb being 1024. */
struct pyprof_error *pyprof_parse_size(const char *text, int64_t *ret)
	PYPROF_MUST_CHECK;

/** An address: "0x7f00dead0010", or decimal, as id() prints it. */
struct pyprof_error *pyprof_parse_address(const char *text, uint64_t *ret)
	PYPROF_MUST_CHECK;

/** "5%", "0.5"; between above 0 and 100. */
struct pyprof_error *pyprof_parse_percent(const char *text, double *ret)
	PYPROF_MUST_CHECK;

/**
 * "100hz", "1khz", or the time between samples, "10ms"; a bare number is hz.
 * Between PYPROF_RATE_MIN and PYPROF_RATE_MAX.
 */
struct pyprof_error *pyprof_parse_rate(const char *text, double *ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_COMMAND_UNITS_H */
