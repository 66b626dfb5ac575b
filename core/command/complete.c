// SPDX-License-Identifier: Apache-2.0
//
// Completion of what is being typed, from the rows of the table.
#include <string.h>

#include "core/command/command.h"
#include "core/command/line.h"
#include "core/command/options.h"
#include "core/report/report.h"

/** What is being completed, and what has been found for it. */
struct completion {
	const char *const *words;
	/** All words; the last one is being typed. */
	size_t count;
	const char *typed;
	struct pyprof_buf *out;
	bool files;
};

/** Add `prefix` + `word` when it begins as typed; never twice in a row. */
static void offer(struct completion *c, const char *prefix, const char *word)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	pyprof_buf_printf(&line, "%s%s\n", prefix, word);
	if (strncmp(line.data, c->typed, strlen(c->typed)) != 0)
		return;
	struct pyprof_buf *out = c->out;
	if (out->length >= line.length &&
	    strcmp(out->data + out->length - line.length, line.data) == 0)
		return;
	pyprof_buf_puts(out, line.data);
}

/** Names whose words before the one being typed are words[first...]. */
static void offer_names(struct completion *c, size_t first)
{
	size_t complete = c->count - 1 - first;
	if (complete > 1)
		return;
	for (size_t i = 0; pyprof_commands[i]; i++) {
		const char *name = pyprof_commands[i]->name;
		size_t length = strcspn(name, " ");
		_cleanup_free_ char *word = strndup(name, length);
		if (!word)
			return;
		if (!complete)
			offer(c, "", word);
		else if (name[length] && strcmp(word, c->words[first]) == 0)
			offer(c, "", name + length + 1);
	}
}

static void offer_value(struct completion *c, const char *prefix,
			const struct pyprof_option *option)
{
	switch (option->kind) {
	case PYPROF_OPTION_CHOICE:
		for (size_t i = 0; option->choices[i]; i++)
			offer(c, prefix, option->choices[i]);
		break;
	case PYPROF_OPTION_FORMAT:
		for (size_t i = 0; pyprof_report_formats[i]; i++)
			offer(c, prefix, pyprof_report_formats[i]->name);
		break;
	case PYPROF_OPTION_FILE:
		c->files = !*prefix;
		break;
	default:
		break;
	}
}

/** The option of that name, if it takes a value. */
static const struct pyprof_option *
find_taking(const struct pyprof_command *command, const char *name,
	    size_t length)
{
	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++)
		if (option->kind != PYPROF_OPTION_FLAG &&
		    pyprof_option_is(option, name, length))
			return option;
	return NULL;
}

static void offer_options(struct completion *c,
			  const struct pyprof_command *command)
{
	size_t length = strcspn(c->typed, "=");
	const struct pyprof_option *option;
	if (c->typed[length]) {
		option = find_taking(command, c->typed, length);
		_cleanup_free_ char *prefix = strndup(c->typed, length + 1);
		if (option && prefix)
			offer_value(c, prefix, option);
		return;
	}
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++)
		offer(c, "", option->name);
}

static void offer_positional(struct completion *c,
			     const struct pyprof_command *command, size_t used)
{
	/* "heap" may be a command and the first word of others. */
	if (used == 1)
		offer_names(c, 0);
	if (command->flags & PYPROF_COMMAND_NAMES)
		offer_names(c, used);
	for (size_t i = 0; command->words && command->words[i]; i++)
		offer(c, "", command->words[i]);
	if (command->flags & PYPROF_COMMAND_FILES)
		c->files = true;
}

/** The option whose value is being typed behind it, or NULL. */
static const struct pyprof_option *
pending_option(const struct completion *c, const struct pyprof_command *command,
	       size_t used)
{
	if (c->count < used + 2)
		return NULL;
	const char *before = c->words[c->count - 2];
	return find_taking(command, before, strlen(before));
}

static bool is_behind_dashes(const struct completion *c, size_t used)
{
	for (size_t i = used; i + 1 < c->count; i++)
		if (strcmp(c->words[i], "--") == 0)
			return true;
	return false;
}

static void complete(struct completion *c)
{
	const struct pyprof_command *command = NULL;
	size_t used = 0;
	_cleanup_error_ struct pyprof_error *err = NULL;
	if (c->count > 1)
		err = pyprof_command_find(c->words, c->count - 1, &command,
					  &used);
	if (!command) {
		offer_names(c, 0);
		return;
	}
	bool behind = is_behind_dashes(c, used);
	const struct pyprof_option *option = pending_option(c, command, used);
	if (option && !behind)
		offer_value(c, "", option);
	else if (c->typed[0] == '-' && !behind)
		offer_options(c, command);
	else
		offer_positional(c, command, used);
}

struct pyprof_error *pyprof_command_complete(const char *line,
					     struct pyprof_buf *out,
					     bool *files_ret)
{
	struct pyprof_line words = {};
	struct pyprof_error *err = pyprof_line_split(line, true, &words);
	if (err)
		return err;
	struct completion c = {
		.words = words.words,
		.count = words.count,
		.typed = words.words[words.count - 1],
		.out = out,
	};
	complete(&c);
	pyprof_line_deinit(&words);
	err = pyprof_buf_error(out);
	if (!err)
		*files_ret = c.files && !out->length;
	return err;
}
