// SPDX-License-Identifier: Apache-2.0
//
// Callgrind's format, for KCachegrind and callgrind_annotate: self time by
// line, and for each call the time that went on in it. A function above all
// threads calls what nothing in Python called: readers take a function's total
// to be that of its calls, once there are any. Names are written once and
// numbered. Calls are not counted by a profiler that samples; the format
// wants a number, and gets that of samples.
#include <inttypes.h>
#include <string.h>

#include "core/report/calls.h"
#include "core/report/formats.h"

/* A function as the format tells them apart: by file and name alone. */
struct named {
	uint32_t file, name;
	/* Until here it is the key. */
	uint32_t functions;
};

struct writer {
	const struct pyprof_frames *frames;
	struct pyprof_calls calls;
	struct pyprof_intern named;
	struct pyprof_buf *out;
	/* What was written with its name: by string, and by callee. */
	bool *has_file, *has_name;
	/* Of each callee, and of what calls threads, lists of numbers plus one.
	 */
	uint32_t *first_line, *next_line, *first_call, *next_call;
};

/* Whether text has anything but spaces, which readers trim. */
static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] > ' ' && text[i] != 0x7f)
			return false;
	}
	return true;
}

static void put_name(struct writer *writer, uint32_t id)
{
	const char *text = pyprof_strtab_get(writer->calls.names, id);
	size_t length = pyprof_strtab_length(writer->calls.names, id);
	if (is_blank(text, length))
		pyprof_buf_puts(writer->out, "???");
	else
		pyprof_put_one_line(writer->out, text, length);
}

static const struct pyprof_callee *callee_at(const struct writer *writer,
					     uint32_t callee)
{
	return (const struct pyprof_callee *)writer->calls.callees.items +
	       callee;
}

static struct pyprof_error *find_named(struct writer *writer, uint32_t callee,
				       struct named **ret)
{
	struct named named = {
		.file = callee_at(writer, callee)->file,
		.name = callee_at(writer, callee)->name,
	};
	uint32_t id;
	struct pyprof_error *err = pyprof_intern(&writer->named, &named, &id);
	if (!err)
		*ret = (struct named *)writer->named.items + id;
	return err;
}

/* "fl=(3) file" and "fn=(4) name", or with a "c" before; numbers alone once
 * the names were told. Functions of one name get their lines behind it. */
static struct pyprof_error *put_function(struct writer *writer,
					 const char *prefix, uint32_t id)
{
	struct pyprof_buf *out = writer->out;
	const struct pyprof_callee *callee = callee_at(writer, id);
	pyprof_buf_printf(out, "%sfl=(%" PRIu32 ")", prefix, callee->file + 1);
	if (!writer->has_file[callee->file]) {
		pyprof_buf_putc(out, ' ');
		put_name(writer, callee->file);
		writer->has_file[callee->file] = true;
	}
	pyprof_buf_printf(out, "\n%sfn=(%" PRIu32 ")", prefix, id + 1);
	if (!writer->has_name[id]) {
		struct named *named;
		struct pyprof_error *err = find_named(writer, id, &named);
		if (err)
			return err;
		pyprof_buf_putc(out, ' ');
		put_name(writer, callee->name);
		if (named->functions > 1)
			pyprof_buf_printf(out, ":%" PRId32, callee->first_line);
		writer->has_name[id] = true;
	}
	pyprof_buf_putc(out, '\n');
	return NULL;
}

static void put_cost(struct pyprof_buf *out, int32_t line, uint64_t ns,
		     uint64_t samples)
{
	pyprof_buf_printf(out, "%" PRId32 " %" PRIu64 " %" PRIu64 "\n", line,
			  ns, samples);
}

static struct pyprof_error *put_calls(struct writer *writer, uint32_t caller)
{
	const struct pyprof_call *calls = writer->calls.calls.items;
	struct pyprof_error *err = NULL;
	for (uint32_t at = writer->first_call[caller]; !err && at;
	     at = writer->next_call[at]) {
		const struct pyprof_call *call = &calls[at - 1];
		err = put_function(writer, "c", call->callee);
		pyprof_buf_printf(writer->out,
				  "calls=%" PRIu64 " %" PRId32 "\n",
				  call->total_samples,
				  callee_at(writer, call->callee)->first_line);
		put_cost(writer->out, call->line, call->entered_ns,
			 call->entered_samples);
	}
	return err;
}

static struct pyprof_error *put_callee(struct writer *writer, uint32_t callee)
{
	const struct pyprof_callee_line *lines = writer->calls.lines.items;
	if (!callee_at(writer, callee)->times.total_samples)
		return NULL;
	pyprof_buf_putc(writer->out, '\n');
	struct pyprof_error *err = put_function(writer, "", callee);
	for (uint32_t at = writer->first_line[callee]; at;
	     at = writer->next_line[at])
		put_cost(writer->out, lines[at - 1].line, lines[at - 1].ns,
			 lines[at - 1].samples);
	return err ? err : put_calls(writer, callee);
}

