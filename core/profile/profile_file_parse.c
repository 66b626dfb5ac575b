// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/profile/profile_file_load.h"

/* What stands for a word that this version does not know. */
#define UNKNOWN UINT32_MAX

/*
 * Numbers and text of a section.
 */

static uint64_t get(struct pyprof_section_reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (reader->at == reader->end)
			break;
		uint8_t byte = *reader->at++;
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->bad = true;
	reader->at = reader->end;
	return 0;
}

static uint64_t get_up_to(struct pyprof_section_reader *reader, uint64_t most)
{
	uint64_t value = get(reader);
	if (value > most)
		reader->bad = true;
	return value > most ? 0 : value;
}

static uint32_t get_u32(struct pyprof_section_reader *reader)
{
	return (uint32_t)get_up_to(reader, UINT32_MAX);
}

static int64_t get_signed(struct pyprof_section_reader *reader)
{
	uint64_t value = get(reader);
	return (int64_t)((value >> 1) ^ -(value & 1));
}

static int32_t get_i32(struct pyprof_section_reader *reader)
{
	int64_t value = get_signed(reader);
	if (value < INT32_MIN || value > INT32_MAX)
		reader->bad = true;
	return reader->bad ? 0 : (int32_t)value;
}

static const char *get_text(struct pyprof_section_reader *reader,
			    size_t *length_ret)
{
	size_t left = (size_t)(reader->end - reader->at);
	size_t length = get_up_to(reader, left);
	if (length > (size_t)(reader->end - reader->at))
		reader->bad = true;
	if (reader->bad)
		length = 0;
	const char *text = (const char *)reader->at;
	reader->at += length;
	*length_ret = length;
	return text;
}

static bool has_more(const struct pyprof_section_reader *reader)
{
	return !reader->bad && reader->at < reader->end;
}

/*
 * The sections. What they refer to is checked by the profile that is built.
 */

static const char *state_word(unsigned i)
{
	return pyprof_states[i].word;
}

static const char *exactness_word(unsigned i)
{
	return pyprof_exactnesses[i].word;
}

static const char *error_word(unsigned i)
{
	return pyprof_error_code_name(i);
}

static void take_words(struct pyprof_section_reader *reader,
		       const char *(*word_of)(unsigned i), unsigned known,
		       struct pyprof_profile_words *words)
{
	words->count = get_up_to(reader, PYPROF_PROFILE_WORDS_MAX);
	for (uint64_t i = 0; i < words->count && !reader->bad; i++) {
		size_t length;
		const char *text = get_text(reader, &length);
		words->ids[i] = UNKNOWN;
		for (unsigned id = 0; id < known; id++)
			if (strlen(word_of(id)) == length &&
			    memcmp(word_of(id), text, length) == 0)
				words->ids[i] = id;
	}
}

static void take_pauses(struct pyprof_section_reader *reader,
			struct pyprof_pauses *pauses)
{
	pauses->count = get(reader);
	pauses->total_ns = get(reader);
	pauses->max_ns = get(reader);
	uint64_t used = get_up_to(reader, PYPROF_PAUSE_BUCKETS);
	for (uint64_t i = 0; i < used && !reader->bad; i++) {
		uint64_t bucket = get_up_to(reader, PYPROF_PAUSE_BUCKETS - 1);
		pauses->buckets[bucket] = get(reader);
	}
}

static void take_counts(struct pyprof_profile_loading *loading,
			struct pyprof_section_reader *reader,
			struct pyprof_profile_meta *meta)
{
	for (uint64_t i = 0; i < loading->exactnesses.count; i++) {
		uint64_t samples = get(reader);
		if (loading->exactnesses.ids[i] != UNKNOWN)
			meta->samples[loading->exactnesses.ids[i]] = samples;
		else if (samples)
			reader->bad = true;
	}
	for (uint64_t i = 0; i < loading->errors.count; i++) {
		/* Of an error unknown here it is enough to know that it was. */
		uint64_t bad = get(reader);
		uint32_t code = loading->errors.ids[i];
		meta->bad[code != UNKNOWN ? code : PYPROF_ERROR_UNSUPPORTED] +=
			bad;
	}
}

