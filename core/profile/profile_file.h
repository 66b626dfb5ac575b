// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * pyprof's own file of a profile, which holds all that is in it: from bytes to
 * a profile and back. Reading and writing files is others' business.
 *
 * What is read is not trusted: sections have checksums, every number is
 * checked, and what is large is bounded. A file that was cut off or damaged
 * yields what comes before that; how many samples are missing is said in
 * the meta of the profile, `lost`.
 *
 * To add a fact: write it behind all others in put_meta() (profile_file_save.c)
 * and read it in take_meta() (profile_file_load.c) if there is more to read; a
 * kind of section: a tag (profile_file_format.h), which older versions skip.
 * Only what older versions would misread needs another version.
 */
#ifndef PYPROF_PROFILE_PROFILE_FILE_H
#define PYPROF_PROFILE_PROFILE_FILE_H

#include "core/base/buf.h"
#include "core/profile/profile.h"

/** What the names of such files end in. */
#define PYPROF_PROFILE_EXTENSION ".pyprof"

/** Larger files are refused. */
#define PYPROF_PROFILE_FILE_MAX ((size_t)1 << 30)

/** Append a profile as the bytes of a file. */
struct pyprof_error *pyprof_profile_save(const struct pyprof_profile *profile,
					 struct pyprof_buf *out)
	PYPROF_MUST_CHECK;

/**
 * Make a profile of the bytes of a file.
 *
 * CORRUPT when it is none or nothing of it is whole; UNSUPPORTED when a newer
 * pyprof has written it, or it is compressed and this one cannot read that.
 *
 * @param name Of the file, for messages.
 */
struct pyprof_error *pyprof_profile_load(const void *bytes, size_t size,
					 const char *name,
					 struct pyprof_profile **ret)
	PYPROF_MUST_CHECK;

#endif /* PYPROF_PROFILE_PROFILE_FILE_H */
