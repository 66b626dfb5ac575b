// SPDX-License-Identifier: Apache-2.0
#include "core/report/gecko.h"

#include <stdlib.h>

#include "core/base/strtab.h"

void pyprof_gecko_begin_column(struct pyprof_gecko *gecko, const char *key)
{
	pyprof_json_key(&gecko->json, key);
	pyprof_json_begin_array(&gecko->json);
}

void pyprof_gecko_end_column(struct pyprof_gecko *gecko)
{
	pyprof_json_end_array(&gecko->json);
}

static void put_ints(struct pyprof_gecko *gecko, const char *key, size_t rows,
		     int64_t value)
{
	pyprof_gecko_begin_column(gecko, key);
	for (size_t i = 0; i < rows; i++)
		pyprof_json_int(&gecko->json, value);
	pyprof_gecko_end_column(gecko);
}

void pyprof_gecko_put_nulls(struct pyprof_gecko *gecko, const char *key,
			    size_t rows)
{
	pyprof_gecko_begin_column(gecko, key);
	for (size_t i = 0; i < rows; i++)
		pyprof_json_null(&gecko->json);
	pyprof_gecko_end_column(gecko);
}

static void put_falses(struct pyprof_gecko *gecko, const char *key, size_t rows)
{
	pyprof_gecko_begin_column(gecko, key);
	for (size_t i = 0; i < rows; i++)
		pyprof_json_bool(&gecko->json, false);
	pyprof_gecko_end_column(gecko);
}

void pyprof_gecko_begin_table(struct pyprof_gecko *gecko, const char *key,
			      size_t rows)
{
	pyprof_json_key(&gecko->json, key);
	pyprof_json_begin_object(&gecko->json);
	pyprof_json_key(&gecko->json, "length");
	pyprof_json_uint(&gecko->json, rows);
}

/* A table without rows, of the columns named. */
void pyprof_gecko_put_empty_table(struct pyprof_gecko *gecko, const char *key,
				  const char *const *columns)
{
	pyprof_gecko_begin_table(gecko, key, 0);
	for (; *columns; columns++)
		pyprof_gecko_put_nulls(gecko, *columns, 0);
	pyprof_json_end_object(&gecko->json);
}

/*
 * Rows. Of frames: locations by group, and then one that stands for none, by
 * group as well. Of stacks: those of the profile without the empty one, and
 * then the variants.
 */

static size_t frame_rows(const struct pyprof_gecko *gecko)
{
	return (gecko->frames.location_count + 1) * PYPROF_GROUP_COUNT;
}

static uint32_t frame_row(const struct pyprof_gecko *gecko, uint32_t location,
			  enum pyprof_state_group group)
{
	size_t locations = gecko->frames.location_count;
	return (uint32_t)((locations + 1) * group + location);
}

static struct pyprof_error *add_variant(struct pyprof_gecko *gecko,
					uint32_t stack,
					enum pyprof_state_group group,
					uint32_t *row)
{
	struct pyprof_gecko_variant variant = {.stack = stack, .group = group};
	if (*row)
		return NULL;
	*row = (uint32_t)(gecko->frames.stack_count - 1 +
			  gecko->variants.count);
	return pyprof_vec_push(&gecko->variants, variant) ? NULL
							  : pyprof_error_oom();
}

/* Find the row of each tally's stack. */
static struct pyprof_error *make_stacks(struct pyprof_gecko *gecko,
					const struct pyprof_filter *filter)
{
	const struct pyprof_frames *frames = &gecko->frames;
	/* Rows by group and stack; row 0 is no variant's unless there is no
	 * stack, and then that of the empty one is found once again. */
	_cleanup_free_ uint32_t *rows =
		calloc(frames->stack_count * PYPROF_GROUP_COUNT, sizeof(*rows));
	gecko->stack_of =
		calloc(frames->tally_count + 1, sizeof(*gecko->stack_of));
	if (!rows || !gecko->stack_of)
		return pyprof_error_oom();
	for (size_t i = 0; i < frames->tally_count; i++) {
		const struct pyprof_tally *tally = &frames->tallies[i];
		enum pyprof_state_group group =
			pyprof_states[tally->state].group;
		if (!pyprof_filter_accepts(filter, frames->profile, tally))
			continue;
		if (tally->stack && group == PYPROF_GROUP_PYTHON) {
			gecko->stack_of[i] = tally->stack - 1;
			continue;
		}
		uint32_t *row =
			&rows[frames->stack_count * group + tally->stack];
		struct pyprof_error *err =
			add_variant(gecko, tally->stack, group, row);
		if (err)
			return err;
		gecko->stack_of[i] = *row;
	}
	return NULL;
}

