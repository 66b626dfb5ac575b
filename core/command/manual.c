// SPDX-License-Identifier: Apache-2.0
#include "core/command/manual.h"

#include <stdbool.h>
#include <string.h>

#include "core/command/command.h"
#include "core/command/options.h"
#include "core/report/report.h"

/** Append text, with what means something to the language protected. */
static void put_text(struct pyprof_buf *out, const char *text)
{
	bool at_start = true;
	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			pyprof_buf_puts(out, "\\&");
		if (*text == '\\')
			pyprof_buf_puts(out, "\\e");
		else if (*text == '-')
			pyprof_buf_puts(out, "\\-");
		else
			pyprof_buf_putc(out, *text);
		at_start = *text == '\n';
	}
}

/** Like put_text(), empty lines beginning paragraphs. */
static void put_paragraphs(struct pyprof_buf *out, const char *text)
{
	const char *gap;
	while ((gap = strstr(text, "\n\n"))) {
		_cleanup_buf_ struct pyprof_buf part = PYPROF_BUF_INIT;
		pyprof_buf_append(&part, text, (size_t)(gap - text));
		put_text(out, part.data);
		pyprof_buf_puts(out, "\n.PP\n");
		text = gap + 2;
	}
	put_text(out, text);
	pyprof_buf_putc(out, '\n');
}

/** What an option takes: " auto|stop", " TIME", "". */
static void put_value(struct pyprof_buf *out,
		      const struct pyprof_option *option)
{
	if (option->kind == PYPROF_OPTION_CHOICE) {
		for (size_t i = 0; option->choices[i]; i++) {
			pyprof_buf_putc(out, i ? '|' : ' ');
			put_text(out, option->choices[i]);
		}
	} else if (option->placeholder) {
		pyprof_buf_puts(out, " \\fI");
		put_text(out, option->placeholder);
		pyprof_buf_puts(out, "\\fR");
	}
}

static void put_option(struct pyprof_buf *out,
		       const struct pyprof_option *option)
{
	pyprof_buf_puts(out, ".TP\n\\fB");
	if (option->alias) {
		put_text(out, option->alias);
		pyprof_buf_puts(out, "\\fR, \\fB");
	}
	put_text(out, option->name);
	pyprof_buf_puts(out, "\\fR");
	put_value(out, option);
	pyprof_buf_putc(out, '\n');
	put_text(out, option->text);
	pyprof_buf_putc(out, '\n');
}

static void put_command(struct pyprof_buf *out,
			const struct pyprof_command *command)
{
	pyprof_buf_puts(out, ".SS pyprof ");
	put_text(out, command->name);
	pyprof_buf_puts(out, "\n\\fBpyprof ");
	put_text(out, command->name);
	pyprof_buf_puts(out, "\\fR");
	if (command->usage) {
		pyprof_buf_putc(out, ' ');
		put_text(out, command->usage);
	}
	pyprof_buf_puts(out, " [\\fIOPTION\\fR]...\n.PP\n");
	put_text(out, command->summary);
	pyprof_buf_puts(out, ".\n");
	if (command->help) {
		pyprof_buf_puts(out, ".PP\n");
		put_paragraphs(out, command->help);
	}
	const struct pyprof_option *option;
	for (size_t i = 0; (option = pyprof_option_at(command, i)); i++)
		if (option != &pyprof_option_help)
			put_option(out, option);
}

static void put_formats(struct pyprof_buf *out)
{
	pyprof_buf_puts(out, ".SH FORMATS\nThe ending of the file's name picks "
			     "the format of a dump:\n");
	for (size_t i = 0; pyprof_report_formats[i]; i++) {
		const struct pyprof_report_format *format =
			pyprof_report_formats[i];
		pyprof_buf_puts(out, ".TP\n\\fB");
		put_text(out, format->extension);
		pyprof_buf_puts(out, "\\fR (");
		put_text(out, format->name);
		pyprof_buf_puts(out, ")\n");
		put_text(out, format->summary);
		pyprof_buf_putc(out, '\n');
	}
}

static const char head[] =
	".\\\" Written by scripts/manual from the tables of commands and "
	"formats;\n"
	".\\\" do not edit: make manual.\n"
	".TH PYPROF 1\n"
	".SH NAME\n"
	"pyprof \\- profile Python programs from inside a debugger\n"
	".SH SYNOPSIS\n"
	".nf\n"
	"(gdb) \\fBpyprof\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n"
	"$ \\fBpyprof record\\fR (\\fB\\-p\\fR \\fIPID\\fR | \\fB\\-\\-\\fR "
	"\\fICOMMAND\\fR...) [\\fB\\-r\\fR \\fIRATE\\fR] [\\fB\\-d\\fR "
	"\\fITIME\\fR] [\\fB\\-o\\fR \\fIFILE\\fR]\n"
	"$ \\fBpyprof dump\\fR (\\fB\\-p\\fR \\fIPID\\fR | \\fICORE\\fR) "
	"[\\fB\\-o\\fR \\fIFILE\\fR]\n"
	"$ \\fBpyprof heap\\fR (\\fB\\-p\\fR \\fIPID\\fR | \\fICORE\\fR | "
	"\\fISNAPSHOT\\fR) [\\fICOMMAND\\fR] [\\fIARGUMENT\\fR]...\n"
	".fi\n"
	".SH DESCRIPTION\n"
	"pyprof samples the Python stacks of a process that a debugger looks "
	"at,\n"
	"whenever the process runs and whichever command of the debugger runs "
	"it, and\n"
	"adds them up by line. It changes nothing in the program. Stacks can "
	"be shown\n"
	"at any time, and of core dumps; so can the objects of its heap: their "
	"types,\n"
	"their sizes, and what holds them.\n"
	".PP\n"
	"The same commands are in every debugger. Every one has\n"
	"\\fB\\-\\-help\\fR. Words are separated by white space and quoted as "
	"in a shell.\n"
	"Units may be written 100hz, 1khz, 10ms, 2s, 64mb.\n"
	".PP\n"
	"From the shell, pyprof starts a debugger by itself and runs these "
	"commands\n"
	"in it; \\fBpyprof \\-\\-help\\fR tells how.\n"
	".SH COMMANDS\n";

static const char tail[] =
	".SH EXIT STATUS\n"
	"From the shell: 0 when done, 1 for a failure, 2 for wrong usage. "
	"\\fBpyprof record \\-\\-\\fR\n"
	"passes on the status of the command.\n"
	".SH SEE ALSO\n"
	"\\fBgdb\\fR(1), \\fBpython\\fR(1)\n";

void pyprof_manual_write(struct pyprof_buf *out)
{
	pyprof_buf_puts(out, head);
	for (size_t i = 0; pyprof_commands[i]; i++)
		put_command(out, pyprof_commands[i]);
	put_formats(out);
	pyprof_buf_puts(out, tail);
}
