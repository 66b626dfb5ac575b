// SPDX-License-Identifier: Apache-2.0
#include "core/target/linux_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"

/* No file read here is longer, but for the maps of a strange process. */
#define PROC_FILE_MAX (64U << 20)

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
