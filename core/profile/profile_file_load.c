// SPDX-License-Identifier: Apache-2.0
#include "core/profile/profile_file_load.h"

#include <stdlib.h>
#include <string.h>

#include "core/profile/profile_file.h"
#include "core/profile/profile_file_format.h"

static uint64_t fetch(const uint8_t *from, size_t size)
{
	uint64_t value = 0;
	for (size_t i = size; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static struct pyprof_error *corrupt(const char *what)
{
	return pyprof_error_create(PYPROF_ERROR_CORRUPT, "%s", what);
}

/* The bytes of a section, decoded. */
static struct pyprof_error *decode(struct pyprof_profile_loading *loading,
				   const uint8_t *head,
				   struct pyprof_section_reader *ret)
{
	uint64_t encoding = fetch(head + 4, 4), stored = fetch(head + 8, 4);
	uint64_t bytes = fetch(head + 12, 4);
	const uint8_t *at = head + PYPROF_SECTION_HEAD;
	loading->bytes += bytes;
	if (bytes > PYPROF_SECTION_MAX || loading->bytes > PYPROF_SECTIONS_MAX)
		return corrupt("a section is too large");
	if (encoding == PYPROF_SECTION_PLAIN && stored == bytes) {
		*ret = (struct pyprof_section_reader){.at = at,
						      .end = at + bytes};
		return NULL;
	}
	if (encoding != PYPROF_SECTION_ZSTD)
		return corrupt("a section is encoded in an unknown way");
	struct pyprof_error *err = NULL;
	if (!loading->decompressor)
		err = pyprof_decompressor_create(&loading->decompressor);
	if (err)
		return err;
	uint8_t *room = realloc(loading->room, bytes + 1);
	if (!room)
		return pyprof_error_oom();
	loading->room = room;
	err = pyprof_decompress(loading->decompressor, at, stored, room, bytes);
	if (!err)
		*ret = (struct pyprof_section_reader){.at = room,
						      .end = room + bytes};
	return err;
}

/* One section; CORRUPT where the file ends being whole. */
static struct pyprof_error *load_section(struct pyprof_profile_loading *loading,
					 const uint8_t *file, size_t size)
{
	const uint8_t *head = file + loading->offset;
	size_t left = size - loading->offset;
	if (left < PYPROF_SECTION_HEAD ||
	    left - PYPROF_SECTION_HEAD < fetch(head + 8, 4))
		return corrupt("is cut off");
	size_t stored = fetch(head + 8, 4);
	uint64_t sum = pyprof_section_checksum(0, head, PYPROF_SECTION_CHECKED);
	sum = pyprof_section_checksum(sum, head + PYPROF_SECTION_HEAD, stored);
	if (sum != fetch(head + PYPROF_SECTION_CHECKED, 8))
		return corrupt("is damaged");
	struct pyprof_section_reader reader = {};
	struct pyprof_error *err = decode(loading, head, &reader);
	if (!err)
		err = pyprof_profile_parse(loading, head, &reader);
	bool is_damaged = pyprof_error_catch(&err, PYPROF_ERROR_CORRUPT) ||
			  (!err && reader.bad);
	if (is_damaged)
		return corrupt("is damaged");
	loading->offset += PYPROF_SECTION_HEAD + stored;
	return err;
}

static struct pyprof_error *check_head(const uint8_t *file, size_t size,
				       const char *name)
{
	const size_t head = PYPROF_PROFILE_MAGIC_SIZE + 4;
	static const char heap[] = "pyprof heap";
	if (size > sizeof(heap) && memcmp(file, heap, sizeof(heap) - 1) == 0)
		return pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"%s is a snapshot of a heap; see pyprof heap "
			"--snapshot",
			name);
	if (size < head ||
	    memcmp(file, PYPROF_PROFILE_MAGIC, PYPROF_PROFILE_MAGIC_SIZE) != 0)
		return pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"%s is not a profile that pyprof save wrote", name);
	uint64_t version = fetch(file + PYPROF_PROFILE_MAGIC_SIZE, 4);
	if (version == PYPROF_PROFILE_VERSION)
		return NULL;
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"%s was written by a newer pyprof (format %u, this one reads "
		"%u); load it there",
		name, (unsigned)version, PYPROF_PROFILE_VERSION);
}

/* What the strings of the meta are is known only now. */
static bool has_strings(const struct pyprof_profile_loading *loading)
{
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(loading->profile);
	uint32_t count = pyprof_strtab_count(
		pyprof_profile_strings_const(loading->profile));
	return meta->command_line < count && meta->python_version < count &&
	       meta->python_build < count && meta->layout_source < count &&
	       meta->host < count && meta->debugger < count &&
	       meta->mode < count && meta->cwd < count;
}

/* Samples that were loaded, and whose spans were not. */
static uint64_t lost_spans(const struct pyprof_profile_loading *loading)
{
	uint64_t all = loading->all_span_samples;
	if (all > loading->samples)
		all = loading->samples;
	return all > loading->span_samples ? all - loading->span_samples : 0;
}

/* What comes of it: where it ends early, `err` says why. */
static struct pyprof_error *conclude(struct pyprof_profile_loading *loading,
				     const char *name, struct pyprof_error *err)
{
	if (err && err->code != PYPROF_ERROR_CORRUPT)
		return err;
	if (err && !loading->samples) {
		struct pyprof_error *why = pyprof_error_create(
			PYPROF_ERROR_CORRUPT,
			"%s %s before its first sample: nothing can be loaded",
			name, err->message);
		pyprof_error_destroy(err);
		return why;
	}
	pyprof_error_destroy(err);
	if (!has_strings(loading))
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "%s is damaged: its facts are "
					   "missing",
					   name);
	struct pyprof_profile_meta *meta =
		pyprof_profile_meta(loading->profile);
	meta->lost += loading->all_samples - loading->samples;
	meta->spans_lost += lost_spans(loading);
	return NULL;
}

struct pyprof_error *pyprof_profile_load(const void *bytes, size_t size,
					 const char *name,
					 struct pyprof_profile **ret)
{
	struct pyprof_profile_loading loading = {
		.offset = PYPROF_PROFILE_MAGIC_SIZE + 4};
	struct pyprof_error *err = check_head(bytes, size, name);
	if (!err)
		err = pyprof_profile_create(&loading.profile);
	if (err)
		return err;
	while (!err && !loading.is_whole)
		err = load_section(&loading, bytes, size);
	err = conclude(&loading, name, err);
	pyprof_vec_deinit(&loading.tallies);
	pyprof_decompressor_destroy(loading.decompressor);
	free(loading.room);
	if (err)
		pyprof_profile_destroy(loading.profile);
	else
		*ret = loading.profile;
	return err;
}
