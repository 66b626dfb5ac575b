// SPDX-License-Identifier: Apache-2.0
#include "tests/support/read_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test_error.h"

static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	_cleanup_buf_ struct pyprof_buf all = PYPROF_BUF_INIT;
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), pipe)) > 0;)
		pyprof_buf_append(&all, chunk, n);
	ck_assert_msg(pclose(pipe) == 0, "%s failed", command);
	ck_ok(pyprof_buf_error(&all));
	return strdup(all.data);
}

char *test_read_report(const struct pyprof_profile *profile,
		       const struct pyprof_report_options *options,
		       const char *format, const char *kind)
{
	const struct pyprof_report_format *found;
	ck_ok(pyprof_report_format_find(format, NULL, &found));
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	ck_ok(found->write(profile, options, &out));
	char path[] = "/tmp/pyprof-test-XXXXXX.html";
	int suffix = (int)strlen(found->extension);
	snprintf(path + strlen(path) - 5, 6, "%s", found->extension);
	int fd = mkstemps(path, suffix);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, out.data, out.length), (ssize_t)out.length);
	close(fd);
	const char *srcdir = getenv("PYPROF_SRCDIR");
	char command[1000];
	snprintf(command, sizeof(command),
		 "python3 -I '%s/tests/support/read_page.py' %s %s",
		 srcdir ? srcdir : ".", path, kind);
	char *printed = output_of(command);
	unlink(path);
	return printed;
}
