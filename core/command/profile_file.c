// SPDX-License-Identifier: Apache-2.0
#include "core/command/profile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/gzip.h"
#include "core/command/output.h"
#include "core/profile/profile_file.h"
#include "core/report/header.h"

static struct pyprof_error *cannot_read(const char *path, int error)
{
	return pyprof_error_os(error, "cannot read %s", path);
}

/* Open what may be a profile: nothing that reading waits for. */
static struct pyprof_error *open_file(const char *path, int *fd_ret,
				      size_t *size_ret)
{
	struct stat st;
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return cannot_read(path, errno);
	if (S_ISDIR(st.st_mode))
		return cannot_read(path, EISDIR);
	if (!S_ISREG(st.st_mode))
		return pyprof_error_create(PYPROF_ERROR_USAGE,
					   "cannot read %s: it is not a "
					   "regular file",
					   path);
	if ((uint64_t)st.st_size > PYPROF_PROFILE_FILE_MAX)
		return cannot_read(path, EFBIG);
	*size_ret = (size_t)st.st_size;
	*fd_ret = fd;
	fd = -1;
	return NULL;
}

static struct pyprof_error *read_file(const char *path, struct pyprof_buf *ret)
{
	_cleanup_close_ int fd = -1;
	size_t size = 0;
	struct pyprof_error *err = open_file(path, &fd, &size);
	if (err)
		return err;
	char *room = pyprof_buf_reserve(ret, size);
	if (!room)
		return pyprof_error_oom();
	while (ret->length < size) {
		ssize_t n = read(fd, room + ret->length, size - ret->length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot_read(path, errno);
		/* Somebody made it shorter meanwhile. */
		if (n == 0)
			break;
		ret->length += (size_t)n;
	}
	return NULL;
}

struct pyprof_error *pyprof_profile_read(const char *path,
					 struct pyprof_profile **ret)
{
	_cleanup_buf_ struct pyprof_buf expanded = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf bytes = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf unpacked = PYPROF_BUF_INIT;
	const struct pyprof_buf *profile = &bytes;
	pyprof_output_expand(path, &expanded);
	struct pyprof_error *err = pyprof_buf_error(&expanded);
	if (!err)
		err = read_file(expanded.data, &bytes);
	if (!err && pyprof_is_gzip(&bytes)) {
		err = pyprof_gunzip(&bytes, PYPROF_PROFILE_FILE_MAX, &unpacked);
		profile = &unpacked;
	}
	if (err)
		return err;
	return pyprof_profile_load(profile->data, profile->length,
				   expanded.data, ret);
}

void pyprof_profile_describe(const struct pyprof_profile *profile,
			     const char *name, struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(profile);
	pyprof_buf_printf(&text, "%s: ", name);
	pyprof_report_put_run(profile, &text);
	pyprof_report_prose(out, 0, text.data);
	if (!meta->lost)
		return;
	pyprof_buf_clear(&text);
	pyprof_report_put_lost(profile, &text);
	pyprof_report_prose(out, 0, text.data);
}

void pyprof_profile_put_away(struct pyprof_session *session,
			     struct pyprof_buf *out)
{
	if (!session->loaded)
		return;
	pyprof_buf_printf(out,
			  "# %s is put away; the profile is what was sampled "
			  "here\n",
			  session->loaded_name);
	/* Going back cannot fail. */
	pyprof_error_destroy(pyprof_session_look_at(session, NULL, NULL));
}
