// SPDX-License-Identifier: Apache-2.0
//
// What LLDB sees: `plugin load` calls lldb::PluginInitialize(), which makes the
// commands.
#include <cxxabi.h>
#include <lldb/API/LLDB.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lldb-plugin/needed.h"
#include "lldb-plugin/plugin.h"

extern "C" {
#include "core/command/command.h"
}

/* LLDB finds it by this name, and nothing else of us. */
namespace lldb
{
__attribute__((__visibility__("default"))) bool
PluginInitialize(lldb::SBDebugger debugger);
}

namespace
{

/** The commands that begin with one word, as LLDB calls them. */
class Command : public lldb::SBCommandPluginInterface
{
      public:
	Command(struct pyprof_lldb *plugin, const char *word)
	    : plugin_(plugin), word_(word)
	{
	}

	bool DoExecute(lldb::SBDebugger debugger, char **argv,
		       lldb::SBCommandReturnObject &result) override;

      private:
	struct pyprof_lldb *plugin_;
	const char *word_;
};

bool fail(lldb::SBCommandReturnObject &result, struct pyprof_error *err)
{
	_cleanup_buf_ struct pyprof_buf line = PYPROF_BUF_INIT;
	pyprof_buf_printf(&line, "pyprof: %s", err->message);
	pyprof_error_destroy(err);
	result.SetError(line.data);
	return false;
}

bool Command::DoExecute(lldb::SBDebugger debugger, char **argv,
			lldb::SBCommandReturnObject &result)
{
	(void)debugger;
	size_t count = 0;
	while (argv && argv[count])
		count++;
	_cleanup_free_ const char **words =
		(const char **)calloc(count + 1, sizeof(*words));
	if (!words)
		return fail(result, pyprof_error_oom());
	words[0] = word_;
	for (size_t i = 0; i < count; i++)
		words[i + 1] = argv[i];

	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	struct pyprof_error *err =
		pyprof_lldb_run(plugin_, words, count + 1, &out);
	if (out.length)
		result.Printf("%s", out.data);
	if (err)
		return fail(result, err);
	result.SetStatus(out.length ? lldb::eReturnStatusSuccessFinishResult
				    : lldb::eReturnStatusSuccessFinishNoResult);
	return true;
}

/** Whether an earlier row of the table begins with the same word. */
bool is_known(size_t row, size_t length)
{
	const char *name = pyprof_commands[row]->name;
	for (size_t i = 0; i < row; i++)
		if (!strncmp(pyprof_commands[i]->name, name, length) &&
		    strchr(" ", pyprof_commands[i]->name[length]))
			return true;
	return false;
}

/** Append the help of all commands that begin with a word. */
void put_help(const char *word, struct pyprof_buf *out)
{
	size_t length = strlen(word);
	for (size_t i = 0; pyprof_commands[i]; i++) {
		if (strncmp(pyprof_commands[i]->name, word, length) ||
		    !strchr(" ", pyprof_commands[i]->name[length]))
			continue;
		if (out->length)
			pyprof_buf_putc(out, '\n');
		pyprof_command_help(pyprof_commands[i], out);
	}
}

/**
 * LLDB takes commands apart by words, of which only the last may take
 * arguments: so "heap", which is a command and begins others, is one command
 * here that takes theirs for arguments.
 */
void add_commands(lldb::SBCommand &parent, struct pyprof_lldb *plugin)
{
	for (size_t i = 0; pyprof_commands[i]; i++) {
		const char *name = pyprof_commands[i]->name;
		size_t length = strcspn(name, " ");
		if (is_known(i, length))
			continue;
		const char *word = strndup(name, length);
		if (!word)
			return;
		_cleanup_buf_ struct pyprof_buf help = PYPROF_BUF_INIT;
		_cleanup_buf_ struct pyprof_buf syntax = PYPROF_BUF_INIT;
		const char *usage = pyprof_commands[i]->usage;
		put_help(word, &help);
		pyprof_buf_printf(&syntax, "pyprof %s %s", word,
				  usage ? usage : "");
		/* Both live as long as LLDB. */
		lldb::SBCommand command = parent.AddCommand(
			word, new Command(plugin, word),
			pyprof_commands[i]->summary, syntax.data);
		command.SetHelpLong(help.data);
	}
}

void say(lldb::SBDebugger &debugger, const char *text)
{
	size_t written = 0;
	lldb::SBFile file = debugger.GetErrorFile();
	file.Write((const uint8_t *)text, strlen(text), &written);
	file.Flush();
}

/** Nothing of LLDB's may be called. */
bool refuse(const char *missing)
{
	_cleanup_free_ char *name =
		abi::__cxa_demangle(missing, NULL, NULL, NULL);
	fprintf(stderr,
		"pyprof: this LLDB has no %s; LLDB 14 or newer is needed\n",
		name ? name : missing);
	return false;
}

/** Whether the plugin was loaded before, from this file or another one. */
bool is_loaded(lldb::SBCommandInterpreter &interpreter)
{
	lldb::SBCommandReturnObject result;
	interpreter.ResolveCommand("pyprof", result);
	return result.Succeeded();
}

bool initialize(lldb::SBDebugger &debugger)
{
	lldb::SBCommandInterpreter interpreter =
		debugger.GetCommandInterpreter();
	if (is_loaded(interpreter)) {
		say(debugger, "pyprof: it is loaded already\n");
		return true;
	}
	struct pyprof_lldb *plugin = NULL;
	struct pyprof_error *err =
		pyprof_lldb_create(debugger.GetID(), &plugin);
	if (err) {
		pyprof_error_destroy(err);
		return false;
	}
	lldb::SBCommand command = interpreter.AddMultiwordCommand(
		"pyprof", "Profile the Python program that is being debugged.");
	add_commands(command, plugin);
	return true;
}

} // namespace

bool lldb::PluginInitialize(lldb::SBDebugger debugger)
{
	if (pyprof_lldb_missing())
		pyprof_lldb_share(__builtin_return_address(0));
	const char *missing = pyprof_lldb_missing();
	return missing ? refuse(missing) : initialize(debugger);
}
