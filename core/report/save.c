// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/report/report.h"

/* How many names are tried for the file beside. */
#define NAMES_MAX 100

static struct pyprof_error *cannot_write(const char *path, int os_errno)
{
	char text[128];
	struct pyprof_error *err = pyprof_error_create(
		PYPROF_ERROR_OS, "cannot write %s: %s (the profile is kept)",
		path, strerror_r(os_errno, text, sizeof(text)));
	if (err->code == PYPROF_ERROR_OS)
		err->os_errno = os_errno;
	return err;
}

/* Returns an errno. */
static int write_all(int fd, const struct pyprof_buf *bytes)
{
	for (size_t done = 0; done < bytes->length;) {
		ssize_t size =
			write(fd, bytes->data + done, bytes->length - done);
		if (size > 0)
			done += (size_t)size;
		else if (size == 0)
			return EIO;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* A pipe without a reader is an error here, not the end of the debugger. */
static int write_without_sigpipe(int fd, const struct pyprof_buf *bytes)
{
	sigset_t pipe_only, before, pending;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	int error = write_all(fd, bytes);
	if (error == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_only, NULL, &(struct timespec){});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* What is no regular file (a terminal, a pipe, /dev/null) is written to. */
static int write_into(const char *path, const struct pyprof_buf *bytes)
{
	/* Opening a pipe that nobody reads must not wait; writing may. */
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return errno;
	return write_without_sigpipe(fd, bytes);
}

/* Create a file beside `path`, with the mode that any new file gets. */
static int create_beside(const char *path, char **name_ret, int *fd_ret)
{
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		_cleanup_buf_ struct pyprof_buf name = PYPROF_BUF_INIT;
		pyprof_buf_printf(&name, "%s.%d-%u.tmp", path, (int)getpid(),
				  i);
		char *copy = name.failed ? NULL : strdup(name.data);
		if (!copy)
			return ENOMEM;
		int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			      0666);
		if (fd >= 0) {
			*name_ret = copy;
			*fd_ret = fd;
			return 0;
		}
		free(copy);
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

/* Returns an errno; what was at `path` is untouched unless it is 0. */
static int replace(const char *path, const struct stat *old,
		   const struct pyprof_buf *bytes)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int fd = -1;
	int error = create_beside(path, &name, &fd);
	if (error)
		return error;
	/* A file that is replaced keeps who may read it. */
	if (old)
		(void)!fchmod(fd, old->st_mode & 0777);
	error = write_all(fd, bytes);
	if (!error && fsync(fd) < 0 && errno != EINVAL)
		error = errno;
	if (!error && rename(name, path) < 0)
		error = errno;
	if (error)
		unlink(name);
	return error;
}

struct pyprof_error *pyprof_report_save(const char *path,
					const struct pyprof_buf *bytes)
{
	struct stat st;
	struct pyprof_error *err = pyprof_buf_error(bytes);
	if (err)
		return err;
	bool exists = stat(path, &st) == 0;
	/* Of a symbolic link, what it points to is replaced. */
	_cleanup_free_ char *resolved = exists ? realpath(path, NULL) : NULL;
	int error;
	if (exists && S_ISDIR(st.st_mode))
		error = EISDIR;
	else if (exists && !S_ISREG(st.st_mode))
		error = write_into(path, bytes);
	else
		error = replace(resolved ? resolved : path, exists ? &st : NULL,
				bytes);
	return error ? cannot_write(path, error) : NULL;
}