static void put_head(struct writer *writer)
{
	struct pyprof_buf *out = writer->out;
	const struct pyprof_profile *profile = writer->frames->profile;
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	const struct pyprof_callee *callees = writer->calls.callees.items;
	uint64_t ns = 0, samples = 0;
	for (size_t i = 0; i < writer->calls.callees.count; i++) {
		ns += callees[i].times.self_ns;
		samples += callees[i].times.self_samples;
	}
	pyprof_buf_printf(out,
			  "# callgrind format\nversion: 1\ncreator: pyprof\n"
			  "pid: %" PRId32 "\ncmd: ",
			  meta->pid);
	pyprof_put_one_line(
		out, pyprof_profile_string(profile, meta->command_line),
		pyprof_profile_string_length(profile, meta->command_line));
	pyprof_buf_puts(out,
			"\ndesc: Calls: are not known; where the format "
			"wants their number stands that of samples\n"
			"desc: Recursion: a call costs what no call of the "
			"same function further out has\n"
			"positions: line\n"
			"event: ns : Time (ns)\n"
			"event: samples : Samples\n"
			"events: ns samples\n");
	pyprof_buf_printf(out, "summary: %" PRIu64 " %" PRIu64 "\n", ns,
			  samples);
}

static struct pyprof_error *prepare(struct writer *writer)
{
	size_t callees = writer->calls.callees.count;
	size_t lines = writer->calls.lines.count;
	size_t calls = writer->calls.calls.count;
	size_t names = pyprof_strtab_count(writer->calls.names);
	const struct pyprof_callee_line *line = writer->calls.lines.items;
	const struct pyprof_call *call = writer->calls.calls.items;
	writer->has_file = calloc(names, sizeof(*writer->has_file));
	writer->has_name = calloc(callees + 1, sizeof(*writer->has_name));
	writer->first_line = calloc(callees + 1, sizeof(uint32_t));
	writer->first_call = calloc(callees + 1, sizeof(uint32_t));
	writer->next_line = calloc(lines + 1, sizeof(uint32_t));
	writer->next_call = calloc(calls + 1, sizeof(uint32_t));
	if (!writer->has_file || !writer->has_name || !writer->first_line ||
	    !writer->first_call || !writer->next_line || !writer->next_call)
		return pyprof_error_oom();
	for (uint32_t i = 0; i < callees; i++) {
		struct named *named;
		struct pyprof_error *err = find_named(writer, i, &named);
		if (err)
			return err;
		named->functions++;
	}
	for (uint32_t i = (uint32_t)lines; i-- > 0;) {
		writer->next_line[i + 1] = writer->first_line[line[i].callee];
		writer->first_line[line[i].callee] = i + 1;
	}
	for (uint32_t i = (uint32_t)calls; i-- > 0;) {
		uint32_t *first = call[i].caller == PYPROF_NO_CALLER
					  ? &writer->first_call[callees]
					  : &writer->first_call[call[i].caller];
		writer->next_call[i + 1] = *first;
		*first = i + 1;
	}
	return NULL;
}

static void writer_deinit(struct writer *writer)
{
	pyprof_intern_deinit(&writer->named);
	pyprof_calls_deinit(&writer->calls);
	free(writer->has_file);
	free(writer->has_name);
	free(writer->first_line);
	free(writer->next_line);
	free(writer->first_call);
	free(writer->next_call);
}

static struct pyprof_error *put_all(struct writer *writer)
{
	struct pyprof_error *err = prepare(writer);
	if (err)
		return err;
	put_head(writer);
	if (writer->calls.calls.count) {
		pyprof_buf_puts(writer->out,
				"\nfl=(0) ???\nfn=(0) (all threads)\n");
		err = put_calls(writer, (uint32_t)writer->calls.callees.count);
	}
	for (uint32_t i = 0; !err && i < writer->calls.callees.count; i++)
		err = put_callee(writer, i);
	return err ? err : pyprof_buf_error(writer->out);
}

static struct pyprof_error *
write_callgrind(const struct pyprof_profile *profile,
		const struct pyprof_report_options *options,
		struct pyprof_buf *out)
{
	struct pyprof_frames frames;
	struct writer writer = {
		.frames = &frames,
		.named = PYPROF_INTERN_INIT(struct named, functions),
		.out = out,
	};
	struct pyprof_error *err = pyprof_frames_init(profile, &frames);
	if (err)
		return err;
	err = pyprof_calls_init(&frames, &options->filter, true, &writer.calls);
	if (!err)
		err = put_all(&writer);
	writer_deinit(&writer);
	pyprof_frames_deinit(&frames);
	return err;
}

const struct pyprof_report_format pyprof_report_callgrind = {
	.name = "callgrind",
	.extension = ".callgrind",
	.summary = "for KCachegrind and callgrind_annotate; \"calls\" are "
		   "samples",
	.write = write_callgrind,
};
