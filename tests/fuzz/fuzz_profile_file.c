// SPDX-License-Identifier: Apache-2.0
/*
 * A saved profile, whose checksums would keep a fuzzer out: the input is its
 * sections, of each the tag, a u16 size and what is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/profile/profile_file.h"
#include "core/profile/profile_file_format.h"
#include "core/profile/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_section(struct pyprof_buf *file, const uint8_t *tag,
			const uint8_t *bytes, size_t size)
{
	uint8_t head[PYPROF_SECTION_HEAD] = {};
	memcpy(head, tag, 4);
	for (size_t i = 0; i < 2; i++)
		head[8 + i] = head[12 + i] = (uint8_t)(size >> (8 * i));
	uint64_t sum = pyprof_section_checksum(0, head, PYPROF_SECTION_CHECKED);
	sum = pyprof_section_checksum(sum, bytes, size);
	for (size_t i = 0; i < 8; i++)
		head[PYPROF_SECTION_CHECKED + i] = (uint8_t)(sum >> (8 * i));
	pyprof_buf_append(file, head, sizeof(head));
	pyprof_buf_append(file, bytes, size);
}

/* The moments are in order and add up to the tallies. */
static void check_sums(const struct pyprof_profile *profile)
{
	const struct pyprof_moment *moments;
	const struct pyprof_tally *tallies;
	uint64_t slice_ns, samples = 0, ns = 0;
	size_t count = pyprof_profile_moments(profile, &moments, &slice_ns);
	for (size_t i = 0; i < count; i++) {
		samples += moments[i].samples;
		ns += moments[i].ns;
		if (i && moments[i].at_ns < moments[i - 1].at_ns)
			abort();
	}
	count = pyprof_profile_tallies(profile, &tallies);
	for (size_t i = 0; i < count; i++) {
		samples -= tallies[i].samples;
		ns -= tallies[i].ns;
	}
	if (samples || ns)
		abort();
}

/* Whatever was loaded can be summed up, saved, and loaded again. */
static void check(const struct pyprof_profile *profile)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_filter filter = {.states = PYPROF_FILTER_ALL};
	_cleanup_buf_ struct pyprof_buf file = PYPROF_BUF_INIT;
	struct pyprof_profile *again;
	check_sums(profile);
	if (pyprof_summary_create(profile, &filter, PYPROF_SORT_SELF,
				  &summary) ||
	    pyprof_profile_save(profile, &file) ||
	    pyprof_profile_load(file.data, file.length, "again", &again))
		abort();
	if (pyprof_profile_meta_const(again)->lost !=
	    pyprof_profile_meta_const(profile)->lost)
		abort();
	check_sums(again);
	pyprof_profile_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct pyprof_buf file = PYPROF_BUF_INIT;
	const uint8_t version[4] = {PYPROF_PROFILE_VERSION};
	struct pyprof_profile *profile;
	pyprof_buf_append(&file, PYPROF_PROFILE_MAGIC,
			  PYPROF_PROFILE_MAGIC_SIZE);
	pyprof_buf_append(&file, version, sizeof(version));
	while (size >= 6) {
		size_t bytes = data[4] | (size_t)data[5] << 8;
		if (bytes > size - 6)
			bytes = size - 6;
		add_section(&file, data, data + 6, bytes);
		data += 6 + bytes;
		size -= 6 + bytes;
	}
	struct pyprof_error *err =
		pyprof_profile_load(file.data, file.length, "fuzz", &profile);
	if (!err) {
		check(profile);
		pyprof_profile_destroy(profile);
	}
	pyprof_error_destroy(err);
	return 0;
}
