// SPDX-License-Identifier: Apache-2.0
//
// What Python's pstats.Stats() loads: a dictionary in the format of the module
// marshal, version 2, that every Python reads:
//
//   {(file, first line, function): (calls, calls, self s, total s,
//     {caller: (calls, calls, self s, total s)})}
//
// How often a function was called is not known; its samples stand there.
// Nothing marks that: older versions of pstats refuse all but the above.
#include <endian.h>
#include <string.h>

#include "core/report/calls.h"
#include "core/report/formats.h"

static void put_u32(struct pyprof_buf *out, uint32_t value)
{
	value = htole32(value);
	pyprof_buf_append(out, &value, sizeof(value));
}

/* Arbitrary size, in digits of 15 bits, or four bytes where they will do. */
static void put_int(struct pyprof_buf *out, uint64_t value)
{
	if (value <= INT32_MAX) {
		pyprof_buf_putc(out, 'i');
		put_u32(out, (uint32_t)value);
		return;
	}
	uint32_t digits = 0;
	for (uint64_t rest = value; rest; rest >>= 15)
		digits++;
	pyprof_buf_putc(out, 'l');
	put_u32(out, digits);
	for (; value; value >>= 15) {
		uint16_t digit = htole16(value & 0x7fff);
		pyprof_buf_append(out, &digit, sizeof(digit));
	}
}

static void put_seconds(struct pyprof_buf *out, uint64_t ns)
{
	double seconds = (double)ns / 1e9;
	uint64_t bits;
	memcpy(&bits, &seconds, sizeof(bits));
	bits = htole64(bits);
	pyprof_buf_putc(out, 'g');
	pyprof_buf_append(out, &bits, sizeof(bits));
}

static void put_tuple(struct pyprof_buf *out, uint32_t items)
{
	pyprof_buf_putc(out, '(');
	put_u32(out, items);
}

static void put_string(const struct pyprof_calls *calls, uint32_t id,
		       struct pyprof_buf *out)
{
	size_t length = pyprof_strtab_length(calls->names, id);
	pyprof_buf_putc(out, 'u');
	put_u32(out, (uint32_t)length);
	pyprof_buf_append(out, pyprof_strtab_get(calls->names, id), length);
}

static void put_key(const struct pyprof_calls *calls, uint32_t callee,
		    struct pyprof_buf *out)
{
	const struct pyprof_callee *callees = calls->callees.items;
	put_tuple(out, 3);
	put_string(calls, callees[callee].file, out);
	put_int(out, (uint64_t)callees[callee].first_line);
	put_string(calls, callees[callee].name, out);
}

static void put_callers(const struct pyprof_calls *calls, const uint32_t *next,
			uint32_t first, struct pyprof_buf *out)
{
	const struct pyprof_call *items = calls->calls.items;
	pyprof_buf_putc(out, '{');
	for (uint32_t at = first; at; at = next[at]) {
		const struct pyprof_call *call = &items[at - 1];
		if (call->caller == PYPROF_NO_CALLER)
			continue;
		put_key(calls, call->caller, out);
		put_tuple(out, 4);
		put_int(out, call->total_samples);
		put_int(out, call->total_samples);
		put_seconds(out, call->self_ns);
		put_seconds(out, call->total_ns);
	}
	pyprof_buf_putc(out, '0');
}

/* pstats refuses what has no function at all. */
static void put_nothing(struct pyprof_buf *out)
{
	static const char name[] = "(no samples)";
	put_tuple(out, 3);
	pyprof_buf_append(out, "u\0\0\0\0", 5);
	put_int(out, 0);
	pyprof_buf_putc(out, 'u');
	put_u32(out, (uint32_t)strlen(name));
	pyprof_buf_puts(out, name);
	put_tuple(out, 5);
	put_int(out, 0);
	put_int(out, 0);
	put_seconds(out, 0);
	put_seconds(out, 0);
	pyprof_buf_puts(out, "{0");
}

static void put_callees(const struct pyprof_calls *calls, const uint32_t *next,
			const uint32_t *first, struct pyprof_buf *out)
{
	const struct pyprof_callee *callees = calls->callees.items;
	bool is_empty = true;
	pyprof_buf_putc(out, '{');
	for (uint32_t i = 0; i < calls->callees.count; i++) {
		const struct pyprof_times *times = &callees[i].times;
		if (!times->total_samples)
			continue;
		is_empty = false;
		put_key(calls, i, out);
		put_tuple(out, 5);
		put_int(out, times->total_samples);
		put_int(out, times->total_samples);
		put_seconds(out, times->self_ns);
		put_seconds(out, times->total_ns);
		put_callers(calls, next, first[i], out);
	}
	if (is_empty)
		put_nothing(out);
	pyprof_buf_putc(out, '0');
}

static struct pyprof_error *put_calls(const struct pyprof_calls *calls,
				      struct pyprof_buf *out)
{
	/* The calls of each callee as a list, of numbers plus one. */
	_cleanup_free_ uint32_t *first =
		calloc(calls->callees.count + 1, sizeof(*first));
	_cleanup_free_ uint32_t *next =
		calloc(calls->calls.count + 1, sizeof(*next));
	const struct pyprof_call *items = calls->calls.items;
	if (!first || !next)
		return pyprof_error_oom();
	for (uint32_t i = (uint32_t)calls->calls.count; i-- > 0;) {
		next[i + 1] = first[items[i].callee];
		first[items[i].callee] = i + 1;
	}
	put_callees(calls, next, first, out);
	return pyprof_buf_error(out);
}

static struct pyprof_error *
write_pstats(const struct pyprof_profile *profile,
	     const struct pyprof_report_options *options,
	     struct pyprof_buf *out)
{
	struct pyprof_frames frames;
	struct pyprof_calls calls;
	struct pyprof_error *err = pyprof_frames_init(profile, &frames);
	if (err)
		return err;
	err = pyprof_calls_init(&frames, &options->filter, false, &calls);
	if (!err) {
		err = put_calls(&calls, out);
		pyprof_calls_deinit(&calls);
	}
	pyprof_frames_deinit(&frames);
	return err;
}

const struct pyprof_report_format pyprof_report_pstats = {
	.name = "pstats",
	.extension = ".pstats",
	.summary = "for Python's pstats and its viewers; \"calls\" are samples",
	.write = write_pstats,
};
