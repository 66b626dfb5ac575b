// SPDX-License-Identifier: Apache-2.0
#include "core/command/output.h"

#include <stdlib.h>

#include "core/report/report.h"

void pyprof_output_expand(const char *path, struct pyprof_buf *out)
{
	const char *home = getenv("HOME");
	bool in_home = home && path[0] == '~' && path[1] == '/';
	pyprof_buf_printf(out, "%s%s", in_home ? home : "", path + in_home);
}

struct pyprof_error *pyprof_output_save(const char *path,
					const struct pyprof_buf *bytes,
					struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf expanded = PYPROF_BUF_INIT;
	pyprof_output_expand(path, &expanded);
	struct pyprof_error *err = pyprof_buf_error(&expanded);
	if (!err)
		err = pyprof_buf_error(bytes);
	if (!err)
		err = pyprof_report_save(expanded.data, bytes);
	if (err)
		return err;
	pyprof_buf_printf(out, "# wrote %s (%zu bytes)\n", expanded.data,
			  bytes->length);
	return NULL;
}
