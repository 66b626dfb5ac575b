// SPDX-License-Identifier: Apache-2.0
#include "core/command/options.h"

#include <string.h>

#include "core/base/nearest.h"
#include "core/command/units.h"

const struct pyprof_option pyprof_option_json = {
	.name = "--json",
	.kind = PYPROF_OPTION_FLAG,
	.text = "print the same facts as JSON",
};

const struct pyprof_option pyprof_option_output = {
	.name = "--output",
	.kind = PYPROF_OPTION_FILE,
	.placeholder = "FILE",
	.text = "write to FILE instead of the console",
};

const struct pyprof_option pyprof_option_snapshot = {
	.name = "--snapshot",
	.kind = PYPROF_OPTION_FILE,
	.placeholder = "NAME|FILE",
	.text = "look at a snapshot instead of the process",
};

const struct pyprof_option pyprof_option_help = {
	.name = "--help",
	.kind = PYPROF_OPTION_FLAG,
	.text = "show this help",
};

static size_t own_option_count(const struct pyprof_command *command)
{
	size_t count = 0;
	while (command->options && command->options[count].name)
		count++;
	return count;
}

const struct pyprof_option *
pyprof_option_at(const struct pyprof_command *command, size_t index)
{
	size_t own = own_option_count(command);
	if (index < own)
		return &command->options[index];
	const struct pyprof_option *common[4];
	size_t count = 0;
	if (command->flags & PYPROF_COMMAND_HEAP)
		common[count++] = &pyprof_option_snapshot;
	if (command->flags & PYPROF_COMMAND_JSON)
		common[count++] = &pyprof_option_json;
	if (command->flags & PYPROF_COMMAND_OUTPUT)
		common[count++] = &pyprof_option_output;
	common[count++] = &pyprof_option_help;
	return index - own < count ? common[index - own] : NULL;
}

struct pyprof_error *pyprof_choice_find(const char *what, const char *word,
					const char *const *words, size_t *ret)
{
	_cleanup_buf_ struct pyprof_buf list = PYPROF_BUF_INIT;
	struct pyprof_nearest nearest = {};
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = i;
			return NULL;
		}
		pyprof_nearest_offer(&nearest, word, words[i]);
		const char *join = !i ? "" : words[i + 1] ? ", " : " or ";
		pyprof_buf_printf(&list, "%s%s", join, words[i]);
	}
	return pyprof_error_create(
		PYPROF_ERROR_USAGE, "%s is %s, not %.60s%s%s%s", what,
		list.data, word, nearest.word ? "; did you mean " : "",
		nearest.word ? nearest.word : "", nearest.word ? "?" : "");
}

/** The parser's place in the words. */
struct cursor {
	const struct pyprof_command *command;
	const char *const *words;
	size_t count, next;
};

static bool is_word(const char *word, const char *name, size_t length)
{
	return word && strlen(word) == length &&
	       memcmp(word, name, length) == 0;
}

bool pyprof_option_is(const struct pyprof_option *option, const char *name,
		      size_t length)
{
	return is_word(option->name, name, length) ||
	       is_word(option->alias, name, length);
}

static struct pyprof_error *find_option(const struct cursor *at,
					const char *word, size_t length,
					size_t *ret)
{
	struct pyprof_nearest nearest = {};
	_cleanup_free_ char *name = strndup(word, length);
	if (!name)
		return pyprof_error_oom();
	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(at->command, i)); i++) {
		if (pyprof_option_is(option, word, length)) {
			*ret = i;
			return NULL;
		}
		pyprof_nearest_offer(&nearest, name, option->name);
	}
	return pyprof_error_create(
		PYPROF_ERROR_USAGE, "%s has no option %.60s%s%s%s",
		at->command->name, name, nearest.word ? "; did you mean " : "",
		nearest.word ? nearest.word : "", nearest.word ? "?" : "");
}

/** Put the option's name in front of an error about its value. */
static struct pyprof_error *in_option(const struct pyprof_option *option,
				      struct pyprof_error *err)
{
	if (!err || err->code == PYPROF_ERROR_OOM)
		return err;
	_cleanup_error_ struct pyprof_error *inner = err;
	return pyprof_error_create(inner->code, "%s: %s", option->name,
				   inner->message);
}

