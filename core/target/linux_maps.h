// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * /proc/PID/maps and the files named in it.
 */
#ifndef PYPROF_TARGET_LINUX_MAPS_H
#define PYPROF_TARGET_LINUX_MAPS_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/target/target.h"

/** One line: what everyone sees of it, and which file it is. */
struct pyprof_linux_map {
	struct pyprof_mapping mapping;
	uint64_t inode;
	/** The file has no name any more. */
	bool deleted;
};

struct pyprof_linux_maps {
	/** The text of the file; paths point into it. */
	struct pyprof_buf text;
	PYPROF_VEC(struct pyprof_linux_map) lines;
};

#define PYPROF_LINUX_MAPS_INIT \
	((struct pyprof_linux_maps){.text = PYPROF_BUF_INIT})

void pyprof_linux_maps_deinit(struct pyprof_linux_maps *maps);

/**
 * Read them all, again or for the first time.
 *
 * @return 0 or an errno: ENOENT or ESRCH when the process has ended, EINVAL
 * when a line cannot be understood.
 */
int pyprof_linux_maps_read(struct pyprof_linux_maps *maps, int32_t pid);

/**
 * Open a mapped file, or another one as process `pid` would, also when it was
 * deleted meanwhile.
 *
 * @return 0 or an errno.
 */
int pyprof_linux_maps_open(const struct pyprof_linux_maps *maps, int32_t pid,
			   const char *path, int *fd_ret);

#endif /* PYPROF_TARGET_LINUX_MAPS_H */
