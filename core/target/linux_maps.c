// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/target/linux_proc.h"

/* The kernel writes a newline in a path as \012 and nothing else so. */
static void unescape(char *path)
{
	char *to = path;
	for (const char *from = path; *from;) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool strip_deleted(char *path)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(path), cut = sizeof(suffix) - 1;
	if (length < cut || strcmp(path + length - cut, suffix) != 0)
		return false;
	path[length - cut] = '\0';
	return true;
}

static bool parse_line(char *text, struct pyprof_linux_map *ret)
{
	struct pyprof_linux_map line = {};
	struct pyprof_mapping *mapping = &line.mapping;
	char perms[5];
	int path = 0;
	if (sscanf(text,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64 " %n",
		   &mapping->start, &mapping->end, perms, &mapping->offset,
		   &line.inode, &path) < 5 ||
	    strlen(perms) != 4 || mapping->start >= mapping->end)
		return false;
	mapping->readable = perms[0] == 'r';
	mapping->writable = perms[1] == 'w';
	mapping->executable = perms[2] == 'x';
	mapping->shared = perms[3] == 's';
	mapping->path = "";
	mapping->is_stack = path && strncmp(text + path, "[stack]", 7) == 0;
	/* The kernel's own names, such as [heap], are not files. */
	if (path && text[path] == '/') {
		line.deleted = strip_deleted(text + path);
		unescape(text + path);
		mapping->path = text + path;
	}
	*ret = line;
	return true;
}

void pyprof_linux_maps_deinit(struct pyprof_linux_maps *maps)
{
	pyprof_buf_deinit(&maps->text);
	pyprof_vec_deinit(&maps->lines);
}

int pyprof_linux_maps_read(struct pyprof_linux_maps *maps, int32_t pid)
{
	maps->lines.count = 0;
	int error = pyprof_proc_read(pid, "maps", &maps->text);
	if (error)
		return error;
	char *next = NULL;
	for (char *text = maps->text.data; *text; text = next) {
		next = text + strcspn(text, "\n");
		if (*next)
			*next++ = '\0';
		struct pyprof_linux_map line;
		if (!parse_line(text, &line))
			return EINVAL;
		if (!pyprof_vec_push(&maps->lines, line))
			return ENOMEM;
	}
	/* The maps of a process that has just ended are empty. */
	return maps->lines.count ? 0 : ESRCH;
}

static const struct pyprof_linux_map *
find_line(const struct pyprof_linux_maps *maps, const char *path)
{
	for (size_t i = 0; i < maps->lines.count; i++) {
		const struct pyprof_linux_map *line = &maps->lines.items[i];
		if (strcmp(line->mapping.path, path) == 0)
			return line;
	}
	return NULL;
}

static int open_below_root(int32_t pid, const char *path, int *fd_ret)
{
	_cleanup_buf_ struct pyprof_buf buf = PYPROF_BUF_INIT;
	pyprof_buf_printf(&buf, "/proc/%d/root%s", pid, path);
	if (buf.failed)
		return ENOMEM;
	return pyprof_open_regular(buf.data, fd_ret);
}

static bool is_inode(int fd, uint64_t inode)
{
	struct stat st;
	return !fstat(fd, &st) && st.st_ino == inode;
}

/*
 * Open a file that has no name, or none that leads to it: of a process that
 * has changed its root, in a mount namespace that is not ours, the kernel tells
 * names from the root of the namespace, not of the process. Whoever may read
 * the process may open its executable; other mapped files take a privilege.
 */
static int open_nameless(int32_t pid, const struct pyprof_linux_map *line,
			 int *fd_ret)
{
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	int fd;
	if (pyprof_open_regular(path, &fd) == 0) {
		if (is_inode(fd, line->inode)) {
			*fd_ret = fd;
			return 0;
		}
		close(fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
		 pid, line->mapping.start, line->mapping.end);
	return pyprof_open_regular(path, fd_ret);
}

int pyprof_linux_maps_open(const struct pyprof_linux_maps *maps, int32_t pid,
			   const char *path, int *fd_ret)
{
	const struct pyprof_linux_map *line = find_line(maps, path);
	if (line && line->deleted)
		return open_nameless(pid, line, fd_ret);
	int error = open_below_root(pid, path, fd_ret);
	if (error == ENOENT && line)
		return open_nameless(pid, line, fd_ret);
	return error;
}
