// SPDX-License-Identifier: Apache-2.0
//
// Letting the process run for a time.
#include "lldb-plugin/state.h"

struct pyprof_error *pyprof_lldb_run_for(struct pyprof_lldb *plugin, int64_t ns)
{
	(void)plugin;
	(void)ns;
	return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
				   "--for is not supported yet");
}