static struct pyprof_error *parse_value(const struct pyprof_option *option,
					const char *text,
					struct pyprof_option_value *ret)
{
	struct pyprof_option_value value = {.given = true, .text = text};
	struct pyprof_error *err = NULL;
	size_t index = 0;
	switch (option->kind) {
	case PYPROF_OPTION_INTEGER:
		err = pyprof_parse_integer(text, &value.number);
		if (!err && value.number < 0)
			err = pyprof_error_create(PYPROF_ERROR_USAGE,
						  "%s is below 0", text);
		break;
	case PYPROF_OPTION_TIME:
		err = pyprof_parse_time(text, &value.number);
		break;
	case PYPROF_OPTION_SIZE:
		err = pyprof_parse_size(text, &value.number);
		break;
	case PYPROF_OPTION_CHOICE:
		err = pyprof_choice_find(option->name, text, option->choices,
					 &index);
		if (err)
			return err;
		value.number = (int64_t)index;
		break;
	case PYPROF_OPTION_FLAG:
	case PYPROF_OPTION_TEXT:
	case PYPROF_OPTION_FILE:
	case PYPROF_OPTION_FORMAT:
		if (!*text)
			err = pyprof_error_create(PYPROF_ERROR_USAGE,
						  "the value is empty");
		break;
	}
	if (!err)
		*ret = value;
	return in_option(option, err);
}

/** Where the value of an option goes. */
static void store(const struct pyprof_option *option, size_t index,
		  const struct pyprof_option_value *value,
		  struct pyprof_arguments *arguments)
{
	if (option == &pyprof_option_json)
		arguments->json = true;
	else if (option == &pyprof_option_output)
		arguments->output = value->text;
	else if (option == &pyprof_option_snapshot)
		arguments->snapshot = value->text;
	else if (option != &pyprof_option_help && index < PYPROF_MAX_OPTIONS)
		arguments->options[index] = *value;
}

/** Parse the option that `word` begins, and its value. */
static struct pyprof_error *parse_option(struct cursor *at, const char *word,
					 struct pyprof_arguments *arguments)
{
	size_t length = strcspn(word, "="), index = 0;
	struct pyprof_error *err = find_option(at, word, length, &index);
	if (err)
		return err;
	const struct pyprof_option *option =
		pyprof_option_at(at->command, index);
	struct pyprof_option_value value = {.given = true};
	if (option->kind == PYPROF_OPTION_FLAG) {
		if (word[length])
			return pyprof_error_create(PYPROF_ERROR_USAGE,
						   "%s takes no value",
						   option->name);
	} else {
		const char *text = word[length] ? word + length + 1 : NULL;
		if (!text && at->next < at->count &&
		    strncmp(at->words[at->next], "--", 2) != 0)
			text = at->words[at->next++];
		if (!text)
			return pyprof_error_create(PYPROF_ERROR_USAGE,
						   "%s needs a value: %s %s",
						   option->name, option->name,
						   option->placeholder);
		err = parse_value(option, text, &value);
		if (err)
			return err;
	}
	store(option, index, &value, arguments);
	return NULL;
}

/** "-" is a file name, "-5" a number. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] &&
	       !(word[1] >= '0' && word[1] <= '9') && word[1] != '.';
}

static struct pyprof_error *
check_count(const struct pyprof_command *command,
	    const struct pyprof_arguments *arguments)
{
	if (arguments->count >= command->min_arguments)
		return NULL;
	return pyprof_error_create(
		PYPROF_ERROR_USAGE, "%s needs %s; see pyprof help %s",
		command->name, command->usage, command->name);
}

static struct pyprof_error *add_positional(const struct cursor *at,
					   const char *word,
					   struct pyprof_arguments *arguments)
{
	if (arguments->count >= at->command->max_arguments ||
	    arguments->count >= PYPROF_MAX_ARGUMENTS)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE, "%s takes %s%s; %.60s is too much",
			at->command->name,
			at->command->max_arguments ? "no more than "
						   : "no arguments",
			at->command->max_arguments ? at->command->usage : "",
			word);
	arguments->positional[arguments->count++] = word;
	return NULL;
}

static bool wants_help(const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], "--help") == 0 ||
		    strcmp(words[i], "-h") == 0)
			return true;
	return false;
}

struct pyprof_error *pyprof_options_parse(const struct pyprof_command *command,
					  const char *const *words,
					  size_t count,
					  struct pyprof_arguments *ret,
					  bool *help_ret)
{
	struct cursor at = {command, words, count, 0};
	struct pyprof_arguments arguments = {};
	bool only_positional = false;
	if (wants_help(words, count)) {
		*help_ret = true;
		return NULL;
	}
	while (at.next < count) {
		const char *word = words[at.next++];
		struct pyprof_error *err;
		if (!only_positional && strcmp(word, "--") == 0) {
			only_positional = true;
			continue;
		}
		if (!only_positional && is_option(word))
			err = parse_option(&at, word, &arguments);
		else
			err = add_positional(&at, word, &arguments);
		if (err)
			return err;
	}
	struct pyprof_error *err = check_count(command, &arguments);
	if (err)
		return err;
	*ret = arguments;
	*help_ret = false;
	return NULL;
}
