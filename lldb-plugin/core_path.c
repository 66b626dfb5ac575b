// SPDX-License-Identifier: Apache-2.0
//
// Which file the core is. LLDB tells since 19; before, the core is one of the
// modules that it keeps, of no target: "image list" has them all.
#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "core/target/core_file.h"
#include "core/target/linux_proc.h"
#include "lldb-plugin/state.h"

static bool is_core(const char *path)
{
	_cleanup_close_ int fd = -1;
	/* The type is at the same place in all of ELF's header formats. */
	Elf64_Ehdr header = {};
	return !pyprof_open_regular(path, &fd) &&
	       read(fd, &header, sizeof(header)) == sizeof(header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       header.e_type == ET_CORE;
}

/** Whether it is a core of that process; one that cannot be read is none. */
static bool is_core_of(const char *path, int32_t pid)
{
	struct pyprof_target *target = NULL;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_core_file_create(path, NULL, NULL, &target);
	if (err)
		return false;
	bool same = pyprof_core_file_image(target)->pid == pid;
	pyprof_target_destroy(target);
	return same;
}

bool pyprof_lldb_core_path(uint64_t debugger, int32_t pid,
			   struct pyprof_buf *path)
{
	if (pyprof_sb_core_file(debugger, path))
		return true;
	_cleanup_buf_ struct pyprof_buf list = PYPROF_BUF_INIT;
	pyprof_sb_command_output(
		debugger, "target modules list --global --fullpath", &list);
	const char *found = NULL;
	char *rest = list.data, *line;
	/* "[  1] /tmp/core" */
	while ((line = strsep(&rest, "\n"))) {
		char *name = strstr(line, "] ");
		if (line[0] != '[' || !name || !is_core(name + 2))
			continue;
		/* Cores that were looked at before are still in the list. */
		if (!found || is_core_of(name + 2, pid))
			found = name + 2;
	}
	if (found)
		pyprof_buf_puts(path, found);
	return found;
}
