// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The commands, the same in every debugger: one row each, from which come
 * parsing, `--help`, completion and the manual page.
 *
 * To add a command: one file cmd_NAME.c with a `const struct pyprof_command`,
 * and one row in commands.def.
 */
#ifndef PYPROF_COMMAND_COMMAND_H
#define PYPROF_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/error.h"

struct pyprof_session;

/** What an option takes. */
enum pyprof_option_kind {
	PYPROF_OPTION_FLAG,
	PYPROF_OPTION_INTEGER,
	/** "2s", "10ms"; value in ns. */
	PYPROF_OPTION_TIME,
	/** "64mb"; value in bytes. */
	PYPROF_OPTION_SIZE,
	PYPROF_OPTION_TEXT,
	/** Completes file names. */
	PYPROF_OPTION_FILE,
	/** One of `choices`; value is the index. */
	PYPROF_OPTION_CHOICE,
	/** The name of a report format; value is the text. */
	PYPROF_OPTION_FORMAT,
};

struct pyprof_option {
	/** With its dashes: "--mode". */
	const char *name;
	enum pyprof_option_kind kind;
	/** Name of the value in help: "RATE". */
	const char *placeholder;
	const char *text;
	/** For CHOICE: ends at a NULL. */
	const char *const *choices;
	/** A short name, "-F"; may be NULL. */
	const char *alias;
};

/** A value as given; `given` false and all else zero when it was not. */
struct pyprof_option_value {
	bool given;
	int64_t number;
	const char *text;
};

/** A number that can be none below 0, or what is meant when it is not given. */
static inline size_t
pyprof_option_count(const struct pyprof_option_value *value, size_t otherwise)
{
	return value->given ? (size_t)value->number : otherwise;
}

/** The most positional arguments and options a command has. */
#define PYPROF_MAX_ARGUMENTS 8
#define PYPROF_MAX_OPTIONS 16

/** What a command is run with. */
struct pyprof_arguments {
	const char *positional[PYPROF_MAX_ARGUMENTS];
	size_t count;
	/** In the order of the command's options. */
	struct pyprof_option_value options[PYPROF_MAX_OPTIONS];
	/** `--json` was given (commands with PYPROF_COMMAND_JSON). */
	bool json;
	/** `--output FILE` (commands with PYPROF_COMMAND_OUTPUT); NULL when it
	 * was not given. pyprof_command_run() does the writing. */
	const char *output;
	/** `--snapshot NAME|FILE` (commands with PYPROF_COMMAND_HEAP); NULL
	 * when it was not given. */
	const char *snapshot;
};

enum pyprof_command_flag {
	/** Takes `--json`. */
	PYPROF_COMMAND_JSON = 1 << 0,
	/** Positional arguments are file names. */
	PYPROF_COMMAND_FILES = 1 << 1,
	/** Takes `--output FILE`. */
	PYPROF_COMMAND_OUTPUT = 1 << 2,
	/** Positional arguments are names of commands. */
	PYPROF_COMMAND_NAMES = 1 << 3,
	/** Looks at a heap, see heap_session.h; takes `--snapshot`. */
	PYPROF_COMMAND_HEAP = 1 << 4,
};

struct pyprof_command {
	/** One or two words: "start", "heap types". */
	const char *name;
	/** What follows the name and precedes the options: "[RATE]". */
	const char *usage;
	/** One line. */
	const char *summary;
	/** More, wrapped at 72; may be NULL. */
	const char *help;
	size_t min_arguments, max_arguments;
	unsigned flags;
	/** Ends at a row without a name; may be NULL. */
	const struct pyprof_option *options;
	/** Words to complete positional arguments with; may be NULL. */
	const char *const *words;

	/** Text for the console is appended to `out`. */
	struct pyprof_error *(*run)(struct pyprof_session *session,
				    const struct pyprof_arguments *arguments,
				    struct pyprof_buf *out);
};

/** All commands; ends at a NULL. */
extern const struct pyprof_command *const pyprof_commands[];

/**
 * Run one line, what the user typed behind `pyprof`.
 *
 * Words are separated by white space; quotes and backslashes as in a shell.
 * USAGE errors name the nearest right word.
 */
struct pyprof_error *pyprof_command_run(struct pyprof_session *session,
					const char *line,
					struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/** The same for a debugger that has taken the line apart itself. */
struct pyprof_error *pyprof_command_run_words(struct pyprof_session *session,
					      const char *const *words,
					      size_t count,
					      struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/**
 * Completions of a line's last word, one a line in `out`. An empty result with
 * `*files_ret` set means: complete file names.
 */
struct pyprof_error *pyprof_command_complete(const char *line,
					     struct pyprof_buf *out,
					     bool *files_ret) PYPROF_MUST_CHECK;

/**
 * The command that words begin with, by its longest name.
 *
 * USAGE, naming the nearest one, when there is none.
 *
 * @param[out] used_ret How many words its name has.
 */
struct pyprof_error *pyprof_command_find(const char *const *words, size_t count,
					 const struct pyprof_command **ret,
					 size_t *used_ret) PYPROF_MUST_CHECK;

/** Help of one command, or of all when NULL. */
void pyprof_command_help(const struct pyprof_command *command,
			 struct pyprof_buf *out);

#endif /* PYPROF_COMMAND_COMMAND_H */