static struct pyprof_error *make_files(struct pyprof_gecko *gecko)
{
	const struct pyprof_frames *frames = &gecko->frames;
	gecko->file_of =
		calloc(frames->function_count + 1, sizeof(*gecko->file_of));
	if (!gecko->file_of)
		return pyprof_error_oom();
	for (size_t i = 0; i < frames->function_count; i++) {
		struct pyprof_error *err =
			pyprof_intern(&gecko->files, &frames->functions[i].file,
				      &gecko->file_of[i]);
		if (err)
			return err;
	}
	return NULL;
}

static void put_strings(struct pyprof_gecko *gecko)
{
	struct pyprof_json *json = &gecko->json;
	const struct pyprof_profile *profile = gecko->frames.profile;
	pyprof_gecko_begin_column(gecko, "stringArray");
	for (uint32_t i = 0; i < gecko->no_frame; i++)
		pyprof_json_text(json, pyprof_profile_string(profile, i),
				 pyprof_profile_string_length(profile, i));
	pyprof_json_string(json, PYPROF_NO_FRAME);
	pyprof_gecko_end_column(gecko);
}

static void put_sources(struct pyprof_gecko *gecko)
{
	size_t rows = gecko->files.count;
	const uint32_t *files = gecko->files.items;
	pyprof_gecko_begin_table(gecko, "sources", rows);
	pyprof_gecko_put_nulls(gecko, "uuid", rows);
	pyprof_gecko_begin_column(gecko, "filename");
	for (size_t i = 0; i < rows; i++)
		pyprof_json_uint(&gecko->json, files[i]);
	pyprof_gecko_end_column(gecko);
	pyprof_json_end_object(&gecko->json);
}

static void put_functions(struct pyprof_gecko *gecko)
{
	struct pyprof_json *json = &gecko->json;
	const struct pyprof_frames *frames = &gecko->frames;
	size_t count = frames->function_count, rows = count + 1;
	pyprof_gecko_begin_table(gecko, "funcTable", rows);
	pyprof_gecko_begin_column(gecko, "name");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json,
				 pyprof_function_label(&frames->functions[i]));
	pyprof_json_uint(json, gecko->no_frame);
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_begin_column(gecko, "source");
	for (size_t i = 0; i < count; i++)
		pyprof_json_uint(json, gecko->file_of[i]);
	pyprof_json_null(json);
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_begin_column(gecko, "lineNumber");
	for (size_t i = 0; i < count; i++) {
		int32_t line = frames->functions[i].first_line;
		pyprof_json_int(json, line > 0 ? line : 0);
	}
	pyprof_json_null(json);
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_put_nulls(gecko, "columnNumber", rows);
	put_ints(gecko, "resource", rows, -1);
	put_falses(gecko, "isJS", rows);
	put_falses(gecko, "relevantForJS", rows);
	pyprof_json_end_object(json);
}

