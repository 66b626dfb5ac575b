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

#include "core/base/new_file.h"
#include "core/report/report.h"

static struct pyprof_error *cannot_write(const char *path, int os_errno)
{
	char text[128];
	struct pyprof_error *err = pyprof_error_create(
		PYPROF_ERROR_OS, "cannot write %s: %s", path,
		strerror_r(os_errno, text, sizeof(text)));
	if (err->code == PYPROF_ERROR_OS)
		err->os_errno = os_errno;
	return err;
}

/* A pipe without a reader is an error here, not the end of the debugger. */
static int write_without_sigpipe(int fd, const struct pyprof_buf *bytes)
{
	sigset_t pipe_only, before, pending;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	int error = pyprof_write_all(fd, bytes->data, bytes->length);
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

/* Returns an errno; what was at `path` is untouched unless it is 0. */
static int replace(const char *path, const struct pyprof_buf *bytes)
{
	struct pyprof_new_file file;
	int error = pyprof_new_file_begin(&file, path, 0666);
	if (!error)
		error = pyprof_write_all(file.fd, bytes->data, bytes->length);
	if (!error)
		error = pyprof_new_file_commit(&file);
	pyprof_new_file_deinit(&file);
	return error;
}

struct pyprof_error *pyprof_report_save(const char *path,
					const struct pyprof_buf *bytes)
{
	struct stat st;
	struct pyprof_error *err = pyprof_buf_error(bytes);
	if (err)
		return err;
	bool is_special = stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
			  !S_ISDIR(st.st_mode);
	int error = is_special ? write_into(path, bytes) : replace(path, bytes);
	return error ? cannot_write(path, error) : NULL;
}
