// SPDX-License-Identifier: Apache-2.0
//
// Help, from the rows of the table.
#include <string.h>

#include "core/command/command.h"
#include "core/command/options.h"
#include "core/report/report.h"

/** Columns of help text. */
#define WIDTH 78

/** Append an option and what it takes: "--mode auto|stop". */
static void put_option(const struct pyprof_option *option,
		       struct pyprof_buf *out)
{
	pyprof_buf_puts(out, option->name);
	if (option->kind == PYPROF_OPTION_CHOICE) {
		for (size_t i = 0; option->choices[i]; i++)
			pyprof_buf_printf(out, "%c%s", i ? '|' : ' ',
					  option->choices[i]);
	} else if (option->placeholder) {
		pyprof_buf_printf(out, " %s", option->placeholder);
	}
}

/** The column that the next byte goes to. */
static size_t column(const struct pyprof_buf *out)
{
	const char *newline = memrchr(out->data, '\n', out->length);
	return newline ? out->length - (size_t)(newline + 1 - out->data)
		       : out->length;
}

static void put_usage(const struct pyprof_command *command,
		      struct pyprof_buf *out)
{
	pyprof_buf_printf(out, "pyprof %s", command->name);
	if (command->usage && *command->usage)
		pyprof_buf_printf(out, " %s", command->usage);

	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++) {
		if (option == &pyprof_option_help)
			continue;
		_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
		put_option(option, &text);
		if (column(out) + text.length + 3 > WIDTH)
			pyprof_buf_puts(out, "\n      ");
		pyprof_buf_printf(out, " [%s]", text.data);
	}
	pyprof_buf_putc(out, '\n');
}

/** Append a line of text, broken at spaces, from a column on. */
static void put_wrapped(const char *text, size_t indent, struct pyprof_buf *out)
{
	while (*text) {
		size_t length = strcspn(text, " ");
		if (column(out) > indent && column(out) + 1 + length > WIDTH)
			pyprof_buf_putc(out, '\n');
		else if (column(out) > indent)
			pyprof_buf_putc(out, ' ');
		if (column(out) < indent)
			pyprof_buf_fill(out, ' ', indent - column(out));
		pyprof_buf_append(out, text, length);
		text += length + strspn(text + length, " ");
	}
	pyprof_buf_putc(out, '\n');
}

static void put_options(const struct pyprof_command *command,
			struct pyprof_buf *out)
{
	enum { TEXT_COLUMN = 26 };
	pyprof_buf_puts(out, "\nOptions:\n");
	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++) {
		pyprof_buf_puts(out, "  ");
		if (option->alias)
			pyprof_buf_printf(out, "%s, ", option->alias);
		put_option(option, out);
		if (column(out) + 2 > TEXT_COLUMN)
			pyprof_buf_putc(out, '\n');
		put_wrapped(option->text, TEXT_COLUMN, out);
	}
}

static bool takes_format(const struct pyprof_command *command)
{
	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++) {
		if (option->kind == PYPROF_OPTION_FORMAT)
			return true;
	}
	return false;
}

static void put_formats(struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "\nFormats, by the ending of FILE (and by name); "
			     ".gz behind it compresses:\n");
	for (size_t i = 0; pyprof_report_formats[i]; i++) {
		const struct pyprof_report_format *format =
			pyprof_report_formats[i];
		pyprof_buf_printf(out, "  %s (%s)\n      %s\n",
				  format->extension, format->name,
				  format->summary);
	}
}

static void put_overview(struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "pyprof profiles the Python program that is being "
			     "debugged.\n\n");
	for (size_t i = 0; pyprof_commands[i]; i++)
		pyprof_buf_printf(out, "  pyprof %-13s %s\n",
				  pyprof_commands[i]->name,
				  pyprof_commands[i]->summary);
	pyprof_buf_puts(out, "\n\"pyprof help COMMAND\" tells more of each.\n");
}

void pyprof_command_help(const struct pyprof_command *command,
			 struct pyprof_buf *out)
{
	if (!command) {
		put_overview(out);
		return;
	}
	put_usage(command, out);
	pyprof_buf_printf(out, "\n%s.\n", command->summary);
	if (command->help)
		pyprof_buf_printf(out, "\n%s\n", command->help);
	put_options(command, out);
	if (takes_format(command))
		put_formats(out);
}
