// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Times saving, loading and comparing a large profile, and writing it in each
 * format: formats STACKS FOLDER. Files are left in the folder as x.EXTENSION.
 * A line each: what, nanoseconds, bytes. Diff is what is computed, unwritten.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/profile/profile_diff.h"
#include "core/profile/profile_file.h"
#include "core/report/report.h"

#define FUNCTIONS 4000
#define THREADS 50

static void must(struct pyprof_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "formats: %s\n", err->message);
	exit(1);
}

static uint32_t dice(uint32_t sides)
{
	static uint64_t state = 11;
	state = state * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)((state >> 33) % sides);
}

/* Few have many callees, as in programs. */
static uint32_t low(uint32_t sides)
{
	uint32_t a = dice(sides), b = dice(sides);
	return a < b ? a : b;
}

__attribute__((__format__(__printf__, 2, 3))) static uint32_t
intern(struct pyprof_profile *profile, const char *format, ...)
{
	char text[80];
	uint32_t id;
	va_list ap;
	va_start(ap, format);
	int length = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	must(pyprof_strtab_intern(pyprof_profile_strings(profile), text,
				  (size_t)length, &id));
	return id;
}

static uint32_t a_function(struct pyprof_profile *profile, uint32_t n)
{
	struct pyprof_function function = {
		.name = intern(profile, "handle_request_%u", n),
		.qualname = intern(profile, "Worker%u.handle_request_%u",
				   n % 97, n),
		.file = intern(profile, "/srv/app/package_%u/module_%u.py",
			       n % 53, n % 211),
		.first_line = (int32_t)(n % 700 + 1),
	};
	uint32_t id;
	must(pyprof_profile_function(profile, &function, &id));
	return id;
}

/* One sample in each of so many stacks, up to 40 deep. */
static struct pyprof_profile *make(uint32_t count)
{
	struct pyprof_profile *profile;
	const struct pyprof_stack *stacks;
	uint32_t ids[THREADS];
	must(pyprof_profile_create(&profile));
	for (uint32_t i = 0; i < THREADS; i++) {
		struct pyprof_profile_thread thread = {
			.tid = (int32_t)i + 1,
			.name = intern(profile, "worker %u", i),
		};
		must(pyprof_profile_thread(profile, &thread, &ids[i]));
	}
	uint64_t now_ns = 0;
	while (pyprof_profile_stacks(profile, &stacks) <= count) {
		uint32_t stack =
			low((uint32_t)pyprof_profile_stacks(profile, &stacks));
		if (stacks[stack].depth >= 40)
			continue;
		struct pyprof_location location = {
			.function = a_function(profile, low(FUNCTIONS)),
			.line = (int32_t)dice(12) + 1,
		};
		uint32_t id;
		must(pyprof_profile_location(profile, &location, &id));
		must(pyprof_profile_stack(profile, stack, id, &stack));
		now_ns += 10000000;
		must(pyprof_profile_add(profile, stack, ids[dice(THREADS)],
					PYPROF_STATE_PYTHON,
					PYPROF_EXACT_PROVEN, now_ns, 10000000));
		pyprof_profile_meta(profile)->samples[PYPROF_EXACT_PROVEN]++;
	}
	pyprof_profile_meta(profile)->sampled_ns = now_ns;
	return profile;
}

static void put(const char *what, int64_t since, size_t bytes)
{
	printf("%s %lld %zu\n", what, (long long)(pyprof_clock_ns() - since),
	       bytes);
}

static void time_formats(const struct pyprof_profile *profile,
			 const char *folder)
{
	struct pyprof_report_options options = {.filter.states =
							PYPROF_FILTER_ALL};
	for (size_t i = 0; pyprof_report_formats[i]; i++) {
		_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
		const struct pyprof_report_format *format =
			pyprof_report_formats[i];
		char path[4096];
		int64_t start = pyprof_clock_ns();
		struct pyprof_error *err =
			format->write(profile, &options, &out);
		/* A build without the library of a format. */
		if (pyprof_error_catch(&err, PYPROF_ERROR_UNSUPPORTED))
			continue;
		must(err);
		put(format->name, start, out.length);
		snprintf(path, sizeof(path), "%s/x%s", folder,
			 format->extension);
		must(pyprof_report_save(path, &out));
	}
}

static void time_files(const struct pyprof_profile *profile)
{
	_cleanup_buf_ struct pyprof_buf saved = PYPROF_BUF_INIT;
	struct pyprof_profile *loaded;
	int64_t start = pyprof_clock_ns();
	must(pyprof_profile_save(profile, &saved));
	put("save", start, saved.length);
	start = pyprof_clock_ns();
	must(pyprof_profile_load(saved.data, saved.length, "x", &loaded));
	put("load", start, saved.length);
	const struct pyprof_filter all = {.states = PYPROF_FILTER_ALL};
	struct pyprof_profile_diff *diff;
	start = pyprof_clock_ns();
	must(pyprof_profile_diff_create(loaded, profile, &all,
					PYPROF_DIFF_BY_TIME, PYPROF_SORT_SELF,
					&diff));
	put("diff", start, 0);
	pyprof_profile_diff_destroy(diff);
	pyprof_profile_destroy(loaded);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	struct pyprof_profile *profile =
		make((uint32_t)strtoul(argv[1], NULL, 10));
	time_files(profile);
	time_formats(profile, argv[2]);
	pyprof_profile_destroy(profile);
	return 0;
}
