// SPDX-License-Identifier: Apache-2.0
//
// Print the manual page; `make manual` writes it to docs/pyprof.1.
#include <stdio.h>

#include "core/base/buf.h"
#include "core/command/manual.h"

int main(void)
{
	_cleanup_buf_ struct pyprof_buf page = PYPROF_BUF_INIT;
	pyprof_manual_write(&page);
	return page.failed || fputs(page.data, stdout) < 0 || fflush(stdout);
}
