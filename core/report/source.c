// SPDX-License-Identifier: Apache-2.0
#include "core/report/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/report/source_text.h"

/* A file that was looked at, with its text if it has any. */
struct file {
	UT_hash_handle hh;
	enum pyprof_source_status status;
	/* All lines behind each other, each with its NUL. */
	struct pyprof_buf text;
	PYPROF_VEC(const char *) lines;
	char name[];
};

const char *const pyprof_source_choices[] = {
	[PYPROF_SOURCE_ALL] = "all",
	[PYPROF_SOURCE_PROJECT] = "project",
	[PYPROF_SOURCE_NO_FILE] = "none",
	NULL,
};

struct pyprof_source {
	enum pyprof_source_choice choice;
	char *root, *cwd;
	int64_t started_at;
	struct file *files;
};

static bool copy_string(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

struct pyprof_error *pyprof_source_create(const char *root, const char *cwd,
					  int64_t started_at,
					  struct pyprof_source **ret)
{
	_cleanup_(pyprof_source_cleanup) struct pyprof_source *source =
		calloc(1, sizeof(*source));
	if (!source || !copy_string(root, &source->root) ||
	    !copy_string(cwd, &source->cwd))
		return pyprof_error_oom();
	source->started_at = started_at;
	*ret = no_cleanup_ptr(source);
	return NULL;
}

static void file_destroy(struct file *file)
{
	pyprof_buf_deinit(&file->text);
	pyprof_vec_deinit(&file->lines);
	free(file);
}

void pyprof_source_destroy(struct pyprof_source *source)
{
	if (!source)
		return;
	struct file *file, *next;
	HASH_ITER(hh, source->files, file, next)
	{
		HASH_DEL(source->files, file);
		file_destroy(file);
	}
	free(source->root);
	free(source->cwd);
	free(source);
}

/*
 * Open `path` below `root`, where its symbolic links must not lead out of it:
 * they mean the target's files, not ours.
 */
static int open_below(const char *root, const char *path)
{
	/* No device is started and no pipe waited for by opening it. */
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	if (!root)
		return open(path, flags);
	_cleanup_close_ int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_IN_ROOT,
	};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	while (*path == '/')
		path++;
	return openat(dir, path, flags);
}

static int open_file(const struct pyprof_source *source, const char *name)
{
	if (name[0] == '/')
		return open_below(source->root, name);
	if (!source->cwd)
		return -1;
	_cleanup_buf_ struct pyprof_buf path = PYPROF_BUF_INIT;
	pyprof_buf_printf(&path, "%s/%s", source->cwd, name);
	return path.failed ? -1 : open_below(source->root, path.data);
}

/* Read what the file has now, or had when it was first seen, if it shrinks. */
static bool read_file(int fd, size_t size, struct pyprof_buf *out)
{
	char *to = pyprof_buf_reserve(out, size);
	size_t done = 0;
	while (to && done < size) {
		ssize_t got = pread(fd, to + done, size - done, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	out->length += done;
	return to != NULL;
}

static bool split_lines(struct file *file)
{
	const char *at = file->text.data;
	const char *end = at + file->text.length;
	while (at < end) {
		if (!pyprof_vec_push(&file->lines, at))
			return false;
		at += strlen(at) + 1;
	}
	return true;
}

void pyprof_source_choose(struct pyprof_source *source,
			  enum pyprof_source_choice choice)
{
	source->choice = choice;
}

enum pyprof_source_choice
pyprof_source_choice(const struct pyprof_source *source)
{
	return source->choice;
}

/* "/usr/lib/python3.11/json/decoder.py", "/opt/lib64/python3.14t/os.py" */
static bool is_standard_library(const char *name)
{
	for (const char *at = name; (at = strstr(at, "/lib"));) {
		at += strlen("/lib");
		const char *end = at + (strncmp(at, "64", 2) ? 0 : 2);
		if (strncmp(end, "/python", strlen("/python")) != 0)
			continue;
		end += strlen("/python");
		if (end[strspn(end, "0123456789.td")] == '/')
			return true;
	}
	return false;
}

static bool is_chosen(const struct pyprof_source *source, const char *name,
		      mode_t mode)
{
	size_t length = strlen(name);
	if (source->choice != PYPROF_SOURCE_PROJECT)
		return source->choice == PYPROF_SOURCE_ALL;
	return (mode & S_IROTH) && length > 3 &&
	       !strcmp(name + length - 3, ".py") &&
	       !strstr(name, "/site-packages/") &&
	       !strstr(name, "/dist-packages/") && !is_standard_library(name);
}

static enum pyprof_source_status load(const struct pyprof_source *source,
				      struct file *file)
{
	struct stat st;
	/* "<string>" and "<frozen os>" name no file. */
	if (!file->name[0] || file->name[0] == '<')
		return PYPROF_SOURCE_NONE;
	_cleanup_close_ int fd = open_file(source, file->name);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > PYPROF_SOURCE_MAX)
		return PYPROF_SOURCE_MISSING;
	if (!is_chosen(source, file->name, st.st_mode))
		return PYPROF_SOURCE_PRIVATE;
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	if (!read_file(fd, (size_t)st.st_size, &bytes))
		return PYPROF_SOURCE_MISSING;
	pyprof_source_text(bytes.data, bytes.length, &file->text);
	if (file->text.failed || !split_lines(file)) {
		file->lines.count = 0;
		return PYPROF_SOURCE_MISSING;
	}
	if (source->started_at && st.st_mtime > source->started_at)
		return PYPROF_SOURCE_CHANGED;
	return PYPROF_SOURCE_OK;
}

static struct file *find(struct pyprof_source *source, const char *name)
{
	struct file *file;
	HASH_FIND_STR(source->files, name, file);
	if (file)
		return file;
	file = calloc(1, sizeof(*file) + strlen(name) + 1);
	if (!file)
		return NULL;
	file->text = PYPROF_BUF_INIT;
	memcpy(file->name, name, strlen(name) + 1);
	HASH_ADD_STR(source->files, name, file);
	if (!file->hh.tbl) {
		file_destroy(file);
		return NULL;
	}
	file->status = load(source, file);
	return file;
}

enum pyprof_source_status pyprof_source_lines(struct pyprof_source *source,
					      const char *file,
					      const char *const **lines_ret,
					      size_t *count_ret)
{
	struct file *found = find(source, file);
	*lines_ret = found ? found->lines.items : NULL;
	*count_ret = found ? found->lines.count : 0;
	return found ? found->status : PYPROF_SOURCE_MISSING;
}

const char *pyprof_source_line(struct pyprof_source *source, const char *file,
			       int32_t line)
{
	struct file *found = find(source, file);
	if (!found || line < 1 || (size_t)line > found->lines.count)
		return "";
	return found->lines.items[line - 1];
}
