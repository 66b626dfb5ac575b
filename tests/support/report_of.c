// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writes a report of a profile that is given as text, for tests of reports
 * from outside: report_of OUTPUT... < TEXT. The ending of an OUTPUT picks the
 * format.
 *
 * Each line of the text is a word and its values, separated by tabs; "%41" is
 * the byte 0x41.
 *
 *   meta     command, mode, seconds, samples, missed
 *   thread   tid, name, interpreter
 *   stack    function, file, first line, line of each frame, outermost first
 *   add      state, samples, of the last stack and thread, 10 ms each
 *   part     the same, and the bytes of the line from and to which they were
 *   old      nothing: what came before is an older profile, and the report is
 *            the page that compares the two
 *   at       when the next sample begins, ms; else where the last one ended
 *   filter   0 for running, 1 for waiting, 2 for all
 *   size     most bytes of a page
 *   source   whose text: 0 for all, 1 for the project's, 2 for none
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/html.h"
#include "core/report/report.h"

struct reader {
	/** NULL: there is one profile alone. */
	struct pyprof_profile *old;
	struct pyprof_profile *profile;
	struct pyprof_report_options options;
	uint32_t stack, thread;
	uint64_t now_ns;
};

static void must(struct pyprof_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "report_of: %s\n", err->message);
	exit(1);
}

static uint32_t intern(struct reader *reader, char *text)
{
	size_t length = 0;
	for (const char *at = text; *at; at++) {
		unsigned byte;
		if (*at == '%' && sscanf(at, "%%%2x", &byte) == 1) {
			text[length++] = (char)byte;
			at += 2;
		} else {
			text[length++] = *at;
		}
	}
	uint32_t id;
	must(pyprof_strtab_intern(pyprof_profile_strings(reader->profile), text,
				  length, &id));
	return id;
}

static char *next(char **rest)
{
	char *value = strsep(rest, "\t");
	return value ? value : "";
}

static int next_int(char **rest)
{
	return (int)strtol(next(rest), NULL, 10);
}

static void read_meta(struct reader *reader, char *rest)
{
	struct pyprof_profile_meta *meta = pyprof_profile_meta(reader->profile);
	meta->command_line = intern(reader, next(&rest));
	meta->mode = intern(reader, next(&rest));
	meta->sampled_ns = (uint64_t)next_int(&rest) * 1000000000;
	meta->samples[PYPROF_EXACT_PROVEN] = (uint64_t)next_int(&rest);
	meta->missed = (uint64_t)next_int(&rest);
	meta->pid = 4242;
	meta->rate_hz = 100;
	meta->started_at = 1700000000;
	meta->host = intern(reader, (char[]){"host"});
	meta->debugger = intern(reader, (char[]){"GDB 13.1"});
	meta->python_version = intern(reader, (char[]){"3.13.5"});
	meta->python_build = intern(reader, (char[]){"release"});
	meta->layout_source = intern(reader, (char[]){"_Py_DebugOffsets"});
	meta->bad[PYPROF_ERROR_CORRUPT] = 2;
	meta->cut = 1;
	for (uint64_t i = 0; i < meta->samples[PYPROF_EXACT_PROVEN]; i++)
		pyprof_pauses_add(&meta->pauses, 9000 + i % 100 * 150);
}

static void read_thread(struct reader *reader, char *rest)
{
	struct pyprof_profile_thread thread = {.tid = next_int(&rest)};
	thread.ident = 0x7f0000000000 + (uint64_t)thread.tid;
	thread.name = intern(reader, next(&rest));
	thread.interp_id = next_int(&rest);
	must(pyprof_profile_thread(reader->profile, &thread, &reader->thread));
}

static void read_stack(struct reader *reader, char *rest)
{
	reader->stack = 0;
	while (rest && *rest) {
		struct pyprof_function function = {};
		struct pyprof_location location = {};
		function.name = function.qualname = intern(reader, next(&rest));
		function.file = intern(reader, next(&rest));
		function.first_line = next_int(&rest);
		location.line = next_int(&rest);
		uint32_t id;
		must(pyprof_profile_function(reader->profile, &function,
					     &location.function));
		must(pyprof_profile_location(reader->profile, &location, &id));
		must(pyprof_profile_stack(reader->profile, reader->stack, id,
					  &reader->stack));
	}
}