static struct pyprof_error *take_meta(struct pyprof_profile_loading *loading,
				      struct pyprof_section_reader *reader)
{
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(loading->profile);
	if (loading->has_meta) {
		reader->bad = true;
		return NULL;
	}
	take_words(reader, state_word, PYPROF_STATE_COUNT, &loading->states);
	take_words(reader, exactness_word, PYPROF_EXACT_COUNT,
		   &loading->exactnesses);
	take_words(reader, error_word, PYPROF_ERROR_COUNT, &loading->errors);
	uint32_t *const strings[] = {
		&meta->command_line, &meta->python_version,
		&meta->python_build, &meta->layout_source,
		&meta->host,	     &meta->debugger,
		&meta->mode,
	};
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		*strings[i] = get_u32(reader);
	meta->pid = get_i32(reader);
	meta->started_at = get_signed(reader);
	uint64_t rate = get(reader);
	memcpy(&meta->rate_hz, &rate, sizeof(rate));
	if (!(meta->rate_hz >= 0 && meta->rate_hz <= 1e9))
		reader->bad = true;
	meta->sampled_ns = get(reader);
	meta->missed = get(reader);
	meta->cut = get(reader);
	take_counts(loading, reader, meta);
	take_pauses(reader, &meta->pauses);
	loading->slice_ns = get_up_to(reader, INT64_MAX);
	loading->all_samples = get_up_to(reader, INT64_MAX);
	loading->all_ns = get_up_to(reader, INT64_MAX);
	meta->lost = get_up_to(reader, INT64_MAX);
	/* Files of before spans, and of before the directory, end earlier. */
	if (has_more(reader))
		meta->spans_lost = get(reader);
	if (has_more(reader))
		meta->cwd = get_u32(reader);
	if (has_more(reader))
		loading->all_span_samples = get(reader);
	loading->has_meta = !reader->bad;
	return NULL;
}

/* Ids count up as they did when it was saved: nothing comes twice. */
static void expect(struct pyprof_section_reader *reader, size_t id,
		   size_t expected)
{
	if (id != expected)
		reader->bad = true;
}

static struct pyprof_error *take_strings(struct pyprof_profile_loading *loading,
					 struct pyprof_section_reader *reader)
{
	struct pyprof_strtab *strings =
		pyprof_profile_strings(loading->profile);
	while (has_more(reader)) {
		size_t length;
		uint32_t id, expected = pyprof_strtab_count(strings);
		const char *text = get_text(reader, &length);
		struct pyprof_error *err =
			reader->bad ? NULL
				    : pyprof_strtab_intern(strings, text,
							   length, &id);
		if (err || reader->bad)
			return err;
		expect(reader, id, expected);
	}
	return NULL;
}

static uint32_t get_string(const struct pyprof_profile_loading *loading,
			   struct pyprof_section_reader *reader)
{
	return (uint32_t)get_up_to(
		reader, pyprof_strtab_count(pyprof_profile_strings_const(
				loading->profile)) -
				1);
}

static struct pyprof_error *
take_functions(struct pyprof_profile_loading *loading,
	       struct pyprof_section_reader *reader)
{
	const struct pyprof_function *all;
	while (has_more(reader)) {
		uint32_t id;
		size_t expected =
			pyprof_profile_functions(loading->profile, &all);
		struct pyprof_function function = {
			.name = get_string(loading, reader),
			.qualname = get_string(loading, reader),
			.file = get_string(loading, reader),
			.first_line = get_i32(reader),
		};
		struct pyprof_error *err =
			reader->bad ? NULL
				    : pyprof_profile_function(loading->profile,
							      &function, &id);
		if (err || reader->bad)
			return err;
		expect(reader, id, expected);
	}
	return NULL;
}

static struct pyprof_error *
take_locations(struct pyprof_profile_loading *loading,
	       struct pyprof_section_reader *reader)
{
	const struct pyprof_location *all;
	while (has_more(reader)) {
		uint32_t id;
		size_t expected =
			pyprof_profile_locations(loading->profile, &all);
		struct pyprof_location location = {
			.function = get_u32(reader),
			.line = get_i32(reader),
		};
		struct pyprof_error *err =
			reader->bad ? NULL
				    : pyprof_profile_location(loading->profile,
							      &location, &id);
		if (err || reader->bad)
			return err;
		expect(reader, id, expected);
	}
	return NULL;
}

static struct pyprof_error *take_stacks(struct pyprof_profile_loading *loading,
					struct pyprof_section_reader *reader)
{
	const struct pyprof_stack *all;
	while (has_more(reader)) {
		uint32_t id;
		size_t expected = pyprof_profile_stacks(loading->profile, &all);
		uint64_t back = get_up_to(reader, expected);
		uint32_t location = get_u32(reader);
		struct pyprof_error *err =
			reader->bad ? NULL
				    : pyprof_profile_stack(
					      loading->profile,
					      (uint32_t)(expected - back),
					      location, &id);
		if (err || reader->bad)
			return err;
		expect(reader, id, expected);
	}
	return NULL;
}

static struct pyprof_error *take_threads(struct pyprof_profile_loading *loading,
					 struct pyprof_section_reader *reader)
{
	const struct pyprof_profile_thread *all;
	while (has_more(reader)) {
		uint32_t id;
		size_t expected =
			pyprof_profile_threads(loading->profile, &all);
		struct pyprof_profile_thread thread = {
			.tid = get_i32(reader),
			.ident = get(reader),
			.name = get_string(loading, reader),
			.interp_id = get_signed(reader),
			.is_main = get_up_to(reader, 1) != 0,
		};
		struct pyprof_error *err =
			reader->bad ? NULL
				    : pyprof_profile_thread(loading->profile,
							    &thread, &id);
		if (err || reader->bad)
			return err;
		expect(reader, id, expected);
	}
	return NULL;
}

