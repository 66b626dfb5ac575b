// SPDX-License-Identifier: Apache-2.0
#include "tests/support/small_core.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char *small_core(void)
{
	static char path[64];
	static int fd = -1;
	char command[4096], piece[4096];
	size_t size;
	if (fd >= 0)
		return path;
	const char *source = getenv("PYPROF_SRCDIR");
	snprintf(command, sizeof(command),
		 "gzip -dc '%s/tests/fuzz/corpus/heap/314.gz'",
		 source ? source : ".");
	fd = memfd_create("core", MFD_CLOEXEC);
	FILE *unpacked = popen(command, "r");
	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_nonnull(unpacked);
	while ((size = fread(piece, 1, sizeof(piece), unpacked)) > 0)
		ck_assert_int_eq(write(fd, piece, size), size);
	ck_assert_int_eq(pclose(unpacked), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}
