// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/compress.h"
#include "core/profile/profile_file.h"
#include "core/profile/profile_file_format.h"

struct writer {
	const struct pyprof_profile *profile;
	struct pyprof_buf *out;
	/* The section being made, and where it is compressed to. */
	struct pyprof_buf section, packed;
	/* NULL: write them plain. */
	struct pyprof_compressor *compressor;
	struct pyprof_error *err;
};

static void put(struct writer *writer, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		pyprof_buf_putc(&writer->section,
				(char)((value & 0x7f) | 0x80));
	pyprof_buf_putc(&writer->section, (char)value);
}

static void put_signed(struct writer *writer, int64_t value)
{
	put(writer, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static void put_bytes(struct writer *writer, const char *text, size_t length)
{
	put(writer, length);
	pyprof_buf_append(&writer->section, text, length);
}

static void put_text(struct writer *writer, const char *text)
{
	put_bytes(writer, text, strlen(text));
}

static void store(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

/* The section as it is to be stored. */
static const struct pyprof_buf *pack(struct writer *writer,
				     enum pyprof_section_encoding *encoding_ret)
{
	struct pyprof_buf *packed = &writer->packed;
	*encoding_ret = PYPROF_SECTION_PLAIN;
	if (!writer->compressor)
		return &writer->section;
	pyprof_buf_clear(packed);
	char *room = pyprof_buf_reserve(
		packed, pyprof_compress_bound(writer->section.length));
	if (!room)
		return &writer->section;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_compress(writer->compressor, writer->section.data,
				writer->section.length, room, &packed->length);
	if (err || packed->length >= writer->section.length)
		return &writer->section;
	*encoding_ret = PYPROF_SECTION_ZSTD;
	return packed;
}

static void end_section(struct writer *writer, const char *tag)
{
	uint8_t head[PYPROF_SECTION_HEAD];
	enum pyprof_section_encoding encoding;
	if (!writer->err)
		writer->err = pyprof_buf_error(&writer->section);
	if (!writer->err && writer->section.length > PYPROF_SECTION_MAX)
		writer->err = pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"a name in the profile is too long to be saved");
	if (writer->err)
		return;
	const struct pyprof_buf *stored = pack(writer, &encoding);
	memcpy(head, tag, 4);
	store(head + 4, encoding, 4);
	store(head + 8, stored->length, 4);
	store(head + 12, writer->section.length, 4);
	uint64_t sum = pyprof_section_checksum(0, head, PYPROF_SECTION_CHECKED);
	sum = pyprof_section_checksum(sum, (const uint8_t *)stored->data,
				      stored->length);
	store(head + PYPROF_SECTION_CHECKED, sum, 8);
	pyprof_buf_append(writer->out, head, sizeof(head));
	pyprof_buf_append(writer->out, stored->data, stored->length);
	pyprof_buf_clear(&writer->section);
}

/* Items of one kind follow each other; now and then a section ends. */
static void end_item(struct writer *writer, const char *tag)
{
	if (writer->section.length > PYPROF_SECTION_BYTES)
		end_section(writer, tag);
}

static void end_items(struct writer *writer, const char *tag)
{
	if (writer->section.length)
		end_section(writer, tag);
}

static void put_words(struct writer *writer)
{
	put(writer, PYPROF_STATE_COUNT);
	for (unsigned i = 0; i < PYPROF_STATE_COUNT; i++)
		put_text(writer, pyprof_states[i].word);
	put(writer, PYPROF_EXACT_COUNT);
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		put_text(writer, pyprof_exactnesses[i].word);
	put(writer, PYPROF_ERROR_COUNT);
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++)
		put_text(writer, pyprof_error_code_name(i));
}

static void put_pauses(struct writer *writer,
		       const struct pyprof_pauses *pauses)
{
	size_t used = 0;
	for (size_t i = 0; i < PYPROF_PAUSE_BUCKETS; i++)
		used += pauses->buckets[i] != 0;
	put(writer, pauses->count);
	put(writer, pauses->total_ns);
	put(writer, pauses->max_ns);
	put(writer, used);
	for (size_t i = 0; i < PYPROF_PAUSE_BUCKETS; i++) {
		if (!pauses->buckets[i])
			continue;
		put(writer, i);
		put(writer, pauses->buckets[i]);
	}
}

static uint64_t span_samples(const struct pyprof_profile *profile)
{
	const struct pyprof_span *spans;
	size_t count = pyprof_profile_spans(profile, &spans);
	uint64_t samples = 0;
	for (size_t i = 0; i < count; i++)
		samples += spans[i].samples;
	return samples;
}

static void put_meta(struct writer *writer)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(writer->profile);
	const struct pyprof_moment *moments;
	uint64_t slice_ns, rate, samples = 0, ns = 0;
	size_t count =
		pyprof_profile_moments(writer->profile, &moments, &slice_ns);
	for (size_t i = 0; i < count; i++) {
		samples += moments[i].samples;
		ns += moments[i].ns;
	}
	_Static_assert(sizeof(rate) == sizeof(meta->rate_hz), "IEEE 754");
	memcpy(&rate, &meta->rate_hz, sizeof(rate));
	put_words(writer);
	const uint32_t strings[] = {
		meta->command_line,  meta->python_version, meta->python_build,
		meta->layout_source, meta->host,	   meta->debugger,
		meta->mode,
	};
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		put(writer, strings[i]);
	put_signed(writer, meta->pid);
	put_signed(writer, meta->started_at);
	put(writer, rate);
	put(writer, meta->sampled_ns);
	put(writer, meta->missed);
	put(writer, meta->cut);
	for (unsigned i = 0; i < PYPROF_EXACT_COUNT; i++)
		put(writer, meta->samples[i]);
	for (unsigned i = 0; i < PYPROF_ERROR_COUNT; i++)
		put(writer, meta->bad[i]);
	put_pauses(writer, &meta->pauses);
	put(writer, slice_ns);
	put(writer, samples);
	put(writer, ns);
	put(writer, meta->lost);
	put(writer, meta->spans_lost);
	put(writer, meta->cwd);
	put(writer, span_samples(writer->profile));
	end_section(writer, "META");
}

