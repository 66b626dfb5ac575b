// SPDX-License-Identifier: Apache-2.0
#include "core/command/command.h"

#include <string.h>

#include "core/base/nearest.h"
#include "core/command/line.h"
#include "core/command/options.h"
#include "core/command/output.h"

#define COMMAND(name) extern const struct pyprof_command pyprof_cmd_##name;
#include "core/command/commands.def"
#undef COMMAND

const struct pyprof_command *const pyprof_commands[] = {
#define COMMAND(name) &pyprof_cmd_##name,
#include "core/command/commands.def"
#undef COMMAND
	NULL,
};

/** How many words at the front spell the name; 0 when they do not. */
static size_t match_name(const char *name, const char *const *words,
			 size_t count)
{
	size_t first = strcspn(name, " ");
	if (count < 1 || strlen(words[0]) != first ||
	    strncmp(words[0], name, first) != 0)
		return 0;
	if (!name[first])
		return 1;
	return count > 1 && strcmp(words[1], name + first + 1) == 0 ? 2 : 0;
}

/** Whether there are commands of two words that begin with this one. */
static bool is_prefix(const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; pyprof_commands[i]; i++)
		if (strncmp(pyprof_commands[i]->name, word, length) == 0 &&
		    pyprof_commands[i]->name[length] == ' ')
			return true;
	return false;
}

static struct pyprof_error *unknown(const char *const *words, size_t count)
{
	struct pyprof_nearest nearest = {};
	_cleanup_buf_ struct pyprof_buf two = PYPROF_BUF_INIT;
	pyprof_buf_printf(&two, "%s %s", words[0], count > 1 ? words[1] : "");
	bool is_two = count > 1 && is_prefix(words[0]);
	const char *given = is_two ? two.data : words[0];
	for (size_t i = 0; pyprof_commands[i]; i++) {
		const char *name = pyprof_commands[i]->name;
		bool has_two = strchr(name, ' ');
		if (has_two || !is_two)
			pyprof_nearest_offer(
				&nearest, has_two ? two.data : words[0], name);
	}
	if (!nearest.word)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"there is no command %.60s; see pyprof help", given);
	return pyprof_error_create(
		PYPROF_ERROR_USAGE,
		"there is no command %.60s; did you mean %s?", given,
		nearest.word);
}

struct pyprof_error *pyprof_command_find(const char *const *words, size_t count,
					 const struct pyprof_command **ret,
					 size_t *used_ret)
{
	const struct pyprof_command *found = NULL;
	size_t used = 0;
	for (size_t i = 0; pyprof_commands[i]; i++) {
		size_t matched =
			match_name(pyprof_commands[i]->name, words, count);
		if (matched > used) {
			found = pyprof_commands[i];
			used = matched;
		}
	}
	if (!found)
		return unknown(words, count);
	*ret = found;
	*used_ret = used;
	return NULL;
}

/** Run a command, its text going where the user wants it. */
static struct pyprof_error *
run_command(struct pyprof_session *session,
	    const struct pyprof_command *command,
	    const struct pyprof_arguments *arguments, struct pyprof_buf *out)
{
	if (!arguments->output) {
		struct pyprof_error *err =
			command->run(session, arguments, out);
		return err ? err : pyprof_buf_error(out);
	}
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	struct pyprof_error *err = command->run(session, arguments, &text);
	return err ? err : pyprof_output_save(arguments->output, &text, out);
}

struct pyprof_error *pyprof_command_run_words(struct pyprof_session *session,
					      const char *const *words,
					      size_t count,
					      struct pyprof_buf *out)
{
	const struct pyprof_command *command = NULL;
	struct pyprof_arguments arguments;
	size_t used = 0;
	bool help = false;

	if (!count || strcmp(words[0], "--help") == 0) {
		pyprof_command_help(NULL, out);
		return pyprof_buf_error(out);
	}
	struct pyprof_error *err =
		pyprof_command_find(words, count, &command, &used);
	/* "heap" takes no arguments, but is the first word of others. */
	const char *next = !err && used < count ? words[used] : "-";
	if (!err && next[0] != '-' && !command->max_arguments &&
	    is_prefix(command->name))
		err = unknown(words, count);
	if (!err)
		err = pyprof_options_parse(command, words + used, count - used,
					   &arguments, &help);
	if (err)
		return err;
	if (help) {
		pyprof_command_help(command, out);
		return pyprof_buf_error(out);
	}
	return run_command(session, command, &arguments, out);
}

struct pyprof_error *pyprof_command_run(struct pyprof_session *session,
					const char *line,
					struct pyprof_buf *out)
{
	struct pyprof_line words = {};
	struct pyprof_error *err = pyprof_line_split(line, false, &words);
	if (err)
		return err;
	err = pyprof_command_run_words(session, words.words, words.count, out);
	pyprof_line_deinit(&words);
	return err;
}
