// SPDX-License-Identifier: Apache-2.0
#include "tests/support/make_profile.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_error.h"

struct pyprof_profile *test_profile(void)
{
	struct pyprof_profile *profile;
	ck_ok(pyprof_profile_create(&profile));
	return profile;
}

uint32_t test_string(struct pyprof_profile *profile, const char *text)
{
	uint32_t id;
	ck_ok(pyprof_strtab_intern(pyprof_profile_strings(profile), text,
				   strlen(text), &id));
	return id;
}

uint32_t test_thread(struct pyprof_profile *profile, int32_t tid,
		     const char *name)
{
	struct pyprof_profile_thread thread = {
		.tid = tid,
		.ident = 0x7f0000000000 + (uint64_t)tid,
		.name = test_string(profile, name),
		.is_main = tid == 1,
	};
	uint32_t id;
	ck_ok(pyprof_profile_thread(profile, &thread, &id));
	return id;
}

static uint32_t make_location(struct pyprof_profile *profile, char *frame)
{
	char *file = strchr(frame, '@');
	char *line = strrchr(frame, ':');
	ck_assert_msg(file && line > file, "no frame: %s", frame);
	*file++ = *line++ = '\0';
	char *first = strchr(line, '/');
	struct pyprof_function function = {
		.name = test_string(profile, frame),
		.qualname = test_string(profile, frame),
		.file = test_string(profile, file),
		.first_line = first ? atoi(first + 1) : 1,
	};
	struct pyprof_location location = {.line = atoi(line)};
	uint32_t id;
	ck_ok(pyprof_profile_function(profile, &function, &location.function));
	ck_ok(pyprof_profile_location(profile, &location, &id));
	return id;
}

uint32_t test_stack(struct pyprof_profile *profile, const char *frames)
{
	char *copy = strdup(frames);
	char *rest = copy;
	uint32_t stack = 0;
	for (char *frame; (frame = strsep(&rest, " "));) {
		if (*frame)
			ck_ok(pyprof_profile_stack(
				profile, stack, make_location(profile, frame),
				&stack));
	}
	free(copy);
	return stack;
}

uint64_t test_clock(const struct pyprof_profile *profile)
{
	const struct pyprof_tally *tallies;
	size_t count = pyprof_profile_tallies(profile, &tallies);
	uint64_t ns = 0;
	for (size_t i = 0; i < count; i++)
		ns += tallies[i].ns;
	return ns;
}

void test_add(struct pyprof_profile *profile, const char *frames,
	      uint32_t thread, enum pyprof_state state, unsigned times)
{
	uint32_t stack = test_stack(profile, frames);
	uint64_t now = test_clock(profile);
	for (unsigned i = 0; i < times; i++) {
		now += TEST_SAMPLE_NS;
		ck_ok(pyprof_profile_add(profile, stack, thread, state,
					 PYPROF_EXACT_PROVEN, now,
					 TEST_SAMPLE_NS));
	}
}

void test_add_part(struct pyprof_profile *profile, const char *frames,
		   uint32_t thread, enum pyprof_state state, int32_t column,
		   int32_t end_column, unsigned times)
{
	const struct pyprof_stack *stacks;
	const struct pyprof_location *locations;
	test_add(profile, frames, thread, state, times);
	uint32_t stack = test_stack(profile, frames);
	pyprof_profile_stacks(profile, &stacks);
	pyprof_profile_locations(profile, &locations);
	uint32_t location = stacks[stack].location;
	struct pyprof_span span = {
		.location = location,
		.thread = thread,
		.state = state,
		.columns = {column, locations[location].line, end_column},
		.samples = times,
		.ns = times * TEST_SAMPLE_NS,
	};
	ck_ok(pyprof_profile_add_span(profile, &span));
}
