// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <lldb/API/LLDB.h>
#include <stdlib.h>
#include <string.h>

#include "lldb-plugin/sb.h"

namespace
{

lldb::SBDebugger debugger_of(uint64_t id)
{
	return lldb::SBDebugger::FindDebuggerWithID((int)id);
}

lldb::SBProcess process_of(uint64_t id)
{
	return debugger_of(id).GetSelectedTarget().GetProcess();
}

/** Whether there is a process in that state. */
bool is_alive(lldb::StateType state)
{
	return state == lldb::eStateStopped || state == lldb::eStateRunning ||
	       state == lldb::eStateStepping || state == lldb::eStateCrashed ||
	       state == lldb::eStateSuspended;
}

bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/** "elf-core", "minidump": LLDB has a plugin for each kind of process. */
bool is_core(lldb::SBProcess &process)
{
	const char *plugin = process.GetPluginName();
	return plugin &&
	       (ends_with(plugin, "-core") || strcmp(plugin, "minidump") == 0);
}

bool put_path(const lldb::SBFileSpec &file, struct pyprof_buf *path)
{
	char text[4096];
	uint32_t length = file.GetPath(text, sizeof(text));
	if (!length || length >= sizeof(text))
		return false;
	pyprof_buf_append(path, text, strlen(text));
	return true;
}

} // namespace

bool pyprof_sb_exists(uint64_t debugger)
{
	return debugger_of(debugger).IsValid();
}

int32_t pyprof_sb_pid(uint64_t debugger)
{
	return (int32_t)process_of(debugger).GetProcessID();
}

void pyprof_sb_process(uint64_t debugger, struct pyprof_sb_process *ret)
{
	lldb::SBProcess process = process_of(debugger);
	lldb::StateType state = process.GetState();
	*ret = {};
	if (!is_alive(state))
		return;
	ret->kind = is_core(process) ? PYPROF_SB_CORE : PYPROF_SB_LIVE;
	ret->pid = (int32_t)process.GetProcessID();
	ret->is_running =
		state == lldb::eStateRunning || state == lldb::eStateStepping;
	ret->stop_id = process.GetStopID(true);
}

size_t pyprof_sb_threads(uint64_t debugger, struct pyprof_sb_thread *threads,
			 size_t capacity)
{
	lldb::SBProcess process = process_of(debugger);
	uint32_t count = process.GetNumThreads();
	uint32_t selected = process.GetSelectedThread().GetIndexID();
	for (uint32_t i = 0; i < count && i < capacity; i++) {
		lldb::SBThread thread = process.GetThreadAtIndex(i);
		uint32_t number = thread.GetIndexID();
		threads[i].tid = (int32_t)thread.GetThreadID();
		threads[i].number = (int32_t)number;
		threads[i].is_selected = number == selected;
	}
	return count;
}

bool pyprof_sb_executable(uint64_t debugger, struct pyprof_buf *path)
{
	lldb::SBTarget target = debugger_of(debugger).GetSelectedTarget();
	return put_path(target.GetExecutable(), path);
}

bool pyprof_sb_core_file(uint64_t debugger, struct pyprof_buf *path)
{
	/* SBProcess::GetCoreFile(), a member function, as the ABI calls it. */
	auto get = (lldb::SBFileSpec(*)(lldb::SBProcess *))dlsym(
		RTLD_DEFAULT, "_ZN4lldb9SBProcess11GetCoreFileEv");
	lldb::SBProcess process = process_of(debugger);
	return get && put_path(get(&process), path);
}

void pyprof_sb_command_output(uint64_t debugger, const char *command,
			      struct pyprof_buf *out)
{
	lldb::SBCommandReturnObject result;
	debugger_of(debugger).GetCommandInterpreter().HandleCommand(
		command, result, false);
	const char *text = result.GetOutput();
	if (text)
		pyprof_buf_puts(out, text);
}

bool pyprof_sb_continue(uint64_t debugger, struct pyprof_buf *why)
{
	lldb::SBDebugger host = debugger_of(debugger);
	bool was_async = host.GetAsync();
	host.SetAsync(false);
	lldb::SBError error = process_of(debugger).Continue();
	host.SetAsync(was_async);
	if (error.Success())
		return true;
	const char *text = error.GetCString();
	pyprof_buf_puts(why, text ? text : "LLDB cannot resume the process");
	return false;
}

void pyprof_sb_interrupt(uint64_t debugger)
{
	process_of(debugger).SendAsyncInterrupt();
}

void pyprof_sb_version(struct pyprof_buf *out)
{
	static const char before[] = "version ";
	const char *text = lldb::SBDebugger::GetVersionString();
	const char *found = text ? strstr(text, before) : NULL;
	if (found)
		text = found + strlen(before);
	if (text)
		pyprof_buf_append(out, text, strcspn(text, " \n("));
}

void pyprof_sb_print(uint64_t debugger, const char *text, size_t length)
{
	lldb::SBFile file = debugger_of(debugger).GetOutputFile();
	size_t written = 0;
	file.Write((const uint8_t *)text, length, &written);
	file.Flush();
}

unsigned pyprof_sb_width(uint64_t debugger)
{
	return debugger_of(debugger).GetTerminalWidth();
}

bool pyprof_sb_colour(uint64_t debugger)
{
	return debugger_of(debugger).GetUseColor();
}

bool pyprof_sb_interrupted(uint64_t debugger)
{
	return debugger_of(debugger).GetCommandInterpreter().WasInterrupted();
}
