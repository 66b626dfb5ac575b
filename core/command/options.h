// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * From the words behind a command's name to its arguments, by its row.
 *
 * `--name value`, `--name=value` and flags, anywhere between the positional
 * arguments; behind `--` everything is positional, and so is "-5hz".
 */
#ifndef PYPROF_COMMAND_OPTIONS_H
#define PYPROF_COMMAND_OPTIONS_H

#include "core/command/command.h"

/**
 * @param words Borrowed by the result.
 * @param[out] help_ret `--help` was given; nothing else has been checked then.
 */
struct pyprof_error *pyprof_options_parse(const struct pyprof_command *command,
					  const char *const *words,
					  size_t count,
					  struct pyprof_arguments *ret,
					  bool *help_ret) PYPROF_MUST_CHECK;

/**
 * Find `word` among `words`, which end at a NULL. The error names `what`, all
 * words and the nearest one.
 */
struct pyprof_error *pyprof_choice_find(const char *what, const char *word,
					const char *const *words, size_t *ret)
	PYPROF_MUST_CHECK;

/** Whether an option is written as `name` of `length` bytes. */
bool pyprof_option_is(const struct pyprof_option *option, const char *name,
		      size_t length);

/** The options that every command with a certain flag takes. */
extern const struct pyprof_option pyprof_option_json;
extern const struct pyprof_option pyprof_option_output;
extern const struct pyprof_option pyprof_option_snapshot;
extern const struct pyprof_option pyprof_option_help;

/**
 * All options of a command one after another, those above included; NULL
 * behind the last.
 */
const struct pyprof_option *
pyprof_option_at(const struct pyprof_command *command, size_t index);

#endif /* PYPROF_COMMAND_OPTIONS_H */