static void put_frame_table(struct pyprof_gecko *gecko)
{
	struct pyprof_json *json = &gecko->json;
	const struct pyprof_frames *frames = &gecko->frames;
	size_t rows = frame_rows(gecko);
	uint32_t count = (uint32_t)frames->location_count;
	pyprof_gecko_begin_table(gecko, "frameTable", rows);
	pyprof_gecko_begin_column(gecko, "func");
	for (unsigned group = 0; group < PYPROF_GROUP_COUNT; group++) {
		for (uint32_t i = 0; i < count; i++)
			pyprof_json_uint(json, frames->locations[i].function);
		pyprof_json_uint(json, frames->function_count);
	}
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_begin_column(gecko, "line");
	for (unsigned group = 0; group < PYPROF_GROUP_COUNT; group++) {
		for (uint32_t i = 0; i < count; i++)
			pyprof_json_int(json, pyprof_frames_line(frames, i));
		pyprof_json_null(json);
	}
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_begin_column(gecko, "category");
	for (unsigned group = 0; group < PYPROF_GROUP_COUNT; group++) {
		for (uint32_t i = 0; i <= count; i++)
			pyprof_json_uint(json, group);
	}
	pyprof_gecko_end_column(gecko);
	put_ints(gecko, "subcategory", rows, 0);
	put_ints(gecko, "address", rows, -1);
	put_ints(gecko, "inlineDepth", rows, 0);
	pyprof_gecko_put_nulls(gecko, "nativeSymbol", rows);
	pyprof_gecko_put_nulls(gecko, "innerWindowID", rows);
	pyprof_gecko_put_nulls(gecko, "column", rows);
	pyprof_json_end_object(json);
}

static void put_parent(struct pyprof_gecko *gecko, uint32_t stack)
{
	uint32_t parent = gecko->frames.stacks[stack].parent;
	if (parent)
		pyprof_json_uint(&gecko->json, parent - 1);
	else
		pyprof_json_null(&gecko->json);
}

static void put_stack_table(struct pyprof_gecko *gecko)
{
	struct pyprof_json *json = &gecko->json;
	const struct pyprof_frames *frames = &gecko->frames;
	const struct pyprof_gecko_variant *variants = gecko->variants.items;
	size_t own = gecko->variants.count;
	pyprof_gecko_begin_table(gecko, "stackTable",
				 frames->stack_count - 1 + own);
	pyprof_gecko_begin_column(gecko, "prefix");
	for (uint32_t i = 1; i < frames->stack_count; i++)
		put_parent(gecko, i);
	for (size_t i = 0; i < own; i++)
		put_parent(gecko, variants[i].stack);
	pyprof_gecko_end_column(gecko);
	pyprof_gecko_begin_column(gecko, "frame");
	for (uint32_t i = 1; i < frames->stack_count; i++)
		pyprof_json_uint(json, frames->stacks[i].location);
	for (size_t i = 0; i < own; i++) {
		uint32_t stack = variants[i].stack;
		uint32_t location = stack ? frames->stacks[stack].location
					  : (uint32_t)frames->location_count;
		pyprof_json_uint(json,
				 frame_row(gecko, location, variants[i].group));
	}
	pyprof_gecko_end_column(gecko);
	pyprof_json_end_object(json);
}

void pyprof_gecko_put_shared(struct pyprof_gecko *gecko)
{
	static const char *const resources[] = {"lib", "name", "host", "type",
						NULL};
	static const char *const symbols[] = {"libIndex", "address", "name",
					      "functionSize", NULL};
	pyprof_json_key(&gecko->json, "shared");
	pyprof_json_begin_object(&gecko->json);
	put_strings(gecko);
	put_sources(gecko);
	put_functions(gecko);
	put_frame_table(gecko);
	put_stack_table(gecko);
	pyprof_gecko_put_empty_table(gecko, "resourceTable", resources);
	pyprof_gecko_put_empty_table(gecko, "nativeSymbols", symbols);
	pyprof_json_end_object(&gecko->json);
}

struct pyprof_error *pyprof_gecko_init(struct pyprof_gecko *gecko,
				       const struct pyprof_filter *filter)
{
	gecko->files = (struct pyprof_intern)PYPROF_INTERN_INIT_WHOLE(uint32_t);
	gecko->no_frame = pyprof_strtab_count(
		pyprof_profile_strings_const(gecko->frames.profile));
	struct pyprof_error *err = make_stacks(gecko, filter);
	return err ? err : make_files(gecko);
}

void pyprof_gecko_deinit(struct pyprof_gecko *gecko)
{
	pyprof_vec_deinit(&gecko->variants);
	pyprof_intern_deinit(&gecko->files);
	free(gecko->file_of);
	free(gecko->stack_of);
}
