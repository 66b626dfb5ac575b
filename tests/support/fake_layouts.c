// SPDX-License-Identifier: Apache-2.0
//
// The layouts that fake interpreters are built in: all that pyprof has tables
// for.
#include "core/cpython/layouts/layouts.h"
#include "tests/support/expect.h"
#include "tests/support/fake_python.h"

#define FIRST_MINOR 8

int fake_layout_count(void)
{
	int count = 0;
	const struct pyprof_known_version *version;
	for (int minor = FIRST_MINOR; (version = pyprof_known_version(minor));
	     minor++)
		count += (int)version->builds->count;
	return count;
}

struct pyprof_layout fake_layout(int index)
{
	const struct pyprof_known_version *version;
	int minor = FIRST_MINOR;
	while ((version = pyprof_known_version(minor)) &&
	       index >= (int)version->builds->count) {
		index -= (int)version->builds->count;
		minor++;
	}
	expect(version != NULL);
	const struct pyprof_known_build *known = &version->builds->items[index];
	struct pyprof_build build = {
		.version = (uint32_t)(0x03000000 | minor << 16 |
				      known->micro_first << 8 | 0xf0),
		.is_debug = known->is_debug,
		.is_free_threaded = known->is_free_threaded,
	};
	struct pyprof_layout layout;
	expect_ok(pyprof_layout_from_table(&build, &layout));
	return layout;
}
