// SPDX-License-Identifier: Apache-2.0
//
// The profile as pyprof loads it again; core/profile/profile_file.h.
#include "core/profile/profile_file.h"
#include "core/report/formats.h"

static struct pyprof_error *
write_saved(const struct pyprof_profile *profile,
	    const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	(void)options;
	return pyprof_profile_save(profile, out);
}

const struct pyprof_report_format pyprof_report_saved = {
	.name = "pyprof",
	.extension = PYPROF_PROFILE_EXTENSION,
	.summary = "everything, for pyprof load",
	.write = write_saved,
};
