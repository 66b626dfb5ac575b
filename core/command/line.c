// SPDX-License-Identifier: Apache-2.0
#include "core/command/line.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

/** Where the splitter stands. */
struct cursor {
	const char *in;
	char *out;
	/** The quote that is open, or NUL. */
	char quote;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_protected(char quote, char c)
{
	return c && quote != '\'' && (!quote || c == '"' || c == '\\');
}

/** Copy one word, whose first character `in` points to, and its NUL. */
static void copy_word(struct cursor *at)
{
	for (; *at->in && (at->quote || !is_space(*at->in)); at->in++) {
		char c = *at->in;
		if (c == '\\' && is_protected(at->quote, at->in[1]))
			*at->out++ = *++at->in;
		else if (at->quote && c == at->quote)
			at->quote = '\0';
		else if (!at->quote && (c == '\'' || c == '"'))
			at->quote = c;
		else
			*at->out++ = c;
	}
	*at->out++ = '\0';
}

struct pyprof_error *pyprof_line_split(const char *line, bool is_partial,
				       struct pyprof_line *ret)
{
	size_t length = strlen(line);
	/* Words are no longer than the line, and have a NUL each; there are
	 * at most length / 2 + 1 of them, the empty last one included. */
	_cleanup_free_ char *text = malloc(length + length / 2 + 2);
	_cleanup_free_ const char **words =
		calloc(length / 2 + 3, sizeof(*words));
	if (!text || !words)
		return pyprof_error_oom();

	struct cursor at = {.in = line, .out = text};
	size_t count = 0;
	for (;;) {
		const char *end = at.in;
		while (is_space(*at.in))
			at.in++;
		bool is_apart = at.in != end || at.in == line;
		if (!*at.in && !(is_partial && is_apart))
			break;
		bool is_last = !*at.in;
		words[count++] = at.out;
		copy_word(&at);
		if (is_last)
			break;
	}
	if (at.quote && !is_partial)
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "the quote %c is not closed",
					   at.quote);
	ret->words = no_cleanup_ptr(words);
	ret->text = no_cleanup_ptr(text);
	ret->count = count;
	return NULL;
}

void pyprof_line_deinit(struct pyprof_line *line)
{
	free(line->words);
	free(line->text);
	*line = (struct pyprof_line){};
}
