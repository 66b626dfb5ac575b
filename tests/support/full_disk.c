// SPDX-License-Identifier: Apache-2.0
#include "tests/support/full_disk.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static char folder[64];

const char *full_disk_mount(void)
{
	strcpy(folder, "/tmp/pyprof-full-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	/* Nobody else is to see it. */
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("pyprof", folder, "tmpfs", 0, "size=512k")) {
		printf("# no full disk is tried: %s\n", strerror(errno));
		rmdir(folder);
		return NULL;
	}
	return folder;
}

void full_disk_fill(void)
{
	char path[100];
	static const char zeroes[4096];
	snprintf(path, sizeof(path), "%s/.filler", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

unsigned full_disk_names(void)
{
	unsigned count = 0;
	DIR *stream = opendir(folder);
	ck_assert_ptr_nonnull(stream);
	for (struct dirent *entry; (entry = readdir(stream));)
		count += strcmp(entry->d_name, ".") &&
			 strcmp(entry->d_name, "..") &&
			 strcmp(entry->d_name, ".filler");
	closedir(stream);
	return count;
}

void full_disk_unmount(void)
{
	ck_assert_int_eq(umount(folder), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
