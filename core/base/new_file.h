// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Files that are written beside and take their name when they are whole.
 */
#ifndef PYPROF_BASE_NEW_FILE_H
#define PYPROF_BASE_NEW_FILE_H

/** A file to be; zeroed but for `fd` = -1 it is none. */
struct pyprof_new_file {
	int fd;
	/** What it is to be called, and is called yet. */
	char *path, *beside;
};

#define PYPROF_NEW_FILE_INIT ((struct pyprof_new_file){.fd = -1})

/**
 * Begin to write what is to be at `path`, where nothing changes until it is
 * committed. Of a symbolic link, what it points to is replaced; a file that is
 * replaced keeps who may read it, a new one has `mode` as the umask lets it.
 *
 * @return 0 or an errno; EISDIR or EINVAL when no regular file is there.
 */
int pyprof_new_file_begin(struct pyprof_new_file *file, const char *path,
			  unsigned mode);

/** Give it its name. @return 0 or an errno: then `path` is as it was. */
int pyprof_new_file_commit(struct pyprof_new_file *file);

/** Release it; what was not committed is removed. */
void pyprof_new_file_deinit(struct pyprof_new_file *file);

/** Write all bytes. @return 0 or an errno. */
int pyprof_write_all(int fd, const void *bytes, unsigned long size);

#endif /* PYPROF_BASE_NEW_FILE_H */