static uint32_t get_word(struct pyprof_section_reader *reader,
			 const struct pyprof_profile_words *words)
{
	uint64_t i = get(reader);
	if (i >= words->count || words->ids[i] == UNKNOWN)
		reader->bad = true;
	return reader->bad ? 0 : words->ids[i];
}

static struct pyprof_error *take_tallies(struct pyprof_profile_loading *loading,
					 struct pyprof_section_reader *reader)
{
	while (has_more(reader)) {
		struct pyprof_tally tally = {
			.stack = get_u32(reader),
			.thread = get_u32(reader),
			.state = get_word(reader, &loading->states),
			.exactness = get_word(reader, &loading->exactnesses),
		};
		if (!reader->bad && !pyprof_vec_push(&loading->tallies, tally))
			return pyprof_error_oom();
	}
	return NULL;
}

static struct pyprof_error *take_moment(struct pyprof_profile_loading *loading,
					struct pyprof_section_reader *reader)
{
	uint64_t later_ns = get_up_to(reader, INT64_MAX - loading->at_ns);
	struct pyprof_moment moment = {
		.at_ns = loading->at_ns + later_ns,
		.ns = get_up_to(reader, loading->all_ns - loading->ns),
		.tally = get_u32(reader),
		.samples = get_u32(reader),
	};
	if (moment.tally >= loading->tallies.count || !moment.samples ||
	    moment.samples > loading->all_samples - loading->samples)
		reader->bad = true;
	if (reader->bad)
		return NULL;
	struct pyprof_error *err = pyprof_profile_restore(
		loading->profile, &loading->tallies.items[moment.tally],
		&moment, loading->slice_ns);
	if (err)
		return err;
	loading->at_ns = moment.at_ns;
	loading->ns += moment.ns;
	loading->samples += moment.samples;
	return NULL;
}

static struct pyprof_error *take_moments(struct pyprof_profile_loading *loading,
					 struct pyprof_section_reader *reader)
{
	struct pyprof_error *err = NULL;
	while (!err && has_more(reader))
		err = take_moment(loading, reader);
	return err;
}

/* The line that a column is of and the end is counted from. */
static int32_t get_end_line(const struct pyprof_profile_loading *loading,
			    struct pyprof_section_reader *reader,
			    uint32_t location)
{
	const struct pyprof_location *locations;
	size_t count = pyprof_profile_locations(loading->profile, &locations);
	int32_t line = location < count ? locations[location].line : -1;
	if (line < 0)
		reader->bad = true;
	return reader->bad
		       ? 0
		       : line + (int32_t)get_up_to(
					reader, (uint64_t)(INT32_MAX - line));
}

static struct pyprof_error *take_span(struct pyprof_profile_loading *loading,
				      struct pyprof_section_reader *reader)
{
	struct pyprof_span span = {
		.location = get_u32(reader),
		.thread = get_u32(reader),
		.state = get_word(reader, &loading->states),
	};
	span.columns.column = (int32_t)get_up_to(reader, INT32_MAX);
	span.columns.end_line = get_end_line(loading, reader, span.location);
	span.columns.end_column = (int32_t)get_up_to(reader, INT32_MAX);
	span.samples =
		get_up_to(reader, loading->samples - loading->span_samples);
	span.ns = get_up_to(reader, loading->ns - loading->span_ns);
	if (!span.samples)
		reader->bad = true;
	if (reader->bad)
		return NULL;
	loading->span_samples += span.samples;
	loading->span_ns += span.ns;
	return pyprof_profile_add_span(loading->profile, &span);
}

static struct pyprof_error *take_spans(struct pyprof_profile_loading *loading,
				       struct pyprof_section_reader *reader)
{
	struct pyprof_error *err = NULL;
	while (!err && has_more(reader))
		err = take_span(loading, reader);
	return err;
}

static struct pyprof_error *take_end(struct pyprof_profile_loading *loading,
				     struct pyprof_section_reader *reader)
{
	loading->is_whole = loading->samples == loading->all_samples &&
			    loading->ns == loading->all_ns;
	reader->bad = !loading->is_whole;
	return NULL;
}

static const struct {
	const char *tag;
	struct pyprof_error *(*take)(struct pyprof_profile_loading *loading,
				     struct pyprof_section_reader *reader);
} sections[] = {
	{"META", take_meta},	  {"STRS", take_strings},
	{"FUNC", take_functions}, {"LOCS", take_locations},
	{"STAK", take_stacks},	  {"THRD", take_threads},
	{"TALY", take_tallies},	  {"MOMS", take_moments},
	{"SPAN", take_spans},	  {"END ", take_end},
};

struct pyprof_error *
pyprof_profile_parse(struct pyprof_profile_loading *loading, const uint8_t *tag,
		     struct pyprof_section_reader *reader)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		if (memcmp(tag, sections[i].tag, 4) != 0)
			continue;
		/* All others need what the first one says. */
		reader->bad = i && !loading->has_meta;
		return reader->bad ? NULL : sections[i].take(loading, reader);
	}
	return NULL;
}