static void read_add(struct reader *reader, char *rest)
{
	enum pyprof_state state = (enum pyprof_state)next_int(&rest);
	if ((unsigned)state >= PYPROF_STATE_COUNT)
		exit(2);
	for (int n = next_int(&rest); n > 0; n--) {
		reader->now_ns += 10000000;
		must(pyprof_profile_add(
			reader->profile, reader->stack, reader->thread, state,
			PYPROF_EXACT_PROVEN, reader->now_ns, 10000000));
	}
}

static void read_part(struct reader *reader, char *rest)
{
	const struct pyprof_stack *stacks;
	const struct pyprof_location *locations;
	char *state = next(&rest), *samples = next(&rest);
	char add[100];
	pyprof_profile_stacks(reader->profile, &stacks);
	pyprof_profile_locations(reader->profile, &locations);
	uint32_t location = stacks[reader->stack].location;
	struct pyprof_span span = {
		.location = location,
		.thread = reader->thread,
		.state = (enum pyprof_state)atoi(state),
		.samples = strtoull(samples, NULL, 10),
	};
	snprintf(add, sizeof(add), "%s\t%s", state, samples);
	read_add(reader, add);
	span.ns = span.samples * 10000000;
	span.columns.column = next_int(&rest);
	span.columns.end_line = locations[location].line;
	span.columns.end_column = next_int(&rest);
	must(pyprof_profile_add_span(reader->profile, &span));
}

static void read_size(struct reader *reader, char *rest)
{
	reader->options.max_size = (size_t)next_int(&rest);
}

static void read_at(struct reader *reader, char *rest)
{
	reader->now_ns = (uint64_t)next_int(&rest) * 1000000;
}

static void read_old(struct reader *reader, char *rest)
{
	(void)rest;
	if (reader->old)
		exit(2);
	reader->old = reader->profile;
	must(pyprof_profile_create(&reader->profile));
	reader->now_ns = 0;
}

static void read_filter(struct reader *reader, char *rest)
{
	reader->options.filter.states =
		(enum pyprof_filter_states)next_int(&rest);
}

static void read_source(struct reader *reader, char *rest)
{
	pyprof_source_choose(reader->options.source,
			     (enum pyprof_source_choice)next_int(&rest));
}

static const struct {
	const char *word;
	void (*read)(struct reader *reader, char *rest);
} words[] = {
	{"meta", read_meta}, {"thread", read_thread}, {"stack", read_stack},
	{"add", read_add},   {"filter", read_filter}, {"source", read_source},
	{"at", read_at},     {"old", read_old},	      {"part", read_part},
	{"size", read_size},
};

static void read_line(struct reader *reader, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	const char *word = strsep(&line, "\t");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i].word)) {
			words[i].read(reader, line);
			return;
		}
	fprintf(stderr, "report_of: no such word: %s\n", word);
	exit(2);
}

static void write_report(const struct reader *reader, const char *path)
{
	const struct pyprof_report_format *format;
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	if (reader->old) {
		must(pyprof_html_diff(reader->old, reader->profile,
				      &reader->options, &out));
	} else {
		must(pyprof_report_format_find(NULL, path, &format));
		must(format->write(reader->profile, &reader->options, &out));
	}
	must(pyprof_report_compress(path, &out));
	must(pyprof_report_save(path, &out));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct reader reader = {};
	must(pyprof_profile_create(&reader.profile));
	must(pyprof_source_create(NULL, NULL, 0, &reader.options.source));
	_cleanup_free_ char *line = NULL;
	for (size_t size = 0; getline(&line, &size, stdin) >= 0;)
		read_line(&reader, line);
	for (int i = 1; i < argc; i++)
		write_report(&reader, argv[i]);
	pyprof_source_destroy(reader.options.source);
	pyprof_profile_destroy(reader.old);
	pyprof_profile_destroy(reader.profile);
	return 0;
}
