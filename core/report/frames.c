// SPDX-License-Identifier: Apache-2.0
#include "core/report/frames.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/utf8.h"

struct pyprof_error *pyprof_frames_init(const struct pyprof_profile *profile,
					struct pyprof_frames *ret)
{
	struct pyprof_frames frames = {.profile = profile};
	frames.function_count =
		pyprof_profile_functions(profile, &frames.functions);
	frames.location_count =
		pyprof_profile_locations(profile, &frames.locations);
	frames.stack_count = pyprof_profile_stacks(profile, &frames.stacks);
	frames.thread_count = pyprof_profile_threads(profile, &frames.threads);
	frames.tally_count = pyprof_profile_tallies(profile, &frames.tallies);
	for (size_t i = 0; i < frames.stack_count; i++) {
		if (frames.stacks[i].depth > frames.deepest)
			frames.deepest = frames.stacks[i].depth;
	}
	frames.path = calloc(frames.deepest + 1, sizeof(*frames.path));
	if (!frames.path)
		return pyprof_error_oom();
	*ret = frames;
	return NULL;
}

void pyprof_frames_deinit(struct pyprof_frames *frames)
{
	free(frames->path);
	frames->path = NULL;
}

uint32_t pyprof_function_label(const struct pyprof_function *function)
{
	return function->qualname ? function->qualname : function->name;
}

int32_t pyprof_frames_line(const struct pyprof_frames *frames,
			   uint32_t location)
{
	const struct pyprof_location *at = &frames->locations[location];
	int32_t line = at->line >= 0
			       ? at->line
			       : frames->functions[at->function].first_line;
	return line > 0 ? line : 0;
}

uint32_t pyprof_frames_path(const struct pyprof_frames *frames, uint32_t stack)
{
	uint32_t depth = frames->stacks[stack].depth;
	for (uint32_t i = depth; i-- > 0;) {
		frames->path[i] = frames->stacks[stack].location;
		stack = frames->stacks[stack].parent;
	}
	return depth;
}

void pyprof_frames_thread(const struct pyprof_frames *frames, uint32_t thread,
			  struct pyprof_buf *out)
{
	const struct pyprof_profile_thread *of = &frames->threads[thread];
	size_t length = pyprof_profile_string_length(frames->profile, of->name);
	if (!length) {
		pyprof_buf_printf(out, "thread %" PRId32, of->tid);
		return;
	}
	pyprof_buf_append(out, pyprof_profile_string(frames->profile, of->name),
			  length);
	pyprof_buf_printf(out, " (%" PRId32 ")", of->tid);
}

struct pyprof_times pyprof_frames_frameless(const struct pyprof_frames *frames,
					    const struct pyprof_filter *filter)
{
	struct pyprof_times times = {};
	for (size_t i = 0; i < frames->tally_count; i++) {
		const struct pyprof_tally *tally = &frames->tallies[i];
		if (tally->stack ||
		    !pyprof_filter_accepts(filter, frames->profile, tally))
			continue;
		times.self_ns += tally->ns;
		times.self_samples += tally->samples;
		times.self_group_ns[pyprof_states[tally->state].group] +=
			tally->ns;
	}
	return times;
}

/* How many bytes at the beginning are plain in every format. */
static size_t plain_length(const char *text, size_t length)
{
	size_t at = 0;
	while (at < length && text[at] >= 0x20 && text[at] < 0x7f)
		at++;
	return at;
}

static void put_text(struct pyprof_buf *out, const char *text, size_t length,
		     bool one_line)
{
	for (size_t at = 0; at < length;) {
		size_t plain = plain_length(text + at, length - at);
		pyprof_buf_append(out, text + at, plain);
		at += plain;
		if (at == length)
			break;
		unsigned char first = (unsigned char)text[at];
		size_t size = pyprof_utf8_character(text + at, length - at);
		if (one_line && (first < 0x20 || first == 0x7f))
			pyprof_buf_putc(out, ' ');
		else if (!size || !first)
			pyprof_buf_puts(out, PYPROF_UTF8_REPLACEMENT);
		else
			pyprof_buf_append(out, text + at, size);
		at += size ? size : 1;
	}
}

void pyprof_put_utf8(struct pyprof_buf *out, const char *text, size_t length)
{
	put_text(out, text, length, false);
}

void pyprof_put_one_line(struct pyprof_buf *out, const char *text,
			 size_t length)
{
	put_text(out, text, length, true);
}
