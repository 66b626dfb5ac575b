// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* A whole number of 10^-decimals, with its point. */
static void put_scaled(struct pyprof_buf *out, uint64_t scaled,
		       unsigned decimals)
{
	uint64_t unit = 1;
	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	pyprof_buf_printf(out, "%" PRIu64, scaled / unit);
	if (decimals)
		pyprof_buf_printf(out, ".%0*" PRIu64, (int)decimals,
				  scaled % unit);
}

void pyprof_show_seconds(struct pyprof_buf *out, uint64_t ns)
{
	put_scaled(out, ns / 1000000 + (ns % 1000000 >= 500000), 3);
}

void pyprof_show_decimal(struct pyprof_buf *out, double value,
			 unsigned decimals)
{
	double scaled = value < 0 ? -value : value;
	if (decimals > 9)
		decimals = 9;
	for (unsigned i = 0; i < decimals; i++)
		scaled *= 10;
	if (!(scaled < 1e18)) {
		pyprof_buf_puts(out, value == value ? "huge" : "-");
		return;
	}
	uint64_t rounded = (uint64_t)(scaled + 0.5);
	if (value < 0 && rounded)
		pyprof_buf_putc(out, '-');
	put_scaled(out, rounded, decimals);
}

void pyprof_show_grouped(struct pyprof_buf *out, uint64_t number)
{
	char digits[24];
	int count = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	for (int i = 0; i < count; i++) {
		if (i && (count - i) % 3 == 0)
			pyprof_buf_putc(out, ',');
		pyprof_buf_putc(out, digits[i]);
	}
}

void pyprof_show_size(struct pyprof_buf *out, uint64_t bytes)
{
	static const char *const units[] = {"KB", "MB", "GB", "TB",
					    "PB", "EB", NULL};
	if (bytes < 1000) {
		pyprof_show_count(out, bytes, "byte");
		return;
	}
	double value = (double)bytes / 1024;
	size_t unit = 0;
	for (; value >= 999.5 && units[unit + 1]; unit++)
		value /= 1024;
	pyprof_show_decimal(out, value,
			    value < 9.995   ? 2
			    : value < 99.95 ? 1
					    : 0);
	pyprof_buf_printf(out, " %s", units[unit]);
}

void pyprof_show_duration(struct pyprof_buf *out, uint64_t ns)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {
		{1, "ns"},
		{1000, "us"},
		{1000000, "ms"},
		{1000000000, "s"},
	};
	if (ns >= UINT64_C(99950000000)) {
		uint64_t seconds =
			ns / 1000000000 + (ns % 1000000000 >= 500000000);
		if (seconds >= 3600)
			pyprof_buf_printf(out, "%" PRIu64 " h ",
					  seconds / 3600);
		pyprof_buf_printf(out, "%" PRIu64 " min %" PRIu64 " s",
				  seconds / 60 % 60, seconds % 60);
		return;
	}
	unsigned i = 0;
	while (i < 3 && ns >= units[i + 1].unit)
		i++;
	uint64_t unit = units[i].unit;
	bool is_short = i && ns < 10 * unit - unit / 20;
	if (i == 3 || is_short)
		put_scaled(out, (ns + unit / 20) / (unit / 10), 1);
	else
		put_scaled(out, (ns + unit / 2) / unit, 0);
	pyprof_buf_printf(out, " %s", units[i].name);
}

void pyprof_show_percent(struct pyprof_buf *out, uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;
	if (part && percent < 0.05) {
		pyprof_buf_puts(out, "<0.1 %");
		return;
	}
	pyprof_show_decimal(out, percent, 1);
	pyprof_buf_puts(out, " %");
}

void pyprof_show_left_out(struct pyprof_buf *out, uint64_t shown, uint64_t all,
			  const char *noun)
{
	if (shown >= all)
		return;
	pyprof_buf_puts(out, "# ");
	pyprof_show_grouped(out, shown);
	pyprof_buf_puts(out, " of ");
	pyprof_show_grouped(out, all);
	pyprof_buf_printf(out, " %ss shown\n", noun);
}

void pyprof_show_program(struct pyprof_buf *out, const char *core_path,
			 const char *program, int32_t pid)
{
	if (core_path)
		pyprof_buf_puts(out, core_path);
	else if (*program)
		pyprof_buf_printf(out, "%s (pid %d)", program, pid);
	else
		pyprof_buf_printf(out, "process %d", pid);
}

void pyprof_show_count(struct pyprof_buf *out, uint64_t count, const char *noun)
{
	pyprof_buf_printf(out, "%" PRIu64 " %s%s", count, noun,
			  count == 1 ? "" : "s");
}

/* Where the end of a path that has at most `columns` columns begins. */
static size_t suffix_start(const char *path, size_t length, size_t columns)
{
	size_t start = 0, left = pyprof_utf8_columns(path, length);
	while (left > columns) {
		uint32_t character;
		start += pyprof_utf8_decode(path + start, length - start,
					    &character);
		left -= pyprof_utf8_width(character);
	}
	return start;
}

/* Where the part before the one at `start` begins; `start` if none is. */
static size_t previous_part(const char *path, size_t start)
{
	size_t at = start;
	while (at && path[at - 1] != '/')
		at--;
	return at ? at - 1 : start;
}

/* The start of the longest run of last parts that fits, or `start`. */
static size_t extend_tail(const char *path, size_t length, size_t start,
			  size_t columns)
{
	for (;;) {
		size_t at = previous_part(path, start);
		if (at == start ||
		    pyprof_utf8_columns(path + at, length - at) > columns)
			return start;
		start = at;
	}
}

void pyprof_show_path(struct pyprof_buf *out, const char *path, size_t length,
		      size_t columns)
{
	if (pyprof_utf8_columns(path, length) <= columns) {
		pyprof_buf_append(out, path, length);
		return;
	}
	if (!columns)
		return;
	/* One column is the ellipsis's. */
	columns--;
	size_t tail = previous_part(path, length);
	if (tail == length ||
	    pyprof_utf8_columns(path + tail, length - tail) > columns) {
		tail = suffix_start(path, length, columns);
		pyprof_buf_puts(out, ELLIPSIS);
		pyprof_buf_append(out, path + tail, length - tail);
		return;
	}
	/* Two last parts, then first ones, then what more of the last fits. */
	size_t two = previous_part(path, tail);
	if (pyprof_utf8_columns(path + two, length - two) <= columns)
		tail = two;
	tail = extend_tail(path, length, tail, columns * 2 / 3);
	size_t used = pyprof_utf8_columns(path + tail, length - tail);
	size_t head = pyprof_utf8_fit(path, tail, columns - used);
	while (head && path[head - 1] != '/')
		head--;
	if (head == 1)
		head = 0;
	used = pyprof_utf8_columns(path, head);
	tail = extend_tail(path, length, tail, columns - used);
	pyprof_buf_append(out, path, head);
	pyprof_buf_puts(out, ELLIPSIS);
	pyprof_buf_append(out, path + tail, length - tail);
}
