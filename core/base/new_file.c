// SPDX-License-Identifier: Apache-2.0
#include "core/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"

/* How many names are tried for the file beside. */
#define NAMES_MAX 100

int pyprof_write_all(int fd, const void *bytes, unsigned long size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)bytes + done, size - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return EIO;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* Create a file beside `path`, with the mode that any new file gets. */
static int create_beside(struct pyprof_new_file *file, unsigned mode)
{
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
		pyprof_buf_printf(&name, "%s.%d-%u.tmp", file->path,
				  (int)getpid(), i);
		char *copy = name.failed ? NULL : strdup(name.data);
		if (!copy)
			return ENOMEM;
		file->fd =
			open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (file->fd >= 0) {
			file->beside = copy;
			return 0;
		}
		free(copy);
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

int pyprof_new_file_begin(struct pyprof_new_file *file, const char *path,
			  unsigned mode)
{
	struct stat st;
	*file = PYPROF_NEW_FILE_INIT;
	bool exists = stat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	file->path = exists ? realpath(path, NULL) : strdup(path);
	if (!file->path)
		return errno;
	int error = create_beside(file, mode);
	if (!error && exists)
		(void)!fchmod(file->fd, st.st_mode & 0777);
	if (error)
		pyprof_new_file_deinit(file);
	return error;
}

int pyprof_new_file_commit(struct pyprof_new_file *file)
{
	if ((fsync(file->fd) < 0 && errno != EINVAL) ||
	    rename(file->beside, file->path) < 0)
		return errno;
	free(file->beside);
	file->beside = NULL;
	return 0;
}

void pyprof_new_file_deinit(struct pyprof_new_file *file)
{
	if (file->beside)
		unlink(file->beside);
	pyprof_close_cleanup(&file->fd);
	free(file->beside);
	free(file->path);
	*file = PYPROF_NEW_FILE_INIT;
}
