// SPDX-License-Identifier: Apache-2.0
#include "core/command/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/sampler/sampler.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = {
	{"ns", 1},     {"us", 1e3},  {"µs", 1e3}, {"ms", 1e6},
	{"s", 1e9},    {"sec", 1e9}, {"m", 60e9}, {"min", 60e9},
	{"h", 3600e9}, {"", 1e9},    {NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1},	{"b", 1},	 {"k", 1024},	   {"kb", 1024},
	{"kib", 1024},	{"m", 1 << 20},	 {"mb", 1 << 20},  {"mib", 1 << 20},
	{"g", 1 << 30}, {"gb", 1 << 30}, {"gib", 1 << 30}, {NULL, 0},
};

static const struct unit rate_units[] = {
	{"", 1}, {"hz", 1}, {"khz", 1e3}, {"mhz", 1e6}, {NULL, 0},
};

static const struct unit percent_units[] = {
	{"", 1},
	{"%", 1},
	{NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/**
 * Read "-12.5" and return what follows it, or NULL when it is no number.
 * Not strtod(): that reads by the locale, and takes "inf" and "0x1p3".
 */
static const char *read_number(const char *text, double *ret)
{
	bool is_negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	bool any = false;
	double value = 0;
	for (; is_digit(*text); text++, any = true)
		value = value * 10 + (*text - '0');
	if (*text == '.') {
		text++;
		for (double scale = 0.1; is_digit(*text);
		     text++, any = true, scale /= 10)
			value += (*text - '0') * scale;
	}
	*ret = is_negative ? -value : value;
	return any ? text : NULL;
}

/** False when it is not a number with one of these units. */
static bool read_quantity(const char *text, const struct unit *units,
			  double *ret)
{
	double number = 0;
	const char *rest = read_number(text, &number);
	if (!rest)
		return false;
	while (*rest == ' ')
		rest++;
	for (; units->name; units++) {
		if (strcasecmp(rest, units->name) == 0) {
			*ret = number * units->factor;
			return true;
		}
	}
	return false;
}

struct pyprof_error *pyprof_parse_integer(const char *text, int64_t *ret)
{
	const char *digits = text + (*text == '-' || *text == '+');
	int64_t value = 0;
	bool fits = is_digit(*digits);
	for (; fits && is_digit(*digits); digits++)
		fits = !__builtin_mul_overflow(value, 10, &value) &&
		       !__builtin_add_overflow(value, *digits - '0', &value);
	if (!fits || *digits)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "%.60s is not a whole number", text);
	*ret = *text == '-' ? -value : value;
	return NULL;
}

struct pyprof_error *pyprof_parse_time(const char *text, int64_t *ret)
{
	double ns = 0;
	if (!read_quantity(text, time_units, &ns))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%.60s is not a time; write 250us, 10ms, 2s or 1min",
			text);
	/* A year; far below what 64 bits of ns hold. */
	if (!(ns > 0 && ns <= 366.0 * 24 * 3600e9))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"time %.60s is not between 1ns and a year", text);
	*ret = (int64_t)ns;
	return NULL;
}

struct pyprof_error *pyprof_parse_size(const char *text, int64_t *ret)
{
	double bytes = 0;
	if (!read_quantity(text, size_units, &bytes))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%.60s is not a size; write 512kb, 64mb or 1gb", text);
	if (!(bytes >= 0 && bytes <= 0x1p60))
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "size %.60s is out of range", text);
	*ret = (int64_t)bytes;
	return NULL;
}

/** The value of a digit in any base; 16 when it is none. */
static unsigned digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

struct pyprof_error *pyprof_parse_address(const char *text, uint64_t *ret)
{
	bool is_hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	unsigned base = is_hex ? 16 : 10;
	const char *digits = text + (is_hex ? 2 : 0);
	uint64_t value = 0;
	bool fits = *digits;
	for (; fits && *digits; digits++) {
		unsigned digit = digit_value(*digits);
		fits = digit < base &&
		       !__builtin_mul_overflow(value, base, &value) &&
		       !__builtin_add_overflow(value, digit, &value);
	}
	if (!fits)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "%.60s is not an address; write "
					   "0x7f0012345678, or decimal as id() "
					   "prints it",
					   text);
	*ret = value;
	return NULL;
}

struct pyprof_error *pyprof_parse_percent(const char *text, double *ret)
{
	double percent = 0;
	if (!read_quantity(text, percent_units, &percent))
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "%.60s is not a share; write 5%%",
					   text);
	if (!(percent > 0 && percent <= 100))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"share %.60s is not above 0%% and at most 100%%", text);
	*ret = percent;
	return NULL;
}

struct pyprof_error *pyprof_parse_rate(const char *text, double *ret)
{
	double hz = 0, period = 0;
	if (!read_quantity(text, rate_units, &hz)) {
		if (!read_quantity(text, time_units, &period))
			return pyprof_error_create(PYPROF_ERROR_USAGE,
						   "%.60s is not a rate; write "
						   "100hz, 1khz or 10ms",
						   text);
		hz = period > 0 ? PYPROF_NS_PER_SECOND / period : 0;
	}
	/* Written so that what is not a number fails too. */
	if (!(hz >= PYPROF_RATE_MIN && hz <= PYPROF_RATE_MAX))
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"rate %.60s is not between %ghz and %gkhz", text,
			PYPROF_RATE_MIN, PYPROF_RATE_MAX / 1000);
	*ret = hz;
	return NULL;
}
