// SPDX-License-Identifier: Apache-2.0
#include "lldb-plugin/needed.h"

#include <dlfcn.h>

const char *pyprof_lldb_missing(void)
{
	const char *const *name = pyprof_lldb_needed;
	while (*name && dlsym(RTLD_DEFAULT, *name))
		name++;
	return *name;
}

void pyprof_lldb_share(const void *function)
{
	Dl_info info;
	if (dladdr(function, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL);
}
