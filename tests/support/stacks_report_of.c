// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writes reports of stacks that are given as text, for tests of them from
 * outside: stacks_report_of PAGE < TEXT.
 *
 * Each line of the text is a word and its values, separated by tabs; "%41" is
 * the byte 0x41.
 *
 *   facts    program; 1 if there are variables; 1 if it ran meanwhile; comes
 *            first
 *   thread   number, name, state as a number or -1, 1 if it holds the GIL
 *   frame    function, file, line
 *   local    name, value
 *   finding  title, text
 *   edge     index of the waiting thread, for what, index of the holder or -1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/report.h"
#include "core/report/stacks_report.h"

static void must(struct pyprof_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "stacks_report_of: %s\n", err->message);
	exit(1);
}

static void unescape(char *text)
{
	char *to = text;
	for (; *text; text++) {
		unsigned byte;
		if (*text == '%' && sscanf(text, "%%%2x", &byte) == 1) {
			*to++ = (char)byte;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static char *next(char **rest)
{
	char *value = strsep(rest, "\t");
	if (!value)
		return "";
	unescape(value);
	return value;
}

static int next_int(char **rest)
{
	return (int)strtol(next(rest), NULL, 10);
}

static void read_facts(struct pyprof_stacks_report *report, char *rest)
{
	struct pyprof_source *source = NULL;
	const char *program = next(&rest);
	bool has_locals = next_int(&rest), is_running = next_int(&rest);
	struct pyprof_stacks_facts facts = {
		.program = program,
		.pid = 4242,
		.python = "3.13.5",
		.build = "release",
		.host = "host",
		.debugger = "GDB 13.1",
		.taken_at = 1700000000,
		.is_whole = true,
		.has_locals = has_locals,
		.is_running = is_running,
		.others = 2,
	};
	must(pyprof_source_create(NULL, NULL, 0, &source));
	must(pyprof_stacks_report_init(report, &facts, source));
}

static void read_thread(struct pyprof_stacks_report *report, char *rest)
{
	int number = next_int(&rest);
	const char *name = next(&rest);
	int state = next_int(&rest);
	if (state >= PYPROF_STATE_COUNT)
		exit(2);
	struct pyprof_stacks_thread thread = {
		.number = number,
		.tid = 4241 + number,
		.ident = 0x7f0000000000 + (uint64_t)number,
		.name = name,
		.is_main = number == 1,
		.is_selected = number == 1,
		.gil = 1,
		.has_gil = next_int(&rest),
		.has_state = state >= 0,
		.state = state >= 0 ? (enum pyprof_state)state : 0,
		.why = "",
	};
	pyprof_stacks_add_thread(report, &thread);
}

static void read_frame(struct pyprof_stacks_report *report, char *rest)
{
	const char *name = next(&rest), *file = next(&rest);
	struct pyprof_position position = {.line = next_int(&rest),
					   .end_line = -1,
					   .column = -1,
					   .end_column = -1};
	pyprof_stacks_add_frame(report, name, name, file, &position);
}

static void read_local(struct pyprof_stacks_report *report, char *rest)
{
	const char *name = next(&rest);
	pyprof_stacks_add_local(report, name, next(&rest));
}

static void read_finding(struct pyprof_stacks_report *report, char *rest)
{
	const char *title = next(&rest);
	pyprof_stacks_add_finding(report, title, "%s", next(&rest));
}

static void read_edge(struct pyprof_stacks_report *report, char *rest)
{
	size_t waiter = (size_t)next_int(&rest);
	const char *what = next(&rest);
	int holder = next_int(&rest);
	pyprof_stacks_add_edge(report, waiter, what,
			       holder < 0 ? PYPROF_STACKS_NOBODY
					  : (size_t)holder);
}

static const struct {
	const char *word;
	void (*read)(struct pyprof_stacks_report *report, char *rest);
} words[] = {
	{"facts", read_facts}, {"thread", read_thread},	  {"frame", read_frame},
	{"local", read_local}, {"finding", read_finding}, {"edge", read_edge},
};

static void read_line(struct pyprof_stacks_report *report, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	const char *word = strsep(&line, "\t");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i].word)) {
			words[i].read(report, line);
			return;
		}
	fprintf(stderr, "stacks_report_of: no such word: %s\n", word);
	exit(2);
}

int main(int argc, char **argv)
{
	_cleanup_buf_ struct pyprof_buf page = PYPROF_BUF_INIT;
	_cleanup_free_ char *line = NULL;
	struct pyprof_stacks_report report = {};
	if (argc != 2)
		return 2;
	for (size_t size = 0; getline(&line, &size, stdin) >= 0;)
		read_line(&report, line);
	must(pyprof_stacks_report_finish(&report));
	must(pyprof_stacks_add_facts(&report));
	must(pyprof_stacks_report_html(&report, &page));
	must(pyprof_report_save(argv[1], &page));
	pyprof_stacks_report_deinit(&report);
	return 0;
}
