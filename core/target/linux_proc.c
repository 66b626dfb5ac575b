// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"

/* No file read here is longer, but for the maps of a strange process. */
#define PROC_FILE_MAX (64U << 20)
/* Longer command lines are cut behind the argument that goes beyond. */
#define COMMAND_LINE_MAX 4096

int pyprof_proc_read(int32_t pid, const char *name, struct pyprof_buf *buf)
{
	char path[PYPROF_PROC_PATH_MAX];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	pyprof_buf_clear(buf);
	while (buf->length < PROC_FILE_MAX) {
		const size_t step = 16384;
		char *end = pyprof_buf_reserve(buf, step);
		if (!end)
			return ENOMEM;
		ssize_t n = read(fd, end, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		end[n] = '\0';
		buf->length += (size_t)n;
		if (!n)
			return 0;
	}
	return EFBIG;
}

/* Append an argument, quoted where a shell would need it. */
static void put_argument(struct pyprof_buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789%+,-./:=@_";
	if (*text && !text[strspn(text, plain)]) {
		pyprof_buf_puts(out, text);
		return;
	}
	pyprof_buf_putc(out, '\'');
	for (; *text; text++) {
		/* Display text is one line, whatever the arguments are. */
		unsigned char c = (unsigned char)*text;
		if (c == '\'')
			pyprof_buf_puts(out, "'\\''");
		else
			pyprof_buf_putc(out,
					c < 0x20 || c == 0x7f ? ' ' : *text);
	}
	pyprof_buf_putc(out, '\'');
}

bool pyprof_proc_command_line(int32_t pid, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (pyprof_proc_read(pid, "cmdline", &text) || !text.length)
		return false;
	size_t at = 0;
	for (; at < text.length && at < COMMAND_LINE_MAX;
	     at += strlen(text.data + at) + 1) {
		if (at)
			pyprof_buf_putc(out, ' ');
		put_argument(out, text.data + at);
	}
	if (at < text.length)
		pyprof_buf_puts(out, " …");
	return true;
}

bool pyprof_proc_cwd(int32_t pid, struct pyprof_buf *out)
{
	char link[PYPROF_PROC_PATH_MAX], path[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	ssize_t length = readlink(link, path, sizeof(path));
	if (length <= 0 || (size_t)length == sizeof(path))
		return false;
	pyprof_buf_append(out, path, (size_t)length);
	return true;
}

const char *pyprof_proc_stat_field(const char *text,
				   enum pyprof_stat_field field)
{
	/* The second field is a name that can hold spaces and parentheses. */
	const char *at = strrchr(text, ')');
	for (int number = 2; at && number < (int)field; number++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

int pyprof_open_regular(const char *path, int *fd_ret)
{
	struct stat st;
	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	*fd_ret = fd;
	return 0;
}