static void put_strings(struct writer *writer)
{
	const struct pyprof_strtab *strings =
		pyprof_profile_strings_const(writer->profile);
	for (uint32_t i = 1; i < pyprof_strtab_count(strings); i++) {
		put_bytes(writer, pyprof_strtab_get(strings, i),
			  pyprof_strtab_length(strings, i));
		end_item(writer, "STRS");
	}
	end_items(writer, "STRS");
}

static void put_places(struct writer *writer)
{
	const struct pyprof_function *functions;
	const struct pyprof_location *locations;
	size_t count = pyprof_profile_functions(writer->profile, &functions);
	for (size_t i = 0; i < count; i++) {
		put(writer, functions[i].name);
		put(writer, functions[i].qualname);
		put(writer, functions[i].file);
		put_signed(writer, functions[i].first_line);
		end_item(writer, "FUNC");
	}
	end_items(writer, "FUNC");
	count = pyprof_profile_locations(writer->profile, &locations);
	for (size_t i = 0; i < count; i++) {
		put(writer, locations[i].function);
		put_signed(writer, locations[i].line);
		end_item(writer, "LOCS");
	}
	end_items(writer, "LOCS");
}

static void put_stacks(struct writer *writer)
{
	const struct pyprof_stack *stacks;
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_stacks(writer->profile, &stacks);
	for (size_t i = 1; i < count; i++) {
		put(writer, i - stacks[i].parent);
		put(writer, stacks[i].location);
		end_item(writer, "STAK");
	}
	end_items(writer, "STAK");
	count = pyprof_profile_threads(writer->profile, &threads);
	for (size_t i = 0; i < count; i++) {
		put_signed(writer, threads[i].tid);
		put(writer, threads[i].ident);
		put(writer, threads[i].name);
		put_signed(writer, threads[i].interp_id);
		put(writer, threads[i].is_main);
		end_item(writer, "THRD");
	}
	end_items(writer, "THRD");
}

static void put_samples(struct writer *writer)
{
	const struct pyprof_tally *tallies;
	const struct pyprof_moment *moments;
	uint64_t slice_ns, at_ns = 0;
	size_t count = pyprof_profile_tallies(writer->profile, &tallies);
	for (size_t i = 0; i < count; i++) {
		put(writer, tallies[i].stack);
		put(writer, tallies[i].thread);
		put(writer, tallies[i].state);
		put(writer, tallies[i].exactness);
		end_item(writer, "TALY");
	}
	end_items(writer, "TALY");
	count = pyprof_profile_moments(writer->profile, &moments, &slice_ns);
	for (size_t i = 0; i < count; i++) {
		put(writer, moments[i].at_ns - at_ns);
		put(writer, moments[i].ns);
		put(writer, moments[i].tally);
		put(writer, moments[i].samples);
		at_ns = moments[i].at_ns;
		end_item(writer, "MOMS");
	}
	end_items(writer, "MOMS");
}

/* Behind the moments: what was cut off has no parts that it is in. */
static void put_spans(struct writer *writer)
{
	const struct pyprof_location *locations;
	const struct pyprof_span *spans;
	size_t count = pyprof_profile_spans(writer->profile, &spans);
	pyprof_profile_locations(writer->profile, &locations);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_columns *columns = &spans[i].columns;
		int32_t line = locations[spans[i].location].line;
		put(writer, spans[i].location);
		put(writer, spans[i].thread);
		put(writer, spans[i].state);
		put(writer, (uint64_t)columns->column);
		put(writer, (uint64_t)(columns->end_line - line));
		put(writer, (uint64_t)columns->end_column);
		put(writer, spans[i].samples);
		put(writer, spans[i].ns);
		end_item(writer, "SPAN");
	}
	end_items(writer, "SPAN");
}

struct pyprof_error *pyprof_profile_save(const struct pyprof_profile *profile,
					 struct pyprof_buf *out)
{
	_cleanup_(pyprof_compressor_cleanup) struct pyprof_compressor
		*compressor = NULL;
	uint8_t version[4];
	struct pyprof_error *err = pyprof_compressor_create(&compressor);
	pyprof_error_catch(&err, PYPROF_ERROR_UNSUPPORTED);
	if (err)
		return err;
	struct writer writer = {
		.profile = profile,
		.out = out,
		.section = PYPROF_BUF_INIT,
		.packed = PYPROF_BUF_INIT,
		.compressor = compressor,
	};
	store(version, PYPROF_PROFILE_VERSION, sizeof(version));
	pyprof_buf_append(out, PYPROF_PROFILE_MAGIC, PYPROF_PROFILE_MAGIC_SIZE);
	pyprof_buf_append(out, version, sizeof(version));
	put_meta(&writer);
	put_strings(&writer);
	put_places(&writer);
	put_stacks(&writer);
	put_samples(&writer);
	put_spans(&writer);
	end_section(&writer, "END ");
	pyprof_buf_deinit(&writer.section);
	pyprof_buf_deinit(&writer.packed);
	return writer.err ? writer.err : pyprof_buf_error(out);
}
